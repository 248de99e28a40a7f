/**
 * @file Reads the `config.json` files that diffusers and transformers write and keeps what an SD 1.x model needs.
 * Anything that would change the numbers and is not built is refused by name.
 */
import { StudioError } from "../lib/errors.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface UNetConfig {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly sample_size: number;
  readonly block_out_channels: readonly number[];
  readonly down_block_types: readonly ("CrossAttnDownBlock2D" | "DownBlock2D")[];
  readonly up_block_types: readonly ("CrossAttnUpBlock2D" | "UpBlock2D")[];
  readonly layers_per_block: readonly number[];
  /** number of heads at each level: diffusers' `attention_head_dim` means that in SD 1.x */
  readonly heads: readonly number[];
  readonly transformer_layers_per_block: readonly number[];
  readonly cross_attention_dim: number;
  readonly norm_num_groups: number;
  readonly norm_eps: number;
  readonly use_linear_projection: boolean;
  readonly flip_sin_to_cos: boolean;
  readonly freq_shift: number;
}

export interface VaeConfig {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly latent_channels: number;
  readonly block_out_channels: readonly number[];
  readonly layers_per_block: number;
  readonly norm_num_groups: number;
  readonly scaling_factor: number;
  readonly sample_size: number;
}

export interface TextConfig {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly vocab_size: number;
  readonly layer_norm_eps: number;
  readonly hidden_act: "quick_gelu" | "gelu";
}

/** Reads one object's keys; what is not as expected is told with its key. */
export class Reader {
  readonly #json: Json;
  readonly #what: string;

  constructor(json: Json, what: string) {
    this.#json = json;
    this.#what = what;
  }

  fail(key: string, expected: string): never {
    throw new StudioError(
      "config",
      `${this.#what}: \`${key}\` is ${JSON.stringify(this.#json[key])}, expected ${expected}.`,
    );
  }

  get(key: string, fallback?: unknown): unknown {
    return this.#json[key] ?? fallback;
  }

  count(key: string, fallback?: number): number {
    const value = this.get(key, fallback);
    return Number.isInteger(value) && (value as number) > 0
      ? (value as number)
      : this.fail(key, "a whole number above 0");
  }

  number(key: string, fallback?: number): number {
    const value = this.get(key, fallback);
    return typeof value === "number" && Number.isFinite(value) ? value : this.fail(key, "a number");
  }

  counts(key: string, length?: number, fallback?: unknown): readonly number[] {
    const value = this.get(key, fallback);
    const list = Array.isArray(value)
      ? value
      : typeof value === "number" && length
        ? new Array<unknown>(length).fill(value)
        : [];
    const good =
      list.length > 0 && (!length || list.length === length) && list.every((v) => Number.isInteger(v) && v > 0);
    return good
      ? (list as number[])
      : this.fail(key, length ? `${length} whole numbers above 0` : "whole numbers above 0");
  }

  names<T extends string>(key: string, allowed: readonly T[], length: number, fallback?: readonly T[]): readonly T[] {
    const value = this.get(key, fallback);
    const good = Array.isArray(value) && value.length === length && value.every((v) => allowed.includes(v as T));
    return good ? (value as T[]) : this.fail(key, `${length} of ${allowed.join(", ")}`);
  }

  name<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
    const value = this.get(key, fallback);
    return allowed.includes(value as T) ? (value as T) : this.fail(key, allowed.join(" or "));
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.get(key, fallback);
    return typeof value === "boolean" ? value : this.fail(key, "true or false");
  }

  /** The key is absent, null, or one of the values that change nothing. */
  only(key: string, ...values: readonly unknown[]): void {
    const value = this.get(key, null);
    if (value !== null && !values.some((v) => v === value))
      this.fail(key, values.length > 0 ? values.map((v) => JSON.stringify(v)).join(" or ") : "nothing");
  }
}

/** @throws StudioError `config` naming the key and what was expected. */
export function readUNetConfig(json: Json): UNetConfig {
  const r = new Reader(json, "UNet configuration");
  r.only("_class_name", "UNet2DConditionModel");
  r.only("mid_block_type", "UNetMidBlock2DCrossAttn");
  r.only("act_fn", "silu", "swish");
  r.only("center_input_sample", false);
  r.only("dual_cross_attention", false);
  r.only("only_cross_attention", false);
  r.only("resnet_time_scale_shift", "default");
  r.only("conv_in_kernel", 3);
  r.only("conv_out_kernel", 3);
  r.only("downsample_padding", 1);
  r.only("mid_block_scale_factor", 1);
  r.only("resnet_out_scale_factor", 1);
  r.only("resnet_skip_time_act", false);
  r.only("time_embedding_type", "positional");
  r.only("attention_type", "default");
  r.only("class_embeddings_concat", false);
  for (const key of [
    "addition_embed_type",
    "class_embed_type",
    "num_class_embeds",
    "encoder_hid_dim",
    "encoder_hid_dim_type",
    "time_cond_proj_dim",
    "time_embedding_dim",
    "time_embedding_act_fn",
    "timestep_post_act",
    "cross_attention_norm",
    "mid_block_only_cross_attention",
    "reverse_transformer_layers_per_block",
  ])
    r.only(key);
  const block_out_channels = r.counts("block_out_channels");
  const levels = block_out_channels.length;
  const groups = r.count("norm_num_groups", 32);
  const heads = r.counts(json["num_attention_heads"] == null ? "attention_head_dim" : "num_attention_heads", levels, 8);
  const transformers = r.counts("transformer_layers_per_block", levels, 1);
  block_out_channels.forEach((c, i) => {
    if (c % groups !== 0) r.fail("block_out_channels", `multiples of norm_num_groups (${groups})`);
    if (c % (heads[i] as number) !== 0) r.fail("attention_head_dim", `divisors of the level's ${c} channels`);
  });
  const down = r.names("down_block_types", ["CrossAttnDownBlock2D", "DownBlock2D"], levels);
  const up = r.names("up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"], levels);
  return {
    in_channels: r.count("in_channels", 4),
    out_channels: r.count("out_channels", 4),
    sample_size: r.count("sample_size", 64),
    block_out_channels,
    down_block_types: down,
    up_block_types: up,
    layers_per_block: r.counts("layers_per_block", levels, 2),
    heads,
    transformer_layers_per_block: transformers,
    cross_attention_dim: r.count("cross_attention_dim", 1280),
    norm_num_groups: groups,
    norm_eps: r.number("norm_eps", 1e-5),
    use_linear_projection: r.flag("use_linear_projection", false),
    flip_sin_to_cos: r.flag("flip_sin_to_cos", true),
    freq_shift: r.number("freq_shift", 0),
  };
}

/** @throws StudioError `config` naming the key and what was expected. */
export function readVaeConfig(json: Json): VaeConfig {
  const r = new Reader(json, "VAE configuration");
  r.only("_class_name", "AutoencoderKL");
  r.only("act_fn", "silu");
  r.only("use_quant_conv", true);
  r.only("use_post_quant_conv", true);
  r.only("mid_block_add_attention", true);
  r.only("shift_factor");
  r.only("latents_mean");
  r.only("latents_std");
  const block_out_channels = r.counts("block_out_channels");
  const levels = block_out_channels.length;
  const groups = r.count("norm_num_groups", 32);
  if (block_out_channels.some((c) => c % groups !== 0))
    r.fail("block_out_channels", `multiples of norm_num_groups (${groups})`);
  r.names("down_block_types", ["DownEncoderBlock2D"], levels);
  r.names("up_block_types", ["UpDecoderBlock2D"], levels);
  return {
    in_channels: r.count("in_channels", 3),
    out_channels: r.count("out_channels", 3),
    latent_channels: r.count("latent_channels", 4),
    block_out_channels,
    layers_per_block: r.count("layers_per_block", 1),
    norm_num_groups: groups,
    scaling_factor: r.number("scaling_factor", 0.18215),
    sample_size: r.count("sample_size", 32),
  };
}

/** @throws StudioError `config` naming the key and what was expected. */
export function readTextConfig(json: Json): TextConfig {
  const nested = json["text_config"];
  const r = new Reader(
    typeof nested === "object" && nested !== null ? (nested as Json) : json,
    "Text encoder configuration",
  );
  return {
    hidden_size: r.count("hidden_size", 512),
    intermediate_size: r.count("intermediate_size", 2048),
    num_hidden_layers: r.count("num_hidden_layers", 12),
    num_attention_heads: r.count("num_attention_heads", 8),
    max_position_embeddings: r.count("max_position_embeddings", 77),
    vocab_size: r.count("vocab_size", 49408),
    layer_norm_eps: r.number("layer_norm_eps", 1e-5),
    hidden_act: r.name("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
  };
}
