/** @file The layers that all three networks share: functions of (parameter scope, tensors). Shapes: N batch, C channels, T tokens. */
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import { add, concat, div, gemm, matMul, mul, ones, reshape, slice, sum, transpose } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { emit, input } from "../graph/ir.ts";

/** Where a module's parameters live; each is one leaf however often it is asked for. */
export class Scope {
  readonly prefix: string;
  readonly #leaves: Map<string, Tensor>;

  constructor(prefix = "", leaves = new Map<string, Tensor>()) {
    this.prefix = prefix;
    this.#leaves = leaves;
  }

  at(name: string): Scope {
    return new Scope(this.prefix ? `${this.prefix}.${name}` : name, this.#leaves);
  }

  parameter(name: string, shape: Shape): Tensor {
    const full = this.prefix ? `${this.prefix}.${name}` : name;
    const leaf = this.#leaves.get(full) ?? input(full, { dtype: "float32", shape }, "weight");
    this.#leaves.set(full, leaf);
    return leaf;
  }
}

export type Dims3 = readonly [number, number, number];
export type Dims4 = readonly [number, number, number, number];

export const channels = (x: Tensor): number => x.shape[1] as number;

export function silu(x: Tensor): Tensor {
  return emit("QuickGelu", [x], { alpha: 1 });
}

/** W [out, in], b [out]; x [.., in] -> [.., out] */
export function linear(p: Scope, x: Tensor, out: number, { bias = true } = {}): Tensor {
  const features = x.shape.at(-1) as number;
  const w = p.parameter("weight", [out, features]);
  const rows = reshape(x, [sizeOf(x.shape) / features, features]);
  return reshape(gemm(rows, w, bias ? p.parameter("bias", [out]) : null, { transB: true }), [
    ...x.shape.slice(0, -1),
    out,
  ]);
}

function conv(
  p: Scope,
  x: Tensor,
  out: number,
  kernel: number,
  strides: readonly [number, number],
  pads: Dims4,
): Tensor {
  return emit("Conv", [x, p.parameter("weight", [out, channels(x), kernel, kernel]), p.parameter("bias", [out])], {
    strides,
    pads,
  });
}

export function conv3x3(p: Scope, x: Tensor, out: number): Tensor {
  return conv(p, x, out, 3, [1, 1], [1, 1, 1, 1]);
}

export function conv1x1(p: Scope, x: Tensor, out: number): Tensor {
  return conv(p, x, out, 1, [1, 1], [0, 0, 0, 0]);
}

/** Halves H and W. `pads` (top, left, bottom, right) differ between UNet and VAE. */
export function downsample(p: Scope, x: Tensor, pads: Dims4): Tensor {
  return conv(p.at("conv"), x, channels(x), 3, [2, 2], pads);
}

/** Nearest to [height, width], which is twice the size or one less, then a convolution. */
export function upsample(p: Scope, x: Tensor, height: number, width: number): Tensor {
  const twice = emit("Resize", [x], { scale: 2 });
  return conv3x3(p.at("conv"), slice(slice(twice, 2, 0, height), 3, 0, width), channels(x));
}

/** x [N, C, H, W]; statistics over each of `groups` groups of channels and all pixels. */
export function groupNorm(p: Scope, x: Tensor, groups: number, epsilon: number): Tensor {
  const [n, c, h, w] = x.shape as Dims4;
  const length = (c / groups) * h * w;
  const normed = emit("LayerNormalization", [reshape(x, [n, groups, length]), ones([length])], { epsilon });
  const scaled = mul(reshape(normed, x.shape), reshape(p.parameter("weight", [c]), [1, c, 1, 1]));
  return add(scaled, reshape(p.parameter("bias", [c]), [1, c, 1, 1]));
}

export function layerNorm(p: Scope, x: Tensor, epsilon: number): Tensor {
  const c = x.shape.at(-1) as number;
  return emit("LayerNormalization", [x, p.parameter("weight", [c]), p.parameter("bias", [c])], { epsilon });
}

/** [N, C, H, W] -> [N, HW, C] */
export function toTokens(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as Dims4;
  return transpose(reshape(x, [n, c, h * w]), [0, 2, 1]);
}

/** [N, HW, C] -> [N, C, H, W] */
export function toPixels(x: Tensor, [, , h, w]: Dims4): Tensor {
  const [n, , c] = x.shape as Dims3;
  return reshape(transpose(x, [0, 2, 1]), [n, c, h, w]);
}

/** q [N,T,C], k and v [N,S,C], C = heads x d; scaled by 1 / sqrt(d). */
export function attention(q: Tensor, k: Tensor, v: Tensor, heads: number): Tensor {
  return emit("Attention", [q, k, v], { heads, scale: 1 / Math.sqrt((q.shape[2] as number) / heads) });
}

/** softmax(q k^T / sqrt(d) + mask) v. q [N,T,C], k and v [N,S,C]; mask broadcasts to [N, heads, T, S]. */
export function maskedAttention(q: Tensor, k: Tensor, v: Tensor, heads: number, mask: Tensor): Tensor {
  const d = (q.shape[2] as number) / heads;
  const split = (x: Tensor, perm: readonly number[]): Tensor => {
    const [n, t] = x.shape as Dims3;
    return transpose(reshape(x, [n, t, heads, d]), perm);
  };
  const scores = matMul(mul(split(q, [0, 2, 1, 3]), 1 / Math.sqrt(d)), split(k, [0, 2, 3, 1]));
  const p = emit("Softmax", [add(scores, mask)], {});
  return reshape(transpose(matMul(p, split(v, [0, 2, 1, 3])), [0, 2, 1, 3]), q.shape);
}

/** A vision transformer's first step: x [N, C, H, W] in patches of size x size -> [N, HW / size^2, width]. */
export function patches(p: Scope, x: Tensor, width: number, size: number, { bias = true } = {}): Tensor {
  const weight = p.parameter("weight", [width, channels(x), size, size]);
  const inputs = bias ? [x, weight, p.parameter("bias", [width])] : [x, weight];
  return toTokens(emit("Conv", inputs, { strides: [size, size], pads: [0, 0, 0, 0] }));
}

/** Rows of length 1. [N, C] */
export function l2Normalize(x: Tensor): Tensor {
  return div(x, emit("Sqrt", [sum(mul(x, x), [1], true)], {}));
}

/** Shazeer (2020): value times gelu of gate. [.., C] -> [.., inner] */
export function geglu(p: Scope, x: Tensor, inner: number): Tensor {
  const projected = linear(p.at("proj"), x, 2 * inner);
  const axis = x.shape.length - 1;
  return mul(slice(projected, axis, 0, inner), emit("Gelu", [slice(projected, axis, inner, 2 * inner)], {}));
}

export function skip(x: Tensor, residual: Tensor): Tensor {
  return concat([x, residual], 1);
}
