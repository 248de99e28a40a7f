/** @file The loop under every pass: nothing changes without a rule, and what was replaced is gone. */
import { expect, it } from "vitest";
import { add, mul, neg } from "./functions.ts";
import { emitAll, graphOf, input } from "./ir.ts";
import type { Tensor } from "./ir.ts";
import { ones } from "./functions.ts";
import { print } from "./print.ts";
import { difference, randomGraph } from "./random-graph.ts";
import { replace, rewrite } from "./rewrite.ts";

const x = input("x", { dtype: "float32", shape: [3] });

it("keeps a graph for which the rule has nothing, node for node", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { outputs } = randomGraph(seed, 10);
    expect(rewrite(outputs, () => null)).toEqual(outputs);
  }
});

it("copies the nodes that stand behind a changed one, and only those", () => {
  const y = input("y", { dtype: "float32", shape: [3] });
  const untouched = neg(y);
  const outputs = { a: mul(neg(x), untouched), b: untouched };
  const moved = replace(outputs, new Map([[x, add(x, y)]]));
  expect(moved["b"]).toBe(untouched);
  expect(print(graphOf(moved))).toMatchInlineSnapshot(`
    "graph(x: float32[3], y: float32[3]) {
      %0 = Add(x, y) : float32[3]
      %1 = Neg(%0) : float32[3]
      %2 = Neg(y) : float32[3]
      %3 = Mul(%1, %2) : float32[3]
      return a=%3, b=%2
    }"
  `);
});

it("replaces one output of several, and drops what nothing needs any more", () => {
  const rows = input("rows", { dtype: "float32", shape: [2, 3] });
  const [normed, mean] = emitAll("LayerNormalization", [neg(rows), ones([3])], { epsilon: 1e-5 }) as [Tensor, Tensor];
  const given = input("mean", mean);
  const moved = replace(
    { out: add(mul(normed, 2), mean) },
    new Map([
      [mean, given],
      [normed, rows],
    ]),
  );
  expect(print(graphOf(moved))).toMatchInlineSnapshot(`
    "graph(rows: float32[2,3], mean: float32[2,1]) {
      %0 = Mul(rows, 2) : float32[2,3]
      %1 = Add(%0, mean) : float32[2,3]
      return out=%1
    }"
  `);
});

it("puts the same rule's values in place everywhere", () => {
  const { outputs, feeds } = randomGraph(5, 12);
  const doubled = rewrite(outputs, (node, inputs) => (node.op === "Neg" ? [mul(inputs[0] as Tensor, -1)] : null));
  expect(graphOf(doubled).nodes.some((node) => node.op === "Neg")).toBe(false);
  expect(difference(outputs, doubled, feeds)).toBe(0);
});
