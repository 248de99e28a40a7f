/** @file How each operator is written in ONNX (opset 20): its attributes, and the constant inputs that carry shapes. */
import type { Node } from "../ir.ts";
import type { OpName } from "../ops.ts";

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export interface OnnxNode {
  readonly type: string;
  readonly domain?: "com.microsoft";
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** inputs after the node's own; null is an omitted one */
  readonly extra?: readonly ({ readonly ints: readonly number[] } | { readonly floats: readonly number[] } | null)[];
}

type Lowering<O extends OpName> = (node: Node<O>) => OnnxNode;

const plain =
  (type: string): Lowering<OpName> =>
  () => ({ type });
const ints = (values: readonly number[]): { readonly ints: readonly number[] } => ({ ints: values });
const dataTypes = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
/** ONNX counts negative ends from the back, so "before the first" is far below. */
const beforeFirst = -(2 ** 31);

const reduce =
  (type: string): Lowering<"ReduceSum" | "ReduceMean"> =>
  ({ attrs }) => ({ type, attributes: { keepdims: { int: attrs.keepdims ? 1 : 0 } }, extra: [ints(attrs.axes)] });

export const lowerings: { readonly [O in OpName]: Lowering<O> } = {
  Add: plain("Add"),
  Sub: plain("Sub"),
  Mul: plain("Mul"),
  Div: plain("Div"),
  Neg: plain("Neg"),
  Abs: plain("Abs"),
  Exp: plain("Exp"),
  Log: plain("Log"),
  Sqrt: plain("Sqrt"),
  Reciprocal: plain("Reciprocal"),
  Sigmoid: plain("Sigmoid"),
  Erf: plain("Erf"),
  Gelu: plain("Gelu"),
  QuickGelu: ({ attrs }) => ({
    type: "QuickGelu",
    domain: "com.microsoft",
    attributes: { alpha: { float: attrs.alpha } },
  }),
  Less: plain("Less"),
  Where: plain("Where"),
  Cast: ({ attrs }) => ({ type: "Cast", attributes: { to: { int: dataTypes[attrs.to] } } }),
  MatMul: plain("MatMul"),
  Gemm: ({ attrs }) => ({
    type: "Gemm",
    attributes: {
      transA: { int: attrs.transA ? 1 : 0 },
      transB: { int: attrs.transB ? 1 : 0 },
      alpha: { float: attrs.alpha },
    },
  }),
  Conv: ({ attrs }) => ({ type: "Conv", attributes: { strides: ints(attrs.strides), pads: ints(attrs.pads) } }),
  ConvTranspose: ({ attrs }) => ({
    type: "ConvTranspose",
    attributes: { strides: ints(attrs.strides), pads: ints(attrs.pads), output_padding: ints(attrs.outputPadding) },
  }),
  Softmax: () => ({ type: "Softmax", attributes: { axis: { int: -1 } } }),
  LayerNormalization: ({ attrs }) => ({
    type: "LayerNormalization",
    attributes: { axis: { int: -1 }, epsilon: { float: attrs.epsilon } },
  }),
  ReduceSum: reduce("ReduceSum"),
  ReduceMean: reduce("ReduceMean"),
  Reshape: ({ attrs }) => ({ type: "Reshape", extra: [ints(attrs.shape)] }),
  Transpose: ({ attrs }) => ({ type: "Transpose", attributes: { perm: ints(attrs.perm) } }),
  Expand: ({ attrs }) => ({ type: "Expand", extra: [ints(attrs.shape)] }),
  Concat: ({ attrs }) => ({ type: "Concat", attributes: { axis: { int: attrs.axis } } }),
  Slice: ({ attrs }) => {
    const ends = attrs.ends.map((end, i) => ((attrs.steps[i] as number) < 0 && end === -1 ? beforeFirst : end));
    return { type: "Slice", extra: [ints(attrs.starts), ints(ends), ints(attrs.axes), ints(attrs.steps)] };
  },
  Pad: ({ attrs }) => ({ type: "Pad", extra: [ints(attrs.pads)] }),
  Resize: ({ attrs }) => ({
    type: "Resize",
    attributes: {
      mode: { string: "nearest" },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    },
    extra: [null, { floats: [1, 1, attrs.scale, attrs.scale] }],
  }),
  Attention: ({ attrs }) => ({
    type: "MultiHeadAttention",
    domain: "com.microsoft",
    attributes: { num_heads: { int: attrs.heads }, scale: { float: attrs.scale } },
  }),
  AttentionGrad: () => {
    throw new Error("internal: AttentionGrad must be written out before encoding");
  },
};

export { dataTypes };
