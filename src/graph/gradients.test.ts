/** @file Every gradient rule against finite differences in float64, in a random direction, to 1e-6. */
import { describe, expect, it } from "vitest";
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import { vjp } from "./autodiff.ts";
import { concat, mul, sum } from "./functions.ts";
import { interpret } from "./interpret.ts";
import type { Tensor } from "./ir.ts";
import { emit, emitAll, graphOf, input, ones } from "./test-support.ts";
import type { Attrs, OpName } from "./ops.ts";
import { opNames } from "./ops.ts";
import { random } from "./test-support.ts";

interface Case<O extends OpName> {
  readonly inputs: readonly Shape[];
  readonly attrs: Attrs[O];
  /** maps a uniform in (-1, 1) into the operator's domain */
  readonly domain?: (u: number) => number;
  /** inputs that are differentiated; all by default */
  readonly wrt?: readonly number[];
  readonly build?: (x: readonly Tensor[]) => Tensor;
}

const conv = (over: Partial<Attrs["Conv"]> = {}): Attrs["Conv"] => ({ strides: [1, 1], pads: [1, 1, 1, 1], ...over });
const positive = (u: number): number => 1.5 + u;
const away = (u: number): number => u + Math.sign(u) * 0.2;
const abc: readonly Shape[] = [
  [2, 3, 4],
  [3, 1],
];

const cases: { readonly [O in OpName]: readonly Case<O>[] } = {
  Add: [{ inputs: abc, attrs: {} }],
  Sub: [{ inputs: abc, attrs: {} }],
  Mul: [{ inputs: abc, attrs: {} }],
  Div: [{ inputs: abc, attrs: {}, domain: positive }],
  Neg: [{ inputs: [[5]], attrs: {} }],
  Abs: [{ inputs: [[7]], attrs: {}, domain: away }],
  Exp: [{ inputs: [[5]], attrs: {} }],
  Log: [{ inputs: [[5]], attrs: {}, domain: positive }],
  Sqrt: [{ inputs: [[5]], attrs: {}, domain: positive }],
  Reciprocal: [{ inputs: [[5]], attrs: {}, domain: positive }],
  Sigmoid: [{ inputs: [[5]], attrs: {} }],
  Erf: [{ inputs: [[5]], attrs: {} }],
  Gelu: [{ inputs: [[9]], attrs: {}, domain: (u) => 3 * u }],
  QuickGelu: [
    { inputs: [[9]], attrs: { alpha: 1 } },
    { inputs: [[9]], attrs: { alpha: 1.702 } },
  ],
  Less: [
    {
      inputs: [[6], [6]],
      attrs: {},
      build: (x) => emit("Where", [emit("Less", x, {}), x[0] as Tensor, x[1] as Tensor], {}),
    },
  ],
  Where: [
    {
      inputs: [[6], [1]],
      attrs: {},
      build: (x) => emit("Where", [emit("Less", x, {}), x[1] as Tensor, mul(x[0] as Tensor, 3)], {}),
    },
  ],
  Cast: [{ inputs: [[4]], attrs: { to: "float32" } }],
  MatMul: [
    {
      inputs: [
        [2, 3, 4],
        [2, 4, 5],
      ],
      attrs: {},
    },
    {
      inputs: [
        [2, 1, 3, 4],
        [5, 4, 2],
      ],
      attrs: {},
    },
  ],
  Gemm: [
    { inputs: [[3, 4], [4, 5], [5]], attrs: { transA: false, transB: false, alpha: 1 } },
    {
      inputs: [
        [4, 3],
        [4, 5],
      ],
      attrs: { transA: true, transB: false, alpha: 0.5 },
    },
    {
      inputs: [
        [3, 4],
        [5, 4],
        [3, 5],
      ],
      attrs: { transA: false, transB: true, alpha: 2 },
    },
    {
      inputs: [
        [4, 3],
        [5, 4],
        [1, 5],
      ],
      attrs: { transA: true, transB: true, alpha: 1 },
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
  ],
  ConvTranspose: [
    {
      inputs: [
        [2, 3, 3, 4],
        [3, 2, 3, 3],
      ],
      attrs: { ...conv({ strides: [2, 2] }), outputPadding: [1, 0] },
    },
  ],
  Softmax: [{ inputs: [[3, 5]], attrs: {}, domain: (u) => 3 * u }],
  LayerNormalization: [
    { inputs: [[2, 3, 6], [6], [6]], attrs: { epsilon: 1e-5 } },
    {
      inputs: [[2, 3, 6]],
      attrs: { epsilon: 1e-6 },
      build: (x) => emit("LayerNormalization", [x[0] as Tensor, ones([6])], { epsilon: 1e-6 }),
    },
  ],
  ReduceSum: [{ inputs: [[2, 3, 4]], attrs: { axes: [0, 2], keepdims: false } }],
  ReduceMean: [{ inputs: [[2, 3, 4]], attrs: { axes: [1], keepdims: true } }],
  Reshape: [{ inputs: [[2, 6]], attrs: { shape: [3, 4] } }],
  Transpose: [{ inputs: [[2, 3, 4]], attrs: { perm: [2, 0, 1] } }],
  Expand: [{ inputs: [[3, 1]], attrs: { shape: [2, 3, 4] } }],
  Concat: [
    {
      inputs: [
        [2, 1, 3],
        [2, 4, 3],
      ],
      attrs: { axis: 1 },
    },
  ],
  Slice: [
    { inputs: [[3, 7]], attrs: { axes: [1], starts: [1], ends: [7], steps: [2] } },
    { inputs: [[4, 5]], attrs: { axes: [0, 1], starts: [3, 3], ends: [-1, 0], steps: [-1, -2] } },
    { inputs: [[4, 5]], attrs: { axes: [0, 1], starts: [0, 2], ends: [2, 4], steps: [1, 1] } },
  ],
  Pad: [{ inputs: [[2, 3]], attrs: { pads: [0, 1, 2, 0] } }],
  Resize: [{ inputs: [[2, 3, 2, 3]], attrs: { scale: 2 } }],
  Attention: [
    {
      inputs: [
        [2, 3, 4],
        [2, 5, 4],
        [2, 5, 4],
      ],
      attrs: { heads: 2, scale: 0.7 },
    },
    {
      inputs: [
        [1, 4, 6],
        [1, 4, 6],
        [1, 4, 6],
      ],
      attrs: { heads: 1, scale: 0.4 },
    },
  ],
  // The gradient of Attention itself: its rule's result is what the rule above checks.
  AttentionGrad: [],
};

function check<O extends OpName>(op: O, { inputs, attrs, domain = (u) => u, wrt, build }: Case<O>): number {
  const u = random(7);
  const fill = (shape: Shape): Float64Array => new Float64Array(sizeOf(shape)).map(() => u());
  const xs = inputs.map((shape, i) => input(`x${i}`, { dtype: "float32", shape }));
  const y = build ? build(xs) : emit(op, xs, attrs);
  const dY = input("dy", { dtype: "float32", shape: y.shape });
  const chosen = wrt ?? xs.map((_, i) => i);
  const grads = vjp(
    [{ output: y, cotangent: dY }],
    chosen.map((i) => xs[i] as Tensor),
  );
  const feeds: Record<string, Float64Array> = { dy: fill(y.shape) };
  inputs.forEach((shape, i) => {
    feeds[`x${i}`] = fill(shape).map(domain);
  });
  const loss = graphOf({
    loss: sum(
      mul(y, dY),
      y.shape.map((_, i) => i),
    ),
  });
  const evaluated = interpret(graphOf(Object.fromEntries(chosen.map((i, k) => [`g${i}`, grads[k] as Tensor]))), feeds);
  return Math.max(
    ...chosen.map((i) => {
      const direction = fill(inputs[i] as Shape);
      const along = (h: number): number =>
        (
          interpret(loss, {
            ...feeds,
            [`x${i}`]: (feeds[`x${i}`] as Float64Array).map((v, k) => v + h * (direction[k] as number)),
          }).loss as { data: Float64Array }
        ).data[0] as number;
      const h = 1e-4;
      // fourth-order central difference
      const numeric = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
      const analytic = (evaluated[`g${i}`] as { data: Float64Array }).data.reduce(
        (s, g, k) => s + g * (direction[k] as number),
        0,
      );
      return Math.abs(numeric - analytic) / Math.max(1, Math.abs(numeric));
    }),
  );
}

describe("gradient rules against finite differences", () => {
  for (const op of opNames) {
    (cases[op] as readonly Case<typeof op>[]).forEach((c, i) => {
      it(`${op} ${i}`, () => expect(check(op, c)).toBeLessThan(1e-6));
    });
  }

  it("sums the cotangents of a value that is used twice, and stops at wrt", () => {
    const x = input("x", { dtype: "float32", shape: [3] });
    const w = input("w", { dtype: "float32", shape: [3] });
    const y = concat([mul(x, w), mul(x, x)], 0);
    const [dx, none] = vjp([{ output: y, cotangent: ones([6]) }], [x, input("z", { dtype: "float32", shape: [1] })]);
    expect(none).toBeNull();
    const graph = graphOf({ dx: dx as Tensor });
    expect(interpret(graph, { x: [1, 2, 3], w: [5, 6, 7] }).dx?.data).toEqual(Float64Array.of(7, 10, 13));
  });

  it("differentiates multi-output nodes by their first output", () => {
    const x = input("x", { dtype: "float32", shape: [2, 3] });
    const [, average] = emitAll("LayerNormalization", [x, ones([3])], { epsilon: 1e-5 });
    expect(() => vjp([{ output: average as Tensor, cotangent: ones([2, 1]) }], [x])).toThrow(/first output/);
  });
});
