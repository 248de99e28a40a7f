/** @file Every gradient rule against finite differences in float64, in a random direction, to 1e-6. */
import { describe, expect, it } from "vitest";
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import { vjp } from "./autodiff.ts";
import { concat, mul, sum } from "./functions.ts";
import { interpret } from "./interpret.ts";
import type { Tensor } from "./ir.ts";
import { type OperatorCase, caseInputs, caseOutputs, operatorCases } from "./operator-cases.ts";
import type { OpName } from "./ops.ts";
import { opNames } from "./ops.ts";
import { emitAll, graphOf, input, ones, random } from "./test-support.ts";

function check<O extends OpName>(op: O, c: OperatorCase<O>): number {
  const { inputs, domain = (u) => u, wrt } = c;
  const u = random(7);
  const fill = (shape: Shape): Float64Array => new Float64Array(sizeOf(shape)).map(() => u());
  const xs = caseInputs(c);
  const y = caseOutputs(op, c, xs)["y"] as Tensor;
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
    const cases = operatorCases[op] as readonly OperatorCase<typeof op>[];
    cases
      .filter(({ outputs }) => !outputs)
      .forEach((c, i) => {
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
