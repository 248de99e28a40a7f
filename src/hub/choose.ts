/**
 * @file Which files of a model at the hub are taken: what the studio reads, each component's weights once, in the smallest variant.
 * Pickles never are.
 */
import { isJsonObject, parseJsonObject } from "../artifacts/json-object.ts";
import { explainFolder, singleFile } from "../artifacts/model-kind.ts";
import type { Component } from "../artifacts/model-folder.ts";
import { modelRoot } from "../artifacts/model-root.ts";
import { isOnnxExport } from "../artifacts/onnx-folder.ts";
import { weightsPath } from "../artifacts/weights-files.ts";
import { StudioError } from "../lib/errors.ts";
import type { HubAddress } from "./address.ts";
import type { HubFile, Listing } from "./listing.ts";

/** Half the bytes first: fp16 is kept as it is, bf16 is widened when it is read. */
const VARIANTS = ["fp16", "bf16", "", "fp32"];
const COMPONENTS: readonly Component[] = ["unet", "vae", "text_encoder"];
const SHARED = ["model_index.json", "scheduler/scheduler_config.json"];
const ONNX_PARTS = ["unet", "text_encoder", "vae_encoder", "vae_decoder"];

export interface Chosen {
  /** what the paths of the files begin with, up to the model: "" or a path that ends with "/" */
  readonly root: string;
  readonly files: readonly HubFile[];
  /** its weights lie in ONNX files */
  readonly onnx: boolean;
}

/**
 * `read`: a small file's text, for the index of weights in several files.
 * @throws StudioError `model` or `hub-missing` in words for what is no model of ours, or several, or a pickle.
 */
export async function chooseFiles(
  { repo, files }: Listing,
  { path }: HubAddress,
  read: (file: HubFile) => Promise<string>,
): Promise<Chosen> {
  const one = files.find((file) => file.path === path);
  if (one) return single(one);
  const inside = files.filter((file) => path === "" || file.path.startsWith(`${path}/`));
  if (inside.length === 0)
    throw new StudioError("hub-missing", `${repo} has no ${path === "" ? "files" : path}.`, "Look at the path.");
  const root = modelRoot(inside.map((file) => file.path));
  const below = new Map(
    inside.flatMap((file) => (file.path.startsWith(root) ? [[file.path.slice(root.length), file] as const] : [])),
  );
  const names = new Set(below.keys());
  explainFolder(names);
  const only = singleFile(names);
  if (only !== null) return single(below.get(only) as HubFile);
  const onnx = isOnnxExport(names);
  const wanted = [...SHARED, ...tokenizer(names)];
  if (onnx) wanted.push(...onnxFiles(names));
  else for (const component of COMPONENTS) wanted.push(...(await weights(below, component, read)));
  return { root, onnx, files: [...new Set(wanted)].flatMap((name) => below.get(name) ?? []) };
}

function single(file: HubFile): Chosen {
  if (!file.path.endsWith(".safetensors"))
    throw new StudioError(
      "model",
      `${file.path} is no .safetensors file${/\.(ckpt|pt|pth|bin)$/.test(file.path) ? ", but a pickle, which can run code when it is read" : ""}.`,
      "Nothing of it was downloaded. Most models are published as .safetensors too: take those files.",
    );
  return { root: file.path.replace(/[^/]+$/, ""), files: [file], onnx: false };
}

function tokenizer(names: ReadonlySet<string>): readonly string[] {
  const both = ["tokenizer/vocab.json", "tokenizer/merges.txt"];
  return both.every((name) => names.has(name)) ? both : ["tokenizer/tokenizer.json"];
}

async function weights(
  files: ReadonlyMap<string, HubFile>,
  component: Component,
  read: (file: HubFile) => Promise<string>,
): Promise<readonly string[]> {
  const path = weightsPath(new Set(files.keys()), component, VARIANTS);
  const index = path.endsWith(".json") ? files.get(path) : undefined;
  if (index === undefined) return [`${component}/config.json`, path];
  const { weight_map } = parseJsonObject(await read(index), path);
  const shards = isJsonObject(weight_map) ? Object.values(weight_map) : [];
  return [`${component}/config.json`, path, ...shards.map((name) => `${component}/${String(name)}`)];
}

/** A graph, and beside it the data that it points to under whatever name the exporter gave it. */
function onnxFiles(names: ReadonlySet<string>): readonly string[] {
  const data = /\/(config\.json|model\.onnx|model\.onnx[._]data|weights\.pb|[^/]+\.(data|onnx_data))$/;
  return [...names].filter((name) => ONNX_PARTS.some((part) => name.startsWith(`${part}/`)) && data.test(name));
}
