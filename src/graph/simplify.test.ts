/** @file Simplification: fewer nodes, the same values. */
import { describe, expect, it } from "vitest";
import { vjp } from "./autodiff.ts";
import { add, gemm, mul, neg, ones, reshape, slice, sub, sum, transpose, zeros } from "./functions.ts";
import type { Tensor } from "./ir.ts";
import { constant, emit, graphOf, input, scalar } from "./ir.ts";
import { print } from "./print.ts";
import { difference, randomGraph } from "./random-graph.ts";
import type { Outputs } from "./rewrite.ts";
import { simplify } from "./simplify.ts";
import { random } from "./test-support.ts";
import { verify } from "./verify.ts";

const x = input("x", { dtype: "float32", shape: [2, 3] });
const y = input("y", { dtype: "float32", shape: [2, 3] });
const text = (tensor: Tensor): string => print(graphOf(simplify({ out: tensor })));

describe("simplify", () => {
  it("drops neutral constants, views of nothing and what comes back to its start", () => {
    const same = [
      add(x, 0),
      add(zeros([3]), x),
      mul(x, ones([2, 1])),
      emit("Div", [x, scalar(1)], {}),
      emit("Reshape", [x], { shape: [2, 3] }),
      reshape(reshape(x, [6]), [2, 3]),
      transpose(transpose(x, [1, 0]), [1, 0]),
      emit("Expand", [x], { shape: [2, 3] }),
      emit("Cast", [x], { to: "float32" }),
    ];
    for (const tensor of same) expect(simplify({ out: tensor })["out"]).toBe(x);
  });

  it("keeps an operand that broadcasting widens, and a reversal", () => {
    const kept = [add(x, zeros([4, 2, 3])), emit("Slice", [x], { axes: [1], starts: [2], ends: [-1], steps: [-1] })];
    for (const tensor of kept) expect(text(tensor)).toContain(" = ");
  });

  it("folds constants of one value", () => {
    expect(text(add(x, mul(sub(5, 2), neg(scalar(4)))))).toMatchInlineSnapshot(`
      "graph(x: float32[2,3]) {
        %0 = Add(x, -12) : float32[2,3]
        return out=%0
      }"
    `);
  });

  it("lays the cotangents of two halves side by side, and adds those that overlap", () => {
    const halves = (from: number, to: number): Tensor =>
      vjp(
        [{ output: slice(x, 1, from, to), cotangent: input(`d${from}`, { dtype: "float32", shape: [2, to - from] }) }],
        [x],
      )[0] as Tensor;
    expect(text(add(halves(0, 1), halves(1, 3)))).toMatchInlineSnapshot(`
      "graph(d0: float32[2,1], d1: float32[2,2]) {
        %0 = Concat(d0, d1) {axis=1} : float32[2,3]
        return out=%0
      }"
    `);
    expect(text(add(halves(0, 2), halves(1, 3)))).toContain("Add");
  });

  it("writes a transposition that only moves axes of length 1 as a reshape", () => {
    expect(text(transpose(reshape(x, [2, 1, 3]), [1, 0, 2]))).toMatchInlineSnapshot(`
      "graph(x: float32[2,3]) {
        %0 = Reshape(x) {shape=[1,2,3]} : float32[1,2,3]
        return out=%0
      }"
    `);
  });

  it("merges twins, and looks through an Expand that broadcasting does anyway", () => {
    const row = input("row", { dtype: "float32", shape: [1, 3] });
    const wide = (): Tensor => emit("Expand", [row], { shape: [2, 3] });
    expect(text(add(mul(x, wide()), neg(mul(x, wide()))))).toMatchInlineSnapshot(`
      "graph(x: float32[2,3], row: float32[1,3]) {
        %0 = Mul(x, row) : float32[2,3]
        %1 = Sub(%0, %0) : float32[2,3]
        return out=%1
      }"
    `);
  });

  it("keeps the shape where both operands are widened", () => {
    const [a, b] = [input("a", { dtype: "float32", shape: [1, 3] }), input("b", { dtype: "float32", shape: [3] })];
    const wide = (t: Tensor): Tensor => emit("Expand", [t], { shape: [2, 3] });
    expect(text(add(wide(a), wide(b)))).toMatchInlineSnapshot(`
      "graph(a: float32[1,3], b: float32[3]) {
        %0 = Expand(b) {shape=[2,3]} : float32[2,3]
        %1 = Add(a, %0) : float32[2,3]
        return out=%1
      }"
    `);
  });

  it("does not confuse constants of different types, shapes or values", () => {
    const both = { dtype: "float32", shape: [2] } as const;
    const outputs = { a: add(constant([1, 2], both), y.shape.length), b: add(constant([2, 1], both), y.shape.length) };
    expect(difference(outputs, simplify(outputs), {})).toBe(0);
  });

  it("leaves the values of random graphs as they are", () => {
    const wrong: string[] = [];
    let [before, after] = [0, 0];
    for (let seed = 1; seed <= 400; seed++) {
      const { outputs, feeds } = randomGraph(seed, 12);
      const simple = simplify(outputs);
      const graph = verify(graphOf(simple));
      if (!(difference(outputs, simple, feeds) < 1e-12)) wrong.push(print(graphOf(outputs)));
      before += graphOf(outputs).nodes.length;
      after += graph.nodes.length;
    }
    expect(wrong).toEqual([]);
    expect(after).toBeLessThan(0.8 * before);
  });

  it("leaves the gradient of a small net as it is, with fewer nodes", () => {
    const { outputs, feeds } = net();
    const simple = simplify(outputs);
    expect(difference(outputs, simple, feeds)).toBeLessThan(1e-12);
    expect(graphOf(simple).nodes.length).toBeLessThan(graphOf(outputs).nodes.length);
    expect(simplify(simple)).toEqual(simple);
  });
});

/** The gradients of sum(w2 gelu(layerNorm(w1 x + b)) r) for all parameters. */
function net(): { outputs: Outputs; feeds: Record<string, Float64Array> } {
  const shapes = { x: [4, 3], w1: [6, 3], b: [6], g: [6], w2: [2, 6] } as const;
  const p = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, input(name, { dtype: "float32", shape })]),
  ) as Record<keyof typeof shapes, Tensor>;
  const h = gemm(p.x, p.w1, p.b, { transB: true });
  const normed = add(mul(emit("LayerNormalization", [h, ones([6])], { epsilon: 1e-5 }), p.g), 0);
  const out = gemm(emit("Gelu", [normed], {}), p.w2, null, { transB: true });
  const loss = sum(mul(out, out), [0, 1]);
  const grads = vjp([{ output: loss, cotangent: scalar(1) }], [p.w1, p.b, p.g, p.w2]);
  const u = random(3);
  return {
    outputs: Object.fromEntries(grads.map((g, i) => [`d${i}`, g as Tensor])),
    feeds: Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        new Float64Array(shape.reduce((a: number, b) => a * b, 1)).map(() => u()),
      ]),
    ),
  };
}
