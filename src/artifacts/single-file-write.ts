/**
 * @file A model as one .safetensors file with LDM's names, which A1111 and ComfyUI load: UNet, VAE, text encoder, and the position
 * ids that SD-1.5's own file has. Such a file carries no configuration: where readers would take another one, none is written.
 */
import { assert, StudioError } from "../lib/errors.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import type { JsonObject } from "./json-object.ts";
import { configOf, schedulerConfig } from "./ldm-config.ts";
import { ldmNames, ldmPrefix, ldmShape } from "./ldm-names.ts";
import type { Component, ModelFolder, ModelTensors } from "./model-folder.ts";
import { modelSpec, type Titled } from "./model-spec.ts";
import { type PromisedTensor, type StreamedSafetensors, streamSafetensors } from "./safetensors.ts";
import { type SavedDType, savedWeights, type TrainedModel } from "./saved-weights.ts";
import { words } from "./single-file.ts";

const components = ["unet", "vae", "text_encoder"] as const;

/** @throws StudioError `export` with `singleFileFault`. */
export function singleFile(model: TrainedModel, dtype: SavedDType, titled: Titled): StreamedSafetensors {
  const fault = singleFileFault(model.folder);
  if (fault !== null) throw new StudioError("export", fault, "Export it as a diffusers folder instead.");
  const { configs } = model.folder;
  const tensors = new Map<string, PromisedTensor>();
  for (const component of components) {
    const inLdm = toLdm(component, configs[component] ?? {});
    for (const [name, tensor] of savedWeights(model, component, dtype)) {
      const ldm = inLdm(name);
      tensors.set(ldmPrefix[component] + ldm, { ...tensor, shape: ldmShape(ldm, tensor.shape) });
    }
  }
  const { max_position_embeddings } = readTextConfig(configs.text_encoder ?? {});
  tensors.set(`${ldmPrefix.text_encoder}text_model.embeddings.position_ids`, positionIds(max_position_embeddings));
  return streamSafetensors(tensors, { format: "pt", ...modelSpec(configs, "checkpoint", titled) });
}

function toLdm(component: Component, config: JsonObject): (name: string) => string {
  const names = ldmNames[component](config);
  return (name) => {
    const ldm = names.toLdm(name);
    assert(ldm !== null, `LDM has no name for ${component}'s "${name}"`);
    return ldm;
  };
}

function positionIds(length: number): PromisedTensor {
  const ids = BigInt64Array.from({ length }, (_, position) => BigInt(position));
  return { dtype: "I64", shape: [1, length], read: async () => ids };
}

const readers: { readonly [C in Component]: (config: JsonObject) => object } = {
  // the size of latents is a default of the program that draws
  unet: (config) => ({ ...readUNetConfig(config), sample_size: null }),
  vae: (config) => ({ ...readVaeConfig(config), sample_size: null }),
  text_encoder: readTextConfig,
};

/** What no single file can say of this model, as a sentence; null: a reader finds all of it in the tensors. */
export function singleFileFault({ configs, tensors }: ModelFolder): string | null {
  const lacking = components.filter((component) => !configs[component] || !tensors[component]);
  if (lacking.length > 0)
    return `A single file holds the whole model, and here is no ${lacking.map((component) => words[component]).join(" and no ")}.`;
  const unsaid = [
    ...components.flatMap((component) =>
      unsaidBy(component, configs[component] ?? {}, tensors[component] ?? new Map()),
    ),
    ...scheduleKeys
      .filter((key) => (configs.scheduler?.[key] ?? schedulerConfig[key]) !== schedulerConfig[key])
      .map((key) => `the scheduler's ${key}`),
  ];
  if (unsaid.length === 0) return null;
  return `A single file does not tell ${unsaid.join(", ")}, and this model's differ from what is taken for SD 1.x.`;
}

const scheduleKeys = ["beta_schedule", "beta_start", "beta_end", "num_train_timesteps"];

/** Fields whose values a reader of the tensors takes otherwise. */
function unsaidBy(component: Component, config: JsonObject, tensors: ModelTensors): string[] {
  const inLdm = toLdm(component, config);
  const shapes = new Map([...tensors].map(([name, { shape }]) => [inLdm(name), ldmShape(inLdm(name), shape)]));
  const own = new Map(Object.entries(readers[component](config)));
  try {
    const taken = Object.entries(readers[component](configOf[component](shapes)));
    return taken.flatMap(([key, value]) =>
      JSON.stringify(value) === JSON.stringify(own.get(key)) ? [] : [`the ${words[component]}'s ${key}`],
    );
  } catch (error) {
    // widths that are no multiples of what is taken for SD 1.x
    if (error instanceof StudioError && error.code === "config") return [`the ${words[component]}'s groups and heads`];
    throw error;
  }
}
