/**
 * @file Pocket's shape: the `config.json` files of its diffusers folder, one object for each.
 *
 * SD 1.5's classes and parameter names at small widths: latents of 4 x 16 x 16 for pictures of 64 pixels (the autoencoder
 * halves the side twice, not three times: at 8 x 8 four channels cannot tell red from green), cross-attention at 8 x 8,
 * 4 x 4 and in the middle, where it is cheap.
 */

export const modelIndex = {
  _class_name: "StableDiffusionPipeline",
  _diffusers_version: "0.35.0",
  feature_extractor: [null, null],
  image_encoder: [null, null],
  requires_safety_checker: false,
  safety_checker: [null, null],
  scheduler: ["diffusers", "DDIMScheduler"],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
} as const;

/** 49,408 rows as CLIP's tokenizer has them, though the grammar reaches few: see tokens.ts. */
export const textEncoder = {
  architectures: ["CLIPTextModel"],
  model_type: "clip_text_model",
  bos_token_id: 49406,
  eos_token_id: 49407,
  pad_token_id: 49407,
  hidden_act: "quick_gelu",
  hidden_size: 64,
  initializer_range: 0.02,
  intermediate_size: 256,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  num_attention_heads: 4,
  num_hidden_layers: 2,
  projection_dim: 64,
  torch_dtype: "float16",
  vocab_size: 49408,
} as const;

/** `attention_head_dim` is the number of heads: diffusers kept SD 1.5's misnomer. */
export const unet = {
  _class_name: "UNet2DConditionModel",
  act_fn: "silu",
  attention_head_dim: 4,
  block_out_channels: [32, 64, 128],
  center_input_sample: false,
  cross_attention_dim: 64,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 1,
  mid_block_scale_factor: 1,
  mid_block_type: "UNetMidBlock2DCrossAttn",
  norm_eps: 1e-5,
  norm_num_groups: 8,
  out_channels: 4,
  sample_size: 16,
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  use_linear_projection: false,
} as const;

/** `scaling_factor` is 1 because `quant_conv` and `post_quant_conv` hold each channel's own scale: latents have mean 0, deviation 1. */
export const vae = {
  _class_name: "AutoencoderKL",
  act_fn: "silu",
  block_out_channels: [16, 32, 32],
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 4,
  out_channels: 3,
  sample_size: 64,
  scaling_factor: 1,
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
} as const;

/** SD 1.5's noise schedule. */
export const scheduler = {
  _class_name: "DDIMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  prediction_type: "epsilon",
  set_alpha_to_one: false,
  steps_offset: 1,
  timestep_spacing: "leading",
  trained_betas: null,
} as const;

/** Guidance that suits pocket; at SD's 7.5 it loses 1.5 dB of truth and clips every eighth pixel. */
export const GUIDANCE = 3;

/** What the studio reads of the folder, as diffusers names it. */
export const modelFiles = [
  "unet/config.json",
  "unet/diffusion_pytorch_model.safetensors",
  "vae/config.json",
  "vae/diffusion_pytorch_model.safetensors",
  "text_encoder/config.json",
  "text_encoder/model.safetensors",
  "scheduler/scheduler_config.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
] as const;
