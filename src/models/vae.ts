/**
 * @file AutoencoderKL (Kingma & Welling; Esser et al.) of SD 1.x: encoder to moments, decoder from latents.
 * Parameter names and arithmetic: diffusers `models/autoencoders/autoencoder_kl.py`, `vae.py`.
 */
import { add } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import type { VaeConfig } from "./config.ts";
import type { Dims4, Scope } from "./layers.ts";
import {
  attention,
  channels,
  conv1x1,
  conv3x3,
  downsample,
  groupNorm,
  linear,
  silu,
  toPixels,
  toTokens,
  upsample,
} from "./layers.ts";
import type { Network, Segment } from "./segment.ts";
import { resnetBlock } from "./unet.ts";

const EPS = 1e-6;
const at = <T>(list: readonly T[], i: number): T => list[i] as T;

/** One head over all pixels, with biases. [N, C, H, W] */
function pixelAttention(p: Scope, x: Tensor, groups: number): Tensor {
  const c = channels(x);
  const tokens = toTokens(groupNorm(p.at("group_norm"), x, groups, EPS));
  const [q, k, v] = [linear(p.at("to_q"), tokens, c), linear(p.at("to_k"), tokens, c), linear(p.at("to_v"), tokens, c)];
  return add(x, toPixels(linear(p.at("to_out.0"), attention(q, k, v, 1), c), x.shape as Dims4));
}

/** The chain of segments that both halves are. */
class Chain {
  readonly segments: Segment[] = [];
  readonly #groups: number;
  #h: string;

  constructor(start: string, groups: number) {
    this.#h = start;
    this.#groups = groups;
  }

  push(
    name: string,
    build: (p: Scope, x: Tensor) => Tensor,
    { stage = name, prefix = name, writes = `v${this.segments.length}` } = {},
  ): void {
    this.segments.push({ name, prefix, stage, reads: [this.#h], writes, build: (p, v) => build(p, at(v, 0)) });
    this.#h = writes;
  }

  resnet(stage: string, i: number, out: number): void {
    this.push(`${stage}.resnets.${i}`, (p, x) => resnetBlock(p, x, null, out, { groups: this.#groups, eps: EPS }), {
      stage,
    });
  }

  middle(stage: string, width: number): void {
    this.resnet(stage, 0, width);
    this.push(`${stage}.attentions.0`, (p, x) => pixelAttention(p, x, this.#groups), { stage });
    this.resnet(stage, 1, width);
  }

  head(half: string, out: number): void {
    const build = (p: Scope, x: Tensor): Tensor =>
      conv3x3(p.at("conv_out"), silu(groupNorm(p.at("conv_norm_out"), x, this.#groups, EPS)), out);
    this.push(`${half}.conv_out`, build, { prefix: half });
  }
}

/** Input `pixels` [N, 3, H, W] in -1..1; output `moments` [N, 8, h, w]: mean and log variance. */
export function vaeEncoder(config: VaeConfig, batch: number, height: number, width: number): Network {
  const widths = config.block_out_channels;
  const chain = new Chain("pixels", config.norm_num_groups);
  chain.push("encoder.conv_in", (p, x) => conv3x3(p, x, at(widths, 0)));
  widths.forEach((out, level) => {
    const stage = `encoder.down_blocks.${level}`;
    for (let i = 0; i < config.layers_per_block; i++) chain.resnet(stage, i, out);
    if (level < widths.length - 1)
      chain.push(`${stage}.downsamplers.0`, (p, x) => downsample(p, x, [0, 0, 1, 1]), { stage });
  });
  chain.middle("encoder.mid_block", at(widths, widths.length - 1));
  chain.head("encoder", 2 * config.latent_channels);
  chain.push("quant_conv", (p, x) => conv1x1(p, x, 2 * config.latent_channels), { writes: "moments" });
  return {
    inputs: { pixels: { dtype: "float32", shape: [batch, config.in_channels, height, width] } },
    segments: chain.segments,
    output: "moments",
  };
}

/** Input `latents` [N, 4, h, w], unscaled; output `decoded` [N, 3, H, W]. */
export function vaeDecoder(config: VaeConfig, batch: number, height: number, width: number): Network {
  const widths = [...config.block_out_channels].reverse();
  const chain = new Chain("latents", config.norm_num_groups);
  chain.push("post_quant_conv", (p, x) => conv1x1(p, x, config.latent_channels));
  chain.push("decoder.conv_in", (p, x) => conv3x3(p, x, at(widths, 0)));
  chain.middle("decoder.mid_block", at(widths, 0));
  widths.forEach((out, level) => {
    const stage = `decoder.up_blocks.${level}`;
    for (let i = 0; i <= config.layers_per_block; i++) chain.resnet(stage, i, out);
    if (level < widths.length - 1)
      chain.push(`${stage}.upsamplers.0`, (p, x) => upsample(p, x, 2 * at(x.shape, 2), 2 * at(x.shape, 3)), { stage });
  });
  chain.head("decoder", config.out_channels);
  const last = chain.segments.at(-1) as Segment;
  chain.segments[chain.segments.length - 1] = { ...last, writes: "decoded" };
  return {
    inputs: { latents: { dtype: "float32", shape: [batch, config.latent_channels, height, width] } },
    segments: chain.segments,
    output: "decoded",
  };
}
