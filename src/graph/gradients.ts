/**
 * @file The gradient table: one rule an operator, one entry per input (null: none). `d` are the cotangents of the outputs.
 * Broadcasting is undone once, in the walk (autodiff.ts). Rules end in operators that have WebGPU kernels.
 */
import { sizeOf } from "../lib/tensor.ts";
import { convInputGradient, convTransposeInputGradient, convWeightGradient } from "./conv-gradients.ts";
import {
  add,
  concat,
  div,
  exp,
  gemm,
  matMul,
  mean,
  mul,
  neg,
  reshape,
  sigmoid,
  slice,
  sub,
  sum,
  transpose,
} from "./functions.ts";
import type { Node, Tensor } from "./ir.ts";
import { constant, emit, emitAll, scalar } from "./ir.ts";
import type { OpName } from "./ops.ts";

type Cotangents = readonly (Tensor | null)[];
/** `x`: inputs, `y`: outputs, `d`: the first cotangent, `ds`: all of them. */
export type GradientRule<O extends OpName> = (
  x: readonly Tensor[],
  d: Tensor,
  node: Node<O>,
  ds: Cotangents,
) => readonly (Tensor | null)[];

const X = (x: readonly Tensor[], i: number): Tensor => x[i] as Tensor;
const swapLast = (t: Tensor): Tensor => {
  const axes = t.shape.map((_, i) => i);
  return transpose(t, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

export const gradients: { readonly [O in OpName]: GradientRule<O> } = {
  Add: (_x, d) => [d, d],
  Sub: (_x, d) => [d, neg(d)],
  Mul: (x, d) => [mul(d, X(x, 1)), mul(d, X(x, 0))],
  Div: (x, d, { outputs }) => [div(d, X(x, 1)), neg(div(mul(d, X(outputs, 0)), X(x, 1)))],
  Neg: (_x, d) => [neg(d)],
  Abs: (x, d) => [emit("Where", [emit("Less", [X(x, 0), scalar(0)], {}), neg(d), d], {})],
  Exp: (_x, d, { outputs }) => [mul(d, X(outputs, 0))],
  Log: (x, d) => [div(d, X(x, 0))],
  Sqrt: (_x, d, { outputs }) => [div(mul(d, 0.5), X(outputs, 0))],
  Reciprocal: (_x, d, { outputs }) => [neg(mul(d, mul(X(outputs, 0), X(outputs, 0))))],
  // s' = s (1 - s)
  Sigmoid: (_x, d, { outputs }) => [mul(d, mul(X(outputs, 0), sub(1, X(outputs, 0))))],
  // erf'(x) = 2 / sqrt(pi) exp(-x^2)
  Erf: (x, d) => [mul(d, mul(exp(neg(mul(X(x, 0), X(x, 0)))), 2 / Math.sqrt(Math.PI)))],
  // gelu = x Phi(x); gelu' = Phi(x) + x phi(x)
  Gelu: (x, d) => {
    const u = X(x, 0);
    const cdf = add(mul(emit("Erf", [mul(u, Math.SQRT1_2)], {}), 0.5), 0.5);
    const pdf = mul(exp(mul(mul(u, u), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(d, add(cdf, mul(u, pdf)))];
  },
  // y = x s(ax); y' = s + a y (1 - s)
  QuickGelu: (x, d, { attrs: { alpha } }) => {
    const u = X(x, 0);
    const s = sigmoid(alpha === 1 ? u : mul(u, alpha));
    const inner = mul(mul(u, s), sub(1, s));
    return [mul(d, add(s, alpha === 1 ? inner : mul(inner, alpha)))];
  },
  Less: () => [null, null],
  Where: (x, d) => {
    const zero = scalar(0);
    return [null, emit("Where", [X(x, 0), d, zero], {}), emit("Where", [X(x, 0), zero, d], {})];
  },
  Cast: (x, d) => [X(x, 0).dtype === "float32" ? d : emit("Cast", [d], { to: X(x, 0).dtype })],
  MatMul: (x, d) => [matMul(d, swapLast(X(x, 1))), matMul(swapLast(X(x, 0)), d)],
  // Y = alpha A' B' + C with A' = A or A^T: dA' = alpha dY B'^T, dB' = alpha A'^T dY
  Gemm: (x, d, { attrs: { transA, transB, alpha } }) => {
    const [a, b] = [X(x, 0), X(x, 1)];
    const dA = transA
      ? gemm(b, d, null, { transA: transB, transB: true, alpha })
      : gemm(d, b, null, { transB: !transB, alpha });
    const dB = transB
      ? gemm(d, a, null, { transA: true, transB: transA, alpha })
      : gemm(a, d, null, { transA: !transA, alpha });
    return x.length === 3 ? [dA, dB, d] : [dA, dB];
  },
  Conv: (x, d, { attrs }) => {
    const dX = convInputGradient(d, X(x, 1), X(x, 0).shape, attrs);
    const dW = convWeightGradient(X(x, 0), d, X(x, 1).shape, attrs);
    return x.length === 3 ? [dX, dW, sum(d, [0, 2, 3])] : [dX, dW];
  },
  ConvTranspose: (x, d, { attrs }) => [
    convTransposeInputGradient(d, X(x, 1), attrs),
    convWeightGradient(d, X(x, 0), X(x, 1).shape, attrs),
  ],
  // dx = y (dy - sum(dy y))
  Softmax: (_x, d, { outputs }) => {
    const y = X(outputs, 0);
    const dy = mul(d, y);
    return [sub(dy, mul(y, sum(dy, [y.shape.length - 1], true)))];
  },
  // x^ = (x - mean) inv; dx = inv (g - mean(g) - x^ mean(g x^)) with g = dy scale
  LayerNormalization: (x, d, { outputs }) => {
    const [y, average, inverse] = [X(outputs, 0), X(outputs, 1), X(outputs, 2)];
    const scale = X(x, 1);
    const last = y.shape.length - 1;
    const plain = scale.source.kind === "constant" && scale.source.values === 1;
    const normed = plain && x.length === 2 ? y : mul(sub(X(x, 0), average), inverse);
    const g = plain ? d : mul(d, scale);
    const centred = sub(g, mean(g, [last], true));
    const dX = mul(inverse, sub(centred, mul(normed, mean(mul(g, normed), [last], true))));
    const rows = y.shape.slice(0, -1).map((_, i) => i);
    const dScale = sum(mul(d, normed), rows);
    return x.length === 3 ? [dX, dScale, sum(d, rows)] : [dX, dScale];
  },
  ReduceSum: (x, d, { attrs }) => [spread(d, X(x, 0), attrs.axes)],
  ReduceMean: (x, d, { attrs, outputs }) => {
    const count = sizeOf(X(x, 0).shape) / sizeOf(X(outputs, 0).shape);
    return [mul(spread(d, X(x, 0), attrs.axes), 1 / count)];
  },
  Reshape: (x, d) => [reshape(d, X(x, 0).shape)],
  Transpose: (_x, d, { attrs: { perm } }) => [
    transpose(
      d,
      perm.map((_, i) => perm.indexOf(i)),
    ),
  ],
  Expand: (_x, d) => [d],
  Concat: (x, d, { attrs: { axis } }) => {
    let start = 0;
    return x.map((part) => {
      const length = part.shape[axis] as number;
      start += length;
      return slice(d, axis, start - length, start);
    });
  },
  // zeros between, before and after: the transpose of picking
  Slice: (x, d, { attrs: { axes, starts, steps } }) => [
    axes.reduceRight(
      (g, axis, i) => unslice(g, axis, starts[i] as number, steps[i] as number, X(x, 0).shape[axis] as number),
      d,
    ),
  ],
  Pad: (x, d, { attrs: { pads } }) => {
    const { shape } = X(x, 0);
    const axes = shape.map((_, i) => i).filter((i) => pads[i] !== 0 || pads[i + shape.length] !== 0);
    if (axes.length === 0) return [d];
    const starts = axes.map((i) => pads[i] as number);
    const ends = axes.map((i, k) => (starts[k] as number) + (shape[i] as number));
    return [emit("Slice", [d], { axes, starts, ends, steps: axes.map(() => 1) })];
  },
  // nearest: every source pixel is copied scale^2 times
  Resize: (x, d, { attrs: { scale } }) => {
    const [n, c, h, w] = X(x, 0).shape as [number, number, number, number];
    return [reshape(sum(reshape(d, [n * c, h, scale, w, scale]), [2, 4]), [n, c, h, w])];
  },
  Attention: (x, d, { attrs, outputs }) => [...emitAll("AttentionGrad", [...x, X(outputs, 0), d], attrs)],
  AttentionGrad: () => {
    throw new Error("internal: AttentionGrad is only met after differentiation");
  },
};

function spread(d: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  return emit("Expand", [reshape(d, kept)], { shape: x.shape });
}

function unslice(d: Tensor, axis: number, start: number, step: number, length: number): Tensor {
  const count = d.shape[axis] as number;
  if (step < 0) {
    const last = start + (count - 1) * step;
    const reversed = emit("Slice", [d], { axes: [axis], starts: [count - 1], ends: [-1], steps: [-1] });
    return unslice(reversed, axis, last, -step, length);
  }
  const size = (n: number): readonly number[] => d.shape.map((dim, i) => (i === axis ? n : dim));
  const block = (n: number): Tensor => constant(0, { dtype: "float32", shape: size(n) });
  let body = d;
  if (step > 1) {
    const wide = [...d.shape.slice(0, axis), count, 1, ...d.shape.slice(axis + 1)];
    const gap = wide.map((dim, i) => (i === axis + 1 ? step - 1 : dim));
    const spaced = concat([reshape(d, wide), constant(0, { dtype: "float32", shape: gap })], axis + 1);
    body = slice(reshape(spaced, size(count * step)), axis, 0, (count - 1) * step + 1);
  }
  const after = length - start - (body.shape[axis] as number);
  return concat([...(start > 0 ? [block(start)] : []), body, ...(after > 0 ? [block(after)] : [])], axis);
}
