/**
 * @file UNet2DConditionModel of SD 1.x (Rombach et al., 2022) as segments on the residual stream.
 * Parameter names and arithmetic: diffusers `models/unets/unet_2d_condition.py`, `unet_2d_blocks.py`, `resnet.py`, `attention.py`.
 */
import { add, reshape } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import type { UNetConfig } from "./config.ts";
import type { Dims4, Scope } from "./layers.ts";
import {
  attention,
  channels,
  conv1x1,
  conv3x3,
  downsample,
  geglu,
  groupNorm,
  layerNorm,
  linear,
  silu,
  skip,
  toPixels,
  toTokens,
  upsample,
} from "./layers.ts";
import type { Network, Segment } from "./segment.ts";

interface Norm {
  readonly groups: number;
  readonly eps: number;
}

/** x [N, C, H, W], temb [N, E] -> [N, out, H, W] */
export function resnetBlock(p: Scope, x: Tensor, temb: Tensor | null, out: number, { groups, eps }: Norm): Tensor {
  let h = conv3x3(p.at("conv1"), silu(groupNorm(p.at("norm1"), x, groups, eps)), out);
  if (temb) h = add(h, reshape(linear(p.at("time_emb_proj"), silu(temb), out), [temb.shape[0] as number, out, 1, 1]));
  h = conv3x3(p.at("conv2"), silu(groupNorm(p.at("norm2"), h, groups, eps)), out);
  return add(h, channels(x) === out ? x : conv1x1(p.at("conv_shortcut"), x, out));
}

/** h [N, T, C], context [N, S, D] */
function crossAttention(p: Scope, h: Tensor, context: Tensor, heads: number): Tensor {
  const c = h.shape[2] as number;
  const [q, k, v] = [
    linear(p.at("to_q"), h, c, { bias: false }),
    linear(p.at("to_k"), context, c, { bias: false }),
    linear(p.at("to_v"), context, c, { bias: false }),
  ];
  return linear(p.at("to_out.0"), attention(q, k, v, heads), c);
}

function basicTransformerBlock(p: Scope, x: Tensor, context: Tensor, heads: number): Tensor {
  const c = x.shape[2] as number;
  const n1 = layerNorm(p.at("norm1"), x, 1e-5);
  let h = add(x, crossAttention(p.at("attn1"), n1, n1, heads));
  h = add(h, crossAttention(p.at("attn2"), layerNorm(p.at("norm2"), h, 1e-5), context, heads));
  return add(h, linear(p.at("ff.net.2"), geglu(p.at("ff.net.0"), layerNorm(p.at("norm3"), h, 1e-5), 4 * c), c));
}

interface TransformerOptions {
  readonly heads: number;
  readonly layers: number;
  readonly groups: number;
  readonly linearProjection: boolean;
}

/** x [N, C, H, W], context [N, S, D] -> [N, C, H, W] */
export function transformer2d(
  p: Scope,
  x: Tensor,
  context: Tensor,
  { heads, layers, groups, linearProjection }: TransformerOptions,
): Tensor {
  const c = channels(x);
  const normed = groupNorm(p.at("norm"), x, groups, 1e-6);
  let h = linearProjection
    ? linear(p.at("proj_in"), toTokens(normed), c)
    : toTokens(conv1x1(p.at("proj_in"), normed, c));
  for (let i = 0; i < layers; i++) h = basicTransformerBlock(p.at(`transformer_blocks.${i}`), h, context, heads);
  const projected = linearProjection
    ? toPixels(linear(p.at("proj_out"), h, c), x.shape as Dims4)
    : conv1x1(p.at("proj_out"), toPixels(h, x.shape as Dims4), c);
  return add(projected, x);
}

export interface UNetShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** text tokens, 77 */
  readonly tokens: number;
}

/** Inputs `sample` [N, 4, h, w], `timestep_proj` [N, c0] (sinusoids, made by the host), `encoder_hidden_states`; output `eps`. */
export function unet(config: UNetConfig, { batch, height, width, tokens }: UNetShape): Network {
  const segments: Segment[] = [];
  const widths = config.block_out_channels;
  const levels = widths.length;
  const norm: Norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const at = <T>(list: readonly T[], i: number): T => list[i] as T;
  const embed = 4 * at(widths, 0);
  let h = "";
  let count = 0;
  const push = (
    stage: string,
    name: string,
    reads: readonly string[],
    build: Segment["build"],
    writes = `h${count++}`,
  ): string => {
    segments.push({ name, prefix: name, stage, reads, writes, build });
    return writes;
  };
  const transformer = (stage: string, index: number, level: number): void => {
    const options = {
      heads: at(config.heads, level),
      layers: at(config.transformer_layers_per_block, level),
      groups: norm.groups,
      linearProjection: config.use_linear_projection,
    };
    h = push(stage, `${stage}.attentions.${index}`, [h, "encoder_hidden_states"], (p, v) =>
      transformer2d(p, at(v, 0), at(v, 1), options),
    );
  };
  const resnet = (stage: string, index: number, out: number, residual?: string): void => {
    const reads = residual ? [h, "temb", residual] : [h, "temb"];
    h = push(stage, `${stage}.resnets.${index}`, reads, (p, v) =>
      resnetBlock(p, v[2] ? skip(at(v, 0), v[2]) : at(v, 0), at(v, 1), out, norm),
    );
  };

  push(
    "time_embedding",
    "time_embedding",
    ["timestep_proj"],
    (p, v) => linear(p.at("linear_2"), silu(linear(p.at("linear_1"), at(v, 0), embed)), embed),
    "temb",
  );
  h = push("conv_in", "conv_in", ["sample"], (p, v) => conv3x3(p, at(v, 0), at(widths, 0)));
  const residuals = [h];
  const sizes: (readonly [number, number])[] = [];
  let size: readonly [number, number] = [height, width];
  for (let level = 0; level < levels; level++) {
    const stage = `down_blocks.${level}`;
    for (let i = 0; i < at(config.layers_per_block, level); i++) {
      resnet(stage, i, at(widths, level));
      if (at(config.down_block_types, level) === "CrossAttnDownBlock2D") transformer(stage, i, level);
      residuals.push(h);
    }
    sizes.push(size);
    if (level < levels - 1) {
      h = push(stage, `${stage}.downsamplers.0`, [h], (p, v) => downsample(p, at(v, 0), [1, 1, 1, 1]));
      residuals.push(h);
      size = [Math.ceil(size[0] / 2), Math.ceil(size[1] / 2)];
    }
  }
  resnet("mid_block", 0, at(widths, levels - 1));
  transformer("mid_block", 0, levels - 1);
  resnet("mid_block", 1, at(widths, levels - 1));
  for (let up = 0; up < levels; up++) {
    const level = levels - 1 - up;
    const stage = `up_blocks.${up}`;
    for (let i = 0; i <= at(config.layers_per_block, level); i++) {
      resnet(stage, i, at(widths, level), residuals.pop() as string);
      if (at(config.up_block_types, up) === "CrossAttnUpBlock2D") transformer(stage, i, level);
    }
    if (level > 0) {
      const [rows, columns] = at(sizes, level - 1);
      h = push(stage, `${stage}.upsamplers.0`, [h], (p, v) => upsample(p, at(v, 0), rows, columns));
    }
  }
  segments.push({
    name: "conv_out",
    prefix: "",
    stage: "conv_out",
    reads: [h],
    writes: "eps",
    build: (p, v) =>
      conv3x3(
        p.at("conv_out"),
        silu(groupNorm(p.at("conv_norm_out"), at(v, 0), norm.groups, norm.eps)),
        config.out_channels,
      ),
  });
  const float32 = "float32" as const;
  return {
    inputs: {
      sample: { dtype: float32, shape: [batch, config.in_channels, height, width] },
      timestep_proj: { dtype: float32, shape: [batch, at(widths, 0)] },
      encoder_hidden_states: { dtype: float32, shape: [batch, tokens, config.cross_attention_dim] },
    },
    segments,
    output: "eps",
  };
}
