import { expect, test } from "vitest";
import { gradients } from "./gradients.ts";
import { differentiable } from "./coverage.ts";
import { emitAll, graphOf, input } from "./ir.ts";
import type { OpName } from "./ops.ts";

const x = input("x", { dtype: "float32", shape: [1, 2, 4] });
const operators = (outputs: readonly ({ readonly dtype: string } | null)[]): string[] =>
  graphOf(Object.fromEntries(outputs.map((t, i) => [`${i}`, t as typeof x]))).nodes.map(({ op }) => op);
const kinds = (kind: string): string[] =>
  (Object.keys(differentiable) as OpName[]).filter((op) => differentiable[op] === kind);

test("only a comparison and a gradient have no gradient", () => {
  expect(kinds("no")).toEqual(["Less", "AttentionGrad"]);
  const [less] = emitAll("Less", [x, x], {});
  expect(
    gradients.Less([x, x], x, less?.source.kind === "node" ? (less.source.node as never) : (null as never), []),
  ).toEqual([null, null]);
  expect(() => gradients.AttentionGrad([], x, null as never, [])).toThrow("only met after differentiation");
});

test("only attention is differentiated by a composite", () => {
  expect(kinds("composite")).toEqual(["Attention"]);
  const [y] = emitAll("Attention", [x, x, x], { heads: 2, scale: 1 });
  const node = y?.source.kind === "node" ? y.source.node : null;
  expect(operators(gradients.Attention([x, x, x], x, node as never, [x]))).toEqual(["Attention", "AttentionGrad"]);
});
