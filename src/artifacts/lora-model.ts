/** @file The modules of a model that a LoRA can adapt, by their own names and by those that kohya makes of them. */
import type { Shape } from "../lib/tensor.ts";
import { readUNetConfig } from "../models/config.ts";
import { unetNames } from "./ldm-names.ts";
import { flatName } from "./lora-names.ts";
import type { ModelFolder } from "./model-folder.ts";

export interface LoraTargets {
  /** module -> shape of its weight: linears [out, in], convolutions [out, in, kh, kw] */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** kohya's name, without the prefix -> the module; null where two would have the same */
  readonly flat: ReadonlyMap<string, string | null>;
}

/** A component that was not opened is null. */
export interface LoraModel {
  readonly unet: LoraTargets;
  readonly text_encoder: LoraTargets | null;
}

/** kohya names the UNet's modules as diffusers does, and in some files as checkpoints in one file do. */
export function loraModel({ configs, tensors }: Pick<ModelFolder, "configs" | "tensors">): LoraModel {
  const { toLdm } = unetNames(readUNetConfig(configs.unet ?? {}));
  const text = tensors.text_encoder;
  return {
    unet: loraTargets(tensors.unet ?? new Map(), (weight) => [weight, toLdm(weight)]),
    text_encoder: text ? loraTargets(text, (weight) => [weight, weight.replace(/^text_model\./, "")]) : null,
  };
}

/** `spellings`: the names that files may have for a weight. */
function loraTargets(
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
  spellings: (weight: string) => readonly (string | null)[],
): LoraTargets {
  const shapes = new Map<string, Shape>();
  const flat = new Map<string, string | null>();
  for (const [weight, { shape }] of tensors) {
    const module = withoutWeight(weight);
    if (module === null || (shape.length !== 2 && shape.length !== 4)) continue;
    shapes.set(module, shape);
    for (const name of new Set(spellings(weight))) {
      const key = flatName(withoutWeight(name ?? "") ?? "");
      if (key !== "") flat.set(key, flat.has(key) ? null : module);
    }
  }
  return { shapes, flat };
}

const withoutWeight = (name: string): string | null => /^(.+)\.weight$/.exec(name)?.[1] ?? null;
