/** @file Small words over the operators, as models and gradient rules speak them. */
import type { Shape } from "../lib/tensor.ts";
import { sameShape } from "../lib/tensor.ts";
import type { Tensor } from "./ir.ts";
import { constant, emit, scalar } from "./ir.ts";

type Operand = Tensor | number;
const lift = (x: Operand): Tensor => (typeof x === "number" ? scalar(x) : x);

export const add = (a: Operand, b: Operand): Tensor => emit("Add", [lift(a), lift(b)], {});
export const sub = (a: Operand, b: Operand): Tensor => emit("Sub", [lift(a), lift(b)], {});
export const mul = (a: Operand, b: Operand): Tensor => emit("Mul", [lift(a), lift(b)], {});
export const div = (a: Operand, b: Operand): Tensor => emit("Div", [lift(a), lift(b)], {});
export const neg = (x: Tensor): Tensor => emit("Neg", [x], {});
export const exp = (x: Tensor): Tensor => emit("Exp", [x], {});
export const sigmoid = (x: Tensor): Tensor => emit("Sigmoid", [x], {});
export const matMul = (a: Tensor, b: Tensor): Tensor => emit("MatMul", [a, b], {});

export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : emit("Reshape", [x], { shape });
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return emit("Transpose", [x], { perm });
}

export function sum(x: Tensor, axes: readonly number[], keepdims = false): Tensor {
  return emit("ReduceSum", [x], { axes, keepdims });
}

export function mean(x: Tensor, axes: readonly number[], keepdims = false): Tensor {
  return emit("ReduceMean", [x], { axes, keepdims });
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : emit("Concat", parts, { axis });
}

export function slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
  return emit("Slice", [x], { starts: [start], ends: [end], axes: [axis], steps: [step] });
}

/** transA, transB: whether A and B enter transposed. */
export function gemm(
  a: Tensor,
  b: Tensor,
  c: Tensor | null,
  options: { transA?: boolean; transB?: boolean; alpha?: number } = {},
): Tensor {
  const { transA = false, transB = false, alpha = 1 } = options;
  return emit("Gemm", c ? [a, b, c] : [a, b], { transA, transB, alpha });
}

export function zeros(shape: Shape): Tensor {
  return constant(0, { dtype: "float32", shape });
}

export function ones(shape: Shape): Tensor {
  return constant(1, { dtype: "float32", shape });
}

/** Undoes broadcasting: sums `x` to `shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dim, i) => (i < lead || (shape[i - lead] === 1 && dim !== 1) ? [i] : []));
  return reshape(axes.length > 0 ? sum(x, axes, true) : x, shape);
}
