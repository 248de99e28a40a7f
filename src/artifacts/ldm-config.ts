/**
 * @file The configurations that a checkpoint in one file does not carry, from its tensors' shapes. What no shape tells is SD-1.5's:
 * 8 heads a level in the UNet, heads of 64 in CLIP, groups of 32, quick_gelu, pictures of 512 pixels, latents scaled by 0.18215.
 * Names are LDM's without the component's prefix.
 */
import { StudioError } from "../lib/errors.ts";
import type { Shapes } from "./expected-tensors.ts";
import type { JsonObject } from "./json-object.ts";
import type { Component } from "./model-folder.ts";

/** @throws StudioError `model` naming the tensor that a size is read from, where it is missing. */
export const configOf: { readonly [C in Component]: (shapes: Shapes) => JsonObject } = {
  unet: unetConfig,
  vae: vaeConfig,
  text_encoder: textConfig,
};

/** SD-1.5's, which a single file does not carry either. */
export const schedulerConfig: JsonObject = {
  _class_name: "PNDMScheduler",
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  prediction_type: "epsilon",
};

function unetConfig(shapes: Shapes): JsonObject {
  const at = reader("UNet", shapes);
  const [, in_channels] = at("input_blocks.0.0.weight", 4);
  const [out_channels] = at("out.2.weight", 4);
  const levels = unetLevels(shapes);
  const depth = (block: string): number => count(shapes, new RegExp(`^${block}\\.1\\.transformer_blocks\\.(\\d+)\\.`));
  const downDepths = levels.map(({ input }) => depth(`input_blocks\\.${input}`));
  const upDepths = levels.map(({ output }) => depth(`output_blocks\\.${output}`)).reverse();
  // the middle's transformers are as many as the last level's, also where that one has none
  const depths = [...downDepths.slice(0, -1), depth("middle_block")].map((own) => Math.max(own, 1));
  const attended = [...shapes].find(([name]) => name.endsWith(".attn2.to_k.weight"));
  return {
    _class_name: "UNet2DConditionModel",
    in_channels,
    out_channels,
    sample_size: 64,
    block_out_channels: levels.map(({ input }) => at(`input_blocks.${input}.0.out_layers.3.weight`, 4)[0]),
    layers_per_block: levels.map(({ layers }) => layers),
    transformer_layers_per_block: depths,
    down_block_types: downDepths.map((own) => (own > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    up_block_types: upDepths.map((own) => (own > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D")),
    cross_attention_dim: attended ? attended[1][1] : 768,
    attention_head_dim: 8,
    norm_num_groups: 32,
    norm_eps: 1e-5,
    use_linear_projection: shapes.get("middle_block.1.proj_in.weight")?.length === 2,
  };
}

/** Of each level its resnets on the way down, and its first block on both ways. A downsampler ends a level. */
function unetLevels(shapes: Shapes): readonly { layers: number; input: number; output: number }[] {
  const blocks = count(shapes, /^input_blocks\.(\d+)\./);
  const ends = [...indices(shapes, /^input_blocks\.(\d+)\.0\.op\.weight$/), blocks];
  const levels: { layers: number; input: number; output: number }[] = [];
  let input = 1;
  for (const end of ends) {
    if (end > blocks || end <= input)
      throw new StudioError("model", `The UNet's input_blocks break off before block ${Math.min(end, blocks)}.`);
    levels.push({ layers: end - input, input, output: 0 });
    input = end + 1;
  }
  let output = 0;
  for (const level of [...levels].reverse()) {
    level.output = output;
    output += level.layers + 1;
  }
  return levels;
}

function vaeConfig(shapes: Shapes): JsonObject {
  const at = reader("autoencoder (VAE)", shapes);
  const levels = Array.from({ length: count(shapes, /^encoder\.down\.(\d+)\./) }, (_, level) => level);
  const [, in_channels] = at("encoder.conv_in.weight", 4);
  const [out_channels] = at("decoder.conv_out.weight", 4);
  const [latent_channels] = at("post_quant_conv.weight", 4);
  return {
    _class_name: "AutoencoderKL",
    in_channels,
    out_channels,
    latent_channels,
    block_out_channels: levels.map((level) => at(`encoder.down.${level}.block.0.conv2.weight`, 4)[0]),
    layers_per_block: count(shapes, /^encoder\.down\.0\.block\.(\d+)\./),
    down_block_types: levels.map(() => "DownEncoderBlock2D"),
    up_block_types: levels.map(() => "UpDecoderBlock2D"),
    norm_num_groups: 32,
    scaling_factor: 0.18215,
    sample_size: 512,
  };
}

function textConfig(shapes: Shapes): JsonObject {
  const at = reader("text encoder", shapes);
  const [vocab_size, hidden_size] = at("text_model.embeddings.token_embedding.weight", 2);
  const [max_position_embeddings] = at("text_model.embeddings.position_embedding.weight", 2);
  const [intermediate_size] = at("text_model.encoder.layers.0.mlp.fc1.weight", 2);
  return {
    model_type: "clip_text_model",
    vocab_size,
    hidden_size,
    max_position_embeddings,
    intermediate_size,
    num_hidden_layers: count(shapes, /^text_model\.encoder\.layers\.(\d+)\./),
    num_attention_heads: Math.max(1, Math.floor((hidden_size as number) / 64)),
    hidden_act: "quick_gelu",
    layer_norm_eps: 1e-5,
  };
}

function reader(words: string, shapes: Shapes): (name: string, rank: number) => readonly number[] {
  return (name, rank) => {
    const shape = shapes.get(name);
    if (!shape)
      throw new StudioError("model", `The ${words} has no "${name}", and its size was to be read from that tensor.`);
    if (shape.length !== rank)
      throw new StudioError("model", `"${name}" has ${shape.length} dimensions, and ${rank} were expected.`);
    return shape;
  };
}

/** The different numbers that a pattern finds in the names, ascending. */
function indices(shapes: Shapes, pattern: RegExp): readonly number[] {
  const found = [...shapes.keys()].flatMap((name) => pattern.exec(name)?.[1] ?? []);
  return [...new Set(found)].map(Number).sort((a, b) => a - b);
}

/** How many there are: no more than tensors, whatever number a hostile name carries. */
function count(shapes: Shapes, pattern: RegExp): number {
  return indices(shapes, pattern).length;
}
