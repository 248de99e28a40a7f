/** @file What the bench measures: pocket and SD-1.5 as configurations, with weights by rule, so that no file is needed. */
import type { ModelFolder, ModelTensor } from "../artifacts/model-folder.ts";
import { sd15Config } from "../artifacts/sd15-config.ts";
import { seededTensor } from "../artifacts/seeded.ts";
import { scheduler, unet, vae } from "../pocket/config.ts";
import type { PlanSet } from "../plan/types.ts";

export const benchModels = ["pocket", "sd15"] as const;
export type BenchModel = (typeof benchModels)[number];

export type Work = "forward" | "errors" | "step" | "picture";

/** One network, compiled one way. Both sides of a comparison are made from this. */
export interface Setting {
  readonly model: BenchModel;
  readonly train: "full" | "lora";
  readonly rank: number;
  /** pairs of a step: the UNet runs two rows a pair */
  readonly pairs: number;
  readonly cut: "whole" | "stage" | "block";
  /** picture side in pixels */
  readonly side: number;
  readonly tokens: number;
  readonly guidance: number;
  /** DDIM steps of a picture */
  readonly steps: number;
  readonly works: readonly Work[];
  readonly configs: { readonly unet: object; readonly vae: object; readonly scheduler: object };
}

const sd15 = { unet: sd15Config.unet, vae: sd15Config.vae, scheduler };

const shared = { rank: 16, tokens: 77, steps: 50 } as const;

/**
 * Pocket is trained in full, so that its forward has no adapter. SD-1.5 is trained by LoRA, at 256 pixels; what backward
 * needs is computed again, here by the cut `block`, there by checkpointing. A picture of it takes minutes.
 */
export function settingsOf(model: BenchModel, pictures: boolean): readonly Setting[] {
  if (model === "pocket") {
    const base = { ...shared, model, pairs: 8, cut: "whole", side: 64, guidance: 3 } as const;
    const configs = { unet, vae, scheduler };
    return [
      { ...base, configs, train: "full", works: ["forward", "errors", "step", "picture"] },
      { ...base, configs, train: "lora", works: ["step"] },
    ];
  }
  const works: readonly Work[] = ["forward", "step", ...(pictures ? (["picture"] as const) : [])];
  const base = { ...shared, model, pairs: 1, cut: "block", side: 256, guidance: 7.5 } as const;
  return [{ ...base, configs: sd15, train: "lora", works }];
}

/** A model folder whose every tensor follows from its name. */
export function seededFolder(configs: object, { tensors }: PlanSet): ModelFolder {
  const all = new Map<string, ModelTensor>();
  for (const [name, { kind, shape }] of Object.entries(tensors))
    if (kind === "weight" || kind === "trainable")
      all.set(name, { dtype: "float32", shape, read: async () => seededTensor(name, shape) });
  return {
    configs: configs as ModelFolder["configs"],
    tensors: { unet: all, vae: all, text_encoder: all },
    tokenizer: null,
  };
}
