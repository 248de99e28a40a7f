/**
 * @file The operators: their attributes and type rules. Names and meaning are ONNX's (opset 20); QuickGelu and
 * MultiHeadAttention (as `Attention`) are com.microsoft's. Shape-like inputs of ONNX are attributes here.
 * The tables of gradients, lowerings and interpretation are exhaustive over `OpName`: an operator is added in all or in none.
 */
import type { DType, Shape, TensorType } from "../lib/tensor.ts";
import { sameShape, showType, sizeOf } from "../lib/tensor.ts";

type None = Record<string, never>;
export interface ConvAttrs {
  readonly strides: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
}
export interface AttentionAttrs {
  readonly heads: number;
  readonly scale: number;
}
export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

export interface Attrs {
  Add: None;
  Sub: None;
  Mul: None;
  Div: None;
  Neg: None;
  Abs: None;
  Exp: None;
  Log: None;
  Sqrt: None;
  Reciprocal: None;
  Sigmoid: None;
  Erf: None;
  Gelu: None;
  QuickGelu: { readonly alpha: number };
  Less: None;
  Where: None;
  Cast: { readonly to: DType };
  MatMul: None;
  Gemm: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number };
  Conv: ConvAttrs;
  ConvTranspose: ConvAttrs & { readonly outputPadding: readonly [number, number] };
  Softmax: None;
  LayerNormalization: { readonly epsilon: number };
  ReduceSum: ReduceAttrs;
  ReduceMean: ReduceAttrs;
  Reshape: { readonly shape: Shape };
  Transpose: { readonly perm: readonly number[] };
  Expand: { readonly shape: Shape };
  Concat: { readonly axis: number };
  Slice: {
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly axes: readonly number[];
    readonly steps: readonly number[];
  };
  Pad: { readonly pads: readonly number[] };
  Resize: { readonly scale: number };
  Attention: AttentionAttrs;
  AttentionGrad: AttentionAttrs;
}

export type OpName = keyof Attrs;
type TypeRule<O extends OpName> = (inputs: readonly TensorType[], attrs: Attrs[O]) => readonly TensorType[];

/** Multidirectional broadcasting. @throws when the shapes do not broadcast. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`[${a.join(",")}] does not broadcast with [${b.join(",")}]`);
    return x === 1 ? y : x;
  });
}

function refuse(op: OpName, expected: string, inputs: readonly TensorType[]): never {
  throw new Error(`${op}: expected ${expected}, got ${inputs.map(showType).join(", ")}`);
}

function at(inputs: readonly TensorType[], index: number, op: OpName): TensorType {
  return inputs[index] ?? refuse(op, `an input ${index}`, inputs);
}

/** Operators that may work in float16: those whose sums are short, or that diffusers runs in half too. The others add up or exponentiate. */
export const halfOps: ReadonlySet<OpName> = new Set<OpName>([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Neg",
  "Sigmoid",
  "Gelu",
  "QuickGelu",
  "MatMul",
  "Gemm",
  "Conv",
  "Resize",
  "Attention",
]);

/** Their common type, float32, or float16 where the operator may work in it. */
function floats(op: OpName, count: number, inputs: readonly TensorType[]): DType {
  const dtype = inputs[0]?.dtype === "float16" && halfOps.has(op) ? "float16" : "float32";
  if (inputs.length !== count || inputs.some((t) => t.dtype !== dtype)) refuse(op, `${count} ${dtype} inputs`, inputs);
  return dtype;
}

function unary<O extends OpName>(op: O): TypeRule<O> {
  return (inputs) => {
    floats(op, 1, inputs);
    return [at(inputs, 0, op)];
  };
}

function binary<O extends OpName>(op: O): TypeRule<O> {
  return (inputs) => {
    const dtype = floats(op, 2, inputs);
    return [{ dtype, shape: broadcast(at(inputs, 0, op).shape, at(inputs, 1, op).shape) }];
  };
}

const less: TypeRule<"Less"> = (inputs, attrs) => {
  const [{ shape }] = binary("Less")(inputs, attrs) as readonly [TensorType];
  return [{ dtype: "bool", shape }];
};

function reduce<O extends "ReduceSum" | "ReduceMean">(op: O): TypeRule<O> {
  return (inputs, attrs: ReduceAttrs) => {
    floats(op, 1, inputs);
    const { shape } = at(inputs, 0, op);
    if (attrs.axes.some((a) => a < 0 || a >= shape.length))
      refuse(op, `axes ${attrs.axes.join(",")} within the rank`, inputs);
    const kept = shape.map((dim, i) => (attrs.axes.includes(i) ? 1 : dim));
    return [{ dtype: "float32", shape: attrs.keepdims ? kept : kept.filter((_, i) => !attrs.axes.includes(i)) }];
  };
}

/** Length of one spatial axis after a convolution. */
export function convLength(size: number, kernel: number, stride: number, before: number, after: number): number {
  return Math.floor((size + before + after - kernel) / stride) + 1;
}

function dims4(type: TensorType, op: OpName): readonly [number, number, number, number] {
  if (type.shape.length !== 4) refuse(op, "a rank of 4", [type]);
  return type.shape as readonly [number, number, number, number];
}

function attention(op: OpName, inputs: readonly TensorType[], attrs: AttentionAttrs, count: number): void {
  floats(op, count, inputs);
  const [q, k, v] = [at(inputs, 0, op).shape, at(inputs, 1, op).shape, at(inputs, 2, op).shape];
  const fits = q.length === 3 && sameShape(k, v) && q[0] === k[0] && q[2] === k[2] && (q[2] ?? 0) % attrs.heads === 0;
  if (!fits) refuse(op, `q [N,T,C], k and v [N,S,C] with C divisible by ${attrs.heads} heads`, inputs);
}

export const typeRules: { readonly [O in OpName]: TypeRule<O> } = {
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div"),
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Sqrt: unary("Sqrt"),
  Reciprocal: unary("Reciprocal"),
  Sigmoid: unary("Sigmoid"),
  Erf: unary("Erf"),
  Gelu: unary("Gelu"),
  QuickGelu: unary("QuickGelu"),
  Softmax: unary("Softmax"),
  Less: less,
  Where: (inputs) => {
    const [c, a, b] = [at(inputs, 0, "Where"), at(inputs, 1, "Where"), at(inputs, 2, "Where")];
    if (c.dtype !== "bool" || a.dtype !== "float32" || b.dtype !== "float32")
      refuse("Where", "bool, float32, float32", inputs);
    return [{ dtype: "float32", shape: broadcast(broadcast(a.shape, b.shape), c.shape) }];
  },
  Cast: (inputs, { to }) => [{ dtype: to, shape: at(inputs, 0, "Cast").shape }],
  MatMul: (inputs) => {
    const dtype = floats("MatMul", 2, inputs);
    const [a, b] = [at(inputs, 0, "MatMul").shape, at(inputs, 1, "MatMul").shape];
    if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2)) refuse("MatMul", "[..,M,K] and [..,K,N]", inputs);
    return [
      {
        dtype,
        shape: [...broadcast(a.slice(0, -2), b.slice(0, -2)), a.at(-2) as number, b.at(-1) as number],
      },
    ];
  },
  Gemm: (inputs, { transA, transB }) => {
    const dtype = floats("Gemm", inputs.length === 3 ? 3 : 2, inputs);
    const [a, b] = [at(inputs, 0, "Gemm").shape, at(inputs, 1, "Gemm").shape];
    if (a.length !== 2 || b.length !== 2) refuse("Gemm", "matrices", inputs);
    const [m, k] = transA ? [a[1], a[0]] : [a[0], a[1]];
    const [k2, n] = transB ? [b[1], b[0]] : [b[0], b[1]];
    const shape = [m as number, n as number];
    if (k !== k2) refuse("Gemm", `equal inner lengths (transA ${transA}, transB ${transB})`, inputs);
    const c = inputs[2];
    if (c && !sameShape(broadcast(c.shape, shape), shape)) refuse("Gemm", "C that broadcasts to the product", inputs);
    return [{ dtype, shape }];
  },
  Conv: (inputs, { strides, pads }) => {
    const dtype = floats("Conv", inputs.length === 3 ? 3 : 2, inputs);
    const [n, c, h, w] = dims4(at(inputs, 0, "Conv"), "Conv");
    const [o, i, kh, kw] = dims4(at(inputs, 1, "Conv"), "Conv");
    if (c !== i || (inputs[2] && !sameShape(inputs[2].shape, [o])))
      refuse("Conv", "x [N,I,H,W], w [O,I,kh,kw], b [O]", inputs);
    const shape = [
      n,
      o,
      convLength(h, kh, strides[0], pads[0], pads[2]),
      convLength(w, kw, strides[1], pads[1], pads[3]),
    ];
    if (shape.some((dim) => dim < 1)) refuse("Conv", "a kernel inside the padded picture", inputs);
    return [{ dtype, shape }];
  },
  ConvTranspose: (inputs, { strides, pads, outputPadding }) => {
    floats("ConvTranspose", 2, inputs);
    const [n, c, h, w] = dims4(at(inputs, 0, "ConvTranspose"), "ConvTranspose");
    const [o, i, kh, kw] = dims4(at(inputs, 1, "ConvTranspose"), "ConvTranspose");
    if (c !== o) refuse("ConvTranspose", "x [N,O,h,w], w [O,I,kh,kw]", inputs);
    const height = (h - 1) * strides[0] + kh - pads[0] - pads[2] + outputPadding[0];
    const width = (w - 1) * strides[1] + kw - pads[1] - pads[3] + outputPadding[1];
    return [{ dtype: "float32", shape: [n, i, height, width] }];
  },
  LayerNormalization: (inputs) => {
    floats("LayerNormalization", inputs.length === 3 ? 3 : 2, inputs);
    const x = at(inputs, 0, "LayerNormalization");
    const row = [x.shape.at(-1) ?? 0];
    if (inputs.slice(1).some((t) => !sameShape(t.shape, row)))
      refuse("LayerNormalization", "scale and bias of the last length", inputs);
    const stats: TensorType = { dtype: "float32", shape: [...x.shape.slice(0, -1), 1] };
    return [x, stats, stats];
  },
  ReduceSum: reduce("ReduceSum"),
  ReduceMean: reduce("ReduceMean"),
  Reshape: (inputs, { shape }) => {
    const x = at(inputs, 0, "Reshape");
    if (sizeOf(x.shape) !== sizeOf(shape)) refuse("Reshape", `as many elements as [${shape.join(",")}]`, inputs);
    return [{ dtype: x.dtype, shape }];
  },
  Transpose: (inputs, { perm }) => {
    const x = at(inputs, 0, "Transpose");
    if (perm.length !== x.shape.length || new Set(perm).size !== perm.length)
      refuse("Transpose", `a rank of ${perm.length}`, inputs);
    return [
      {
        dtype: x.dtype,
        shape: perm.map((axis) => x.shape[axis] ?? refuse("Transpose", "axes within the rank", inputs)),
      },
    ];
  },
  Expand: (inputs, { shape }) => {
    const x = at(inputs, 0, "Expand");
    if (!sameShape(broadcast(x.shape, shape), shape))
      refuse("Expand", `what broadcasts to [${shape.join(",")}]`, inputs);
    return [{ dtype: x.dtype, shape }];
  },
  Concat: (inputs, { axis }) => {
    const first = at(inputs, 0, "Concat");
    const others = (t: TensorType) => [t.dtype, t.shape.length, ...t.shape.filter((_, i) => i !== axis)].join();
    if (inputs.some((t) => others(t) !== others(first))) refuse("Concat", `equal shapes but for axis ${axis}`, inputs);
    const total = inputs.reduce(
      (sum, t) => sum + (t.shape[axis] ?? refuse("Concat", "an axis within the rank", inputs)),
      0,
    );
    return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? total : dim)) }];
  },
  Slice: (inputs, { starts, ends, axes, steps }) => {
    const x = at(inputs, 0, "Slice");
    const shape = [...x.shape];
    axes.forEach((axis, i) => {
      const length = Math.ceil(((ends[i] as number) - (starts[i] as number)) / (steps[i] as number));
      if (length < 1 || length > (shape[axis] ?? 0)) refuse("Slice", "a non-empty range within the axis", inputs);
      // onnxruntime's WebGPU kernel begins there whatever `starts` says
      if ((steps[i] as number) < 0 && starts[i] !== (shape[axis] as number) - 1)
        refuse("Slice", "a negative step to begin at the axis's end", inputs);
      shape[axis] = length;
    });
    return [{ dtype: x.dtype, shape }];
  },
  Pad: (inputs, { pads }) => {
    const x = at(inputs, 0, "Pad");
    const rank = x.shape.length;
    if (pads.length !== 2 * rank) refuse("Pad", "two pads an axis", inputs);
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => dim + (pads[i] as number) + (pads[i + rank] as number)) }];
  },
  Resize: (inputs, { scale }) => {
    const dtype = floats("Resize", 1, inputs);
    const [n, c, h, w] = dims4(at(inputs, 0, "Resize"), "Resize");
    return [{ dtype, shape: [n, c, h * scale, w * scale] }];
  },
  Attention: (inputs, attrs) => {
    attention("Attention", inputs, attrs, 3);
    return [at(inputs, 0, "Attention")];
  },
  AttentionGrad: (inputs, attrs) => {
    attention("AttentionGrad", inputs, attrs, 5);
    const [q, k] = [at(inputs, 0, "AttentionGrad"), at(inputs, 1, "AttentionGrad")];
    return [q, k, k];
  },
};

export const opNames = Object.keys(typeRules) as readonly OpName[];
