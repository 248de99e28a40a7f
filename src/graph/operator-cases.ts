/**
 * @file Small cases of every operator, for two proofs: its gradient rule against finite differences (gradients.test.ts), and its
 * kernel on each backend against the interpreter (e2e/operators). The shapes are those that kernels treat apart.
 */
import type { DType, Shape } from "../lib/tensor.ts";
import { add, mul, ones, slice } from "./functions.ts";
import type { Tensor } from "./ir.ts";
import { constant, emit, emitAll, input } from "./ir.ts";
import type { Attrs, OpName } from "./ops.ts";
import type { Outputs } from "./rewrite.ts";

export interface OperatorCase<O extends OpName> {
  readonly inputs: readonly Shape[];
  readonly attrs: Attrs[O];
  /** of the inputs; float32 by default */
  readonly dtype?: DType;
  /** maps a uniform in (-1, 1) into the operator's domain */
  readonly domain?: (u: number) => number;
  /** inputs that are differentiated; all by default */
  readonly wrt?: readonly number[];
  /** in place of the operator alone */
  readonly build?: (x: readonly Tensor[]) => Tensor;
  /** several values; such a case is not differentiated */
  readonly outputs?: (x: readonly Tensor[]) => Outputs;
}

export function caseInputs<O extends OpName>({ inputs, dtype = "float32" }: OperatorCase<O>): readonly Tensor[] {
  return inputs.map((shape, i) => input(`x${i}`, { dtype, shape }));
}

/** The graph of a case; its only output is `y` where it has one. */
export function caseOutputs<O extends OpName>(op: O, c: OperatorCase<O>, x: readonly Tensor[]): Outputs {
  return c.outputs?.(x) ?? { y: c.build?.(x) ?? emit(op, x, c.attrs) };
}

const X = (x: readonly Tensor[], i: number): Tensor => x[i] as Tensor;
const conv = (over: Partial<Attrs["Conv"]> = {}): Attrs["Conv"] => ({ strides: [1, 1], pads: [1, 1, 1, 1], ...over });
const positive = (u: number): number => 1.5 + u;
const away = (u: number): number => u + Math.sign(u) * 0.2;
const wide = (u: number): number => 6 * u;

/** The ways in which two shapes meet: rows, a scalar, channels, both sides widened, whole vectors of four. */
const pairs: readonly (readonly Shape[])[] = [
  [
    [2, 3, 4],
    [3, 1],
  ],
  [[5, 7], []],
  [
    [2, 6, 3, 5],
    [1, 6, 1, 1],
  ],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [
    [4, 16],
    [4, 16],
  ],
];
const pairCases = (domain: (u: number) => number = (u) => u) => pairs.map((inputs) => ({ inputs, attrs: {}, domain }));
const unaryCases = (domain: (u: number) => number = (u) => u) => [
  { inputs: [[7]], attrs: {}, domain },
  { inputs: [[2, 3, 64]], attrs: {}, domain },
];

/** All four transpositions, with every C that broadcasts to [3, 5]. */
const gemmCases: readonly OperatorCase<"Gemm">[] = [false, true].flatMap((transA) =>
  [false, true].flatMap((transB) =>
    [null, [5], [3, 5], [1, 5], [3, 1], []].map((c, i) => ({
      inputs: [transA ? [4, 3] : [3, 4], transB ? [5, 4] : [4, 5], ...(c ? [c] : [])],
      attrs: { transA, transB, alpha: [1, 0.5, 2][i % 3] as number },
    })),
  ),
);

const attend = (n: number, t: number, s: number, heads: number, size: number): OperatorCase<"Attention"> => ({
  inputs: [
    [n, t, heads * size],
    [n, s, heads * size],
    [n, s, heads * size],
  ],
  attrs: { heads, scale: 1 / Math.sqrt(size) },
});

export const operatorCases: { readonly [O in OpName]: readonly OperatorCase<O>[] } = {
  Add: [
    ...pairCases(),
    // one number for many elements is written as a number and an Expand
    { inputs: [[3, 1]], attrs: {}, build: (x) => add(X(x, 0), constant(0.75, { dtype: "float32", shape: [3, 9] })) },
    {
      inputs: [[2, 3]],
      attrs: {},
      outputs: (x) => ({ y: add(X(x, 0), 1), zero: constant(0, { dtype: "float32", shape: [40] }), same: X(x, 0) }),
    },
  ],
  Sub: pairCases(),
  Mul: pairCases(),
  Div: pairCases(positive),
  Neg: unaryCases(),
  Abs: unaryCases(away),
  Exp: unaryCases(),
  Log: unaryCases(positive),
  Sqrt: unaryCases(positive),
  Reciprocal: unaryCases(positive),
  Sigmoid: unaryCases(wide),
  Erf: unaryCases((u) => 3 * u),
  Gelu: unaryCases((u) => 3 * u),
  QuickGelu: [
    { inputs: [[2, 3, 64]], attrs: { alpha: 1 }, domain: wide },
    { inputs: [[9]], attrs: { alpha: 1.702 }, domain: wide },
  ],
  Less: [
    { inputs: [[6], [6]], attrs: {}, build: (x) => emit("Where", [emit("Less", x, {}), X(x, 0), X(x, 1)], {}) },
    {
      inputs: [[5, 3], [3]],
      attrs: {},
      outputs: (x) => ({ y: emit("Cast", [emit("Less", x, {})], { to: "float32" }) }),
    },
  ],
  Where: [
    { inputs: [[6], [1]], attrs: {}, build: (x) => emit("Where", [emit("Less", x, {}), X(x, 1), mul(X(x, 0), 3)], {}) },
    {
      inputs: [
        [2, 1, 4],
        [3, 1],
        [2, 3, 4],
      ],
      attrs: {},
      wrt: [1, 2],
      build: (x) => emit("Where", [emit("Less", [X(x, 0), X(x, 1)], {}), X(x, 2), X(x, 1)], {}),
    },
  ],
  Cast: [
    { inputs: [[4]], attrs: { to: "float32" } },
    { inputs: [[3, 5]], attrs: { to: "float32" }, dtype: "float16" },
    {
      inputs: [[4, 8]],
      attrs: { to: "float16" },
      dtype: "float16",
      outputs: (x) => ({
        y: emit("Cast", [mul(emit("Cast", [X(x, 0)], { to: "float32" }), -2)], { to: "float16" }),
      }),
    },
  ],
  MatMul: (
    [
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      [
        [2, 1, 3, 4],
        [5, 4, 2],
      ],
      [
        [2, 3, 4],
        [4, 5],
      ],
      [
        [1, 2, 9, 64],
        [1, 2, 64, 12],
      ],
      [
        [1, 7],
        [7, 1],
      ],
    ] as const
  ).map((inputs) => ({ inputs, attrs: {} })),
  Gemm: [
    ...gemmCases,
    { inputs: [[16, 64], [32, 64], [32]], attrs: { transA: false, transB: true, alpha: 1 } },
    {
      inputs: [
        [1, 40],
        [3, 40],
      ],
      attrs: { transA: false, transB: true, alpha: 1 },
    },
  ],
  Conv: [
    { inputs: [[2, 3, 5, 4], [4, 3, 3, 3], [4]], attrs: conv() },
    {
      inputs: [
        [1, 2, 2, 1],
        [9, 2, 3, 3],
      ],
      attrs: conv(),
    },
    { inputs: [[2, 3, 7, 6], [2, 3, 3, 3], [2]], attrs: conv({ strides: [2, 2] }) },
    {
      inputs: [
        [1, 2, 6, 5],
        [3, 2, 3, 3],
      ],
      attrs: conv({ strides: [2, 2], pads: [0, 0, 1, 1] }),
    },
    { inputs: [[2, 3, 4, 4], [5, 3, 1, 1], [5]], attrs: conv({ pads: [0, 0, 0, 0] }) },
    { inputs: [[1, 16, 8, 8], [32, 16, 3, 3], [32]], attrs: conv() },
    { inputs: [[2, 16, 8, 8], [8, 16, 1, 1], [8]], attrs: conv({ pads: [0, 0, 0, 0] }) },
    {
      inputs: [
        [1, 8, 3, 3],
        [4, 8, 3, 3],
      ],
      attrs: conv({ pads: [2, 0, 1, 2] }),
    },
    { inputs: [[2, 4, 1, 1], [4, 4, 3, 3], [4]], attrs: conv() },
    // patches of a vision transformer
    {
      inputs: [
        [1, 2, 6, 9],
        [3, 2, 3, 3],
      ],
      attrs: conv({ strides: [3, 3], pads: [0, 0, 0, 0] }),
    },
  ],
  ConvTranspose: [
    {
      inputs: [
        [2, 3, 3, 4],
        [3, 2, 3, 3],
      ],
      attrs: { ...conv({ strides: [2, 2] }), outputPadding: [1, 0] },
    },
    {
      inputs: [
        [1, 8, 4, 4],
        [8, 4, 3, 3],
      ],
      attrs: { ...conv({ strides: [2, 2], pads: [0, 0, 1, 1] }), outputPadding: [0, 1] },
    },
    {
      inputs: [
        [1, 9, 2, 1],
        [9, 2, 3, 3],
      ],
      attrs: { ...conv(), outputPadding: [0, 0] },
    },
    {
      inputs: [
        [2, 5, 3, 2],
        [5, 3, 1, 1],
      ],
      attrs: { ...conv({ pads: [0, 0, 0, 0] }), outputPadding: [0, 0] },
    },
  ],
  Softmax: (
    [
      [3, 5],
      [2, 2, 4, 77],
      [1, 300],
      [4, 1],
    ] as const
  ).map((shape) => ({
    inputs: [shape],
    attrs: {},
    domain: (u) => 3 * u,
  })),
  LayerNormalization: [
    { inputs: [[2, 3, 6], [6], [6]], attrs: { epsilon: 1e-5 } },
    {
      inputs: [[2, 3, 6]],
      attrs: { epsilon: 1e-6 },
      build: (x) => emit("LayerNormalization", [X(x, 0), ones([6])], { epsilon: 1e-6 }),
    },
    ...(
      [
        [2, 4, 7],
        [3, 64],
        [1, 2, 600],
      ] as const
    ).map(
      (shape): OperatorCase<"LayerNormalization"> => ({
        inputs: [shape, [shape.at(-1) as number]],
        attrs: { epsilon: 1e-5 },
        outputs: (x) => {
          const [y, mean, inverse] = emitAll("LayerNormalization", x, { epsilon: 1e-5 });
          return { y: y as Tensor, mean: mean as Tensor, inverse: inverse as Tensor };
        },
      }),
    ),
  ],
  ReduceSum: [
    { inputs: [[2, 3, 4]], attrs: { axes: [0, 2], keepdims: false } },
    { inputs: [[2, 5, 3, 4]], attrs: { axes: [0, 2, 3], keepdims: false } },
    { inputs: [[3, 130]], attrs: { axes: [1], keepdims: true } },
    { inputs: [[30, 8]], attrs: { axes: [0], keepdims: false } },
    { inputs: [[6, 2, 3, 2]], attrs: { axes: [0, 1, 2, 3], keepdims: false } },
  ],
  ReduceMean: [
    { inputs: [[2, 3, 4]], attrs: { axes: [1], keepdims: true } },
    { inputs: [[2, 4, 3, 5]], attrs: { axes: [1, 2, 3], keepdims: false } },
    { inputs: [[3, 130]], attrs: { axes: [1], keepdims: true } },
  ],
  Reshape: [
    { inputs: [[2, 6]], attrs: { shape: [3, 4] } },
    { inputs: [[1]], attrs: { shape: [] } },
  ],
  Transpose: [
    { inputs: [[2, 3, 4]], attrs: { perm: [2, 0, 1] } },
    { inputs: [[5, 6]], attrs: { perm: [1, 0] } },
    ...[
      [0, 2, 1, 3],
      [0, 2, 3, 1],
      [0, 3, 1, 2],
      [1, 0, 2, 3],
    ].map((perm) => ({ inputs: [[2, 3, 4, 5]], attrs: { perm } })),
  ],
  Expand: [
    { inputs: [[3, 1]], attrs: { shape: [2, 3, 4] } },
    { inputs: [[]], attrs: { shape: [5] } },
    { inputs: [[1, 4, 1, 1]], attrs: { shape: [2, 4, 3, 3] } },
  ],
  Concat: [
    {
      inputs: [
        [2, 1, 3],
        [2, 4, 3],
      ],
      attrs: { axis: 1 },
    },
    { inputs: [[5], [1], [3]], attrs: { axis: 0 } },
    {
      inputs: [
        [1, 2, 3, 4],
        [1, 2, 3, 2],
      ],
      attrs: { axis: 3 },
    },
    // a flat gradient of many parameters
    { inputs: Array.from({ length: 300 }, (_, i) => [1 + (i % 5)]), attrs: { axis: 0 }, wrt: [0, 7, 299] },
    { inputs: [[40, 3]], attrs: { axis: 1 }, build: ([x]) => emit("Concat", rowsOf(x as Tensor), { axis: 1 }) },
  ],
  Slice: [
    { inputs: [[3, 7]], attrs: { axes: [1], starts: [1], ends: [7], steps: [2] } },
    { inputs: [[4, 5]], attrs: { axes: [0, 1], starts: [3, 4], ends: [-1, 0], steps: [-1, -2] } },
    { inputs: [[4, 5]], attrs: { axes: [0, 1], starts: [0, 2], ends: [2, 4], steps: [1, 1] } },
    // a kernel turned round
    { inputs: [[2, 3, 3, 3]], attrs: { axes: [2, 3], starts: [2, 2], ends: [-1, -1], steps: [-1, -1] } },
  ],
  Pad: [
    { inputs: [[2, 3]], attrs: { pads: [0, 1, 2, 0] } },
    { inputs: [[1, 2, 3, 3]], attrs: { pads: [0, 0, 1, 1, 0, 0, 1, 2] } },
  ],
  Resize: [
    { inputs: [[2, 3, 2, 3]], attrs: { scale: 2 } },
    { inputs: [[1, 4, 1, 1]], attrs: { scale: 2 } },
  ],
  Attention: [
    attend(2, 3, 5, 2, 2),
    attend(1, 4, 4, 1, 6),
    attend(2, 6, 9, 2, 40),
    attend(1, 5, 77, 2, 64),
    attend(1, 17, 17, 3, 8),
    attend(1, 3, 1, 2, 4),
  ],
  AttentionGrad: [attend(2, 3, 5, 2, 2), attend(1, 6, 9, 2, 40), attend(1, 4, 1, 2, 4)].map(({ inputs, attrs }) => {
    return {
      inputs: [...inputs, inputs[0] as Shape],
      attrs,
      outputs: (x) => {
        const [dQ, dK, dV] = emitAll(
          "AttentionGrad",
          [...x.slice(0, 3), emit("Attention", x.slice(0, 3), attrs), X(x, 3)],
          attrs,
        );
        return { dQ: dQ as Tensor, dK: dK as Tensor, dV: dV as Tensor };
      },
    };
  }),
};

const rowsOf = (x: Tensor): Tensor[] => Array.from({ length: x.shape[0] as number }, (_, i) => slice(x, 0, i, i + 1));
