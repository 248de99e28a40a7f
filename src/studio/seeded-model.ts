/** @file A UNet of some configuration with weights by rule, in memory: checks that need a model, and not a checkpoint. */
import type { JsonObject } from "../artifacts/json-object.ts";
import type { ModelFolder, ModelTensor } from "../artifacts/model-folder.ts";
import { seededTensor } from "../artifacts/seeded.ts";
import { graphOf, inputName } from "../graph/ir.ts";
import { required } from "../lib/errors.ts";
import { readUNetConfig } from "../models/config.ts";
import { compose } from "../models/segment.ts";
import { unet } from "../models/unet.ts";

/** SD-1.5's classes with a thousandth of its widths: cross-attention and plain blocks, odd latents, several heads. */
export const nanoUNet: JsonObject = {
  _class_name: "UNet2DConditionModel",
  sample_size: 6,
  block_out_channels: [4, 8],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 2,
  cross_attention_dim: 12,
  norm_num_groups: 2,
};

export function seededFolder(config: JsonObject): ModelFolder {
  const { inputs, segments, output } = unet(readUNetConfig(config), { batch: 1, height: 8, width: 8, tokens: 1 });
  const out = required(compose({ inputs, segments, output })[output], output);
  const weights = graphOf({ out }).inputs.filter(({ source }) => source.kind === "input" && source.role === "weight");
  const tensors = weights.map((tensor): [string, ModelTensor] => {
    const [name, { shape }] = [inputName(tensor), tensor];
    return [name, { dtype: "float32", shape, read: async () => seededTensor(name, shape) }];
  });
  return { configs: { unet: config }, tensors: { unet: new Map(tensors) }, tokenizer: null };
}
