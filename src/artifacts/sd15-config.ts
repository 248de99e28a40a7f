/** @file The configurations of Stable Diffusion 1.5, as diffusers has them: for exports that carry none, and for measuring. */
import type { JsonObject } from "./json-object.ts";
import type { Component } from "./model-folder.ts";

export const sd15Config: { readonly [C in Component]: JsonObject } = {
  unet: {
    _class_name: "UNet2DConditionModel",
    act_fn: "silu",
    attention_head_dim: 8,
    block_out_channels: [320, 640, 1280, 1280],
    cross_attention_dim: 768,
    down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    flip_sin_to_cos: true,
    freq_shift: 0,
    in_channels: 4,
    layers_per_block: 2,
    norm_eps: 1e-5,
    norm_num_groups: 32,
    out_channels: 4,
    sample_size: 64,
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  },
  vae: {
    _class_name: "AutoencoderKL",
    act_fn: "silu",
    block_out_channels: [128, 256, 512, 512],
    down_block_types: new Array<string>(4).fill("DownEncoderBlock2D"),
    in_channels: 3,
    latent_channels: 4,
    layers_per_block: 2,
    norm_num_groups: 32,
    out_channels: 3,
    sample_size: 512,
    scaling_factor: 0.18215,
    up_block_types: new Array<string>(4).fill("UpDecoderBlock2D"),
  },
  text_encoder: {
    model_type: "clip_text_model",
    vocab_size: 49408,
    hidden_size: 768,
    intermediate_size: 3072,
    max_position_embeddings: 77,
    num_attention_heads: 12,
    num_hidden_layers: 12,
    hidden_act: "quick_gelu",
    layer_norm_eps: 1e-5,
  },
};
