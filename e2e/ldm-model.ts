/** @file A model in miniature by its diffusers configurations and weights by rule, and the same model as a checkpoint in one file. */
import { expectedTensors } from "../src/artifacts/expected-tensors.ts";
import type { JsonObject } from "../src/artifacts/json-object.ts";
import { schedulerConfig } from "../src/artifacts/ldm-config.ts";
import { ldmPrefix, ldmShape, textNames, unetNames, vaeNames } from "../src/artifacts/ldm-names.ts";
import type { Component } from "../src/artifacts/model-folder.ts";
import { type FileTensor, writeSafetensors } from "../src/artifacts/safetensors.ts";
import { seededTensor } from "../src/artifacts/seeded.ts";
import { readUNetConfig } from "../src/models/config.ts";

/** As small as LDM's groups of 32 and CLIP's one head for each 64 allow. */
export const ldmConfigs = (vocab_size: number) =>
  ({
    unet: {
      block_out_channels: [32, 32],
      down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
      layers_per_block: 1,
      attention_head_dim: 8,
      cross_attention_dim: 32,
    },
    vae: {
      block_out_channels: [32, 32],
      down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
      up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
      layers_per_block: 1,
      sample_size: 512,
    },
    text_encoder: { hidden_size: 32, intermediate_size: 96, num_hidden_layers: 1, num_attention_heads: 1, vocab_size },
  }) satisfies { readonly [C in Component]: JsonObject };

export type Configs = ReturnType<typeof ldmConfigs>;

const names = ({ unet, vae }: Configs) => ({
  unet: unetNames(readUNetConfig(unet)),
  vae: vaeNames({ levels: vae.block_out_channels.length, layers_per_block: vae.layers_per_block }),
  text_encoder: textNames,
});

export const seeded = (name: string, shape: readonly number[]): FileTensor => ({
  dtype: "F32",
  shape,
  data: seededTensor(name, shape),
});

const components = ["unet", "vae", "text_encoder"] as const;

/** By LDM's names, with the values of diffusers' names. */
export function ldmCheckpoint(configs: Configs): Map<string, FileTensor> {
  const tensors = new Map<string, FileTensor>();
  for (const component of components) {
    for (const [name, shape] of expectedTensors(component, configs[component])) {
      const ldm = names(configs)[component].toLdm(name) as string;
      tensors.set(ldmPrefix[component] + ldm, { ...seeded(name, shape), shape: ldmShape(ldm, shape) });
    }
  }
  return tensors;
}

/** The same in diffusers' layout, without a tokenizer. */
export function diffusersFiles(configs: Configs): ReadonlyMap<string, Uint8Array> {
  const json = (value: JsonObject): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const files = new Map([["scheduler/scheduler_config.json", json(schedulerConfig)]]);
  for (const component of components) {
    const expected = expectedTensors(component, configs[component]);
    const tensors = new Map([...expected].map(([name, shape]) => [name, seeded(name, shape)]));
    const file = component === "text_encoder" ? "model" : "diffusion_pytorch_model";
    files.set(`${component}/config.json`, json(configs[component]));
    files.set(`${component}/${file}.safetensors`, writeSafetensors(tensors));
  }
  return files;
}
