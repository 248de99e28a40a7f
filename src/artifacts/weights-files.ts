/**
 * @file Which files of a diffusers folder hold a component's weights. `variant` stands in three places: before `.safetensors`, behind
 * `.index` (or, in old folders, before it), and before a shard's number (or behind it); an index says what its shards are called.
 * Matches: diffusers `utils/hub_utils.py` (`_add_variant`), `pipelines/pipeline_loading_utils.py` (`variant_compatible_siblings`).
 */
import { StudioError } from "../lib/errors.ts";
import type { Component } from "./model-folder.ts";

/** of weights, without variant and ending */
export const baseName: { readonly [C in Component]: string } = {
  unet: "diffusion_pytorch_model",
  vae: "diffusion_pytorch_model",
  text_encoder: "model",
};

/** Whole weights before halved ones, then whatever else the folder calls them. */
const variants = ["", "fp32", "fp16", "bf16"];

/**
 * The file, or the index of several; of the variants that there are the first of `order`.
 * @throws StudioError `model` where there is none, with what there is instead.
 */
export function weightsPath(
  files: ReadonlySet<string>,
  component: Component,
  order: readonly string[] = variants,
): string {
  const base = baseName[component];
  return bestCandidate(files, component, base, order) ?? explainMissing(files, component, base);
}

/** Of any folder of a pipeline: the file or the index, and what it is called without a variant. Null where there are no weights. */
export function partWeights(
  files: ReadonlySet<string>,
  part: string,
): { readonly path: string; readonly plain: string } | null {
  for (const base of new Set(Object.values(baseName))) {
    const path = bestCandidate(files, part, base);
    if (path === null) continue;
    return { path, plain: `${part}/${base}.safetensors${path.endsWith(".json") ? ".index.json" : ""}` };
  }
  return null;
}

function bestCandidate(
  files: ReadonlySet<string>,
  part: string,
  base: string,
  order: readonly string[] = variants,
): string | null {
  const [best] = [...files]
    .flatMap((file) => (file.startsWith(`${part}/`) ? (candidate(file, part, base, order) ?? []) : []))
    .sort((a, b) => a.rank - b.rank || (a.path < b.path ? -1 : 1));
  return best?.path ?? null;
}

interface Candidate {
  readonly path: string;
  /** one file before an index of several, within a variant */
  readonly rank: number;
}

function candidate(path: string, part: string, base: string, order: readonly string[]): Candidate | null {
  const name = path.slice(part.length + 1);
  if (!name.startsWith(`${base}.`)) return null;
  const forms = [
    /^(?:(\w+)\.)?safetensors$/,
    /^safetensors\.index(?:\.(\w+))?\.json$/,
    /^safetensors\.(\w+)\.index\.json$/,
    /^(\w+)\.safetensors\.index\.json$/,
  ];
  const found = forms.map((form) => form.exec(name.slice(base.length + 1)));
  const form = found.findIndex((match) => match !== null);
  if (form < 0) return null;
  const known = order.indexOf(found[form]?.[1] ?? "");
  return { path, rank: 2 * (known < 0 ? order.length : known) + (form > 0 ? 1 : 0) };
}

function explainMissing(files: ReadonlySet<string>, component: Component, base: string): never {
  const own = [...files].filter((file) => file.startsWith(`${component}/`));
  const expected = `${component}/${base}.safetensors`;
  const shard = own.find((file) => /-\d{5}-of-\d{5}/.test(file) && file.endsWith(".safetensors"));
  if (shard)
    return refuse(
      `${shard} is one of several parts, and the index that lists them was expected: ${expected}.index.json.`,
    );
  const pickle = own.find((file) => /\.(bin|pt|pth|ckpt)$/.test(file));
  if (pickle)
    return refuse(
      `${pickle} is a pickle, which can run code when it is read; ${expected} was expected.`,
      "Nothing of it was run. Most models are published as .safetensors too: take those files.",
    );
  const onnx = own.find((file) => file.endsWith(".onnx"));
  if (onnx) return refuse(`${onnx} is of an ONNX export, and ${expected} was expected.`);
  return refuse(`The model folder has no weights for ${component}: ${expected} was expected.`);
}

function refuse(message: string, hint?: string): never {
  throw new StudioError("model", message, hint);
}
