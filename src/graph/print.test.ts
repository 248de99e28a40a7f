/** @file The text form, on one graph that has everything: weights, constants, attributes, several outputs. */
import { expect, it } from "vitest";
import { vjp } from "./autodiff.ts";
import { gemm, mul, ones, sum } from "./functions.ts";
import type { Tensor } from "./ir.ts";
import { constant, emit, emitAll, graphOf, input, scalar } from "./ir.ts";
import { print } from "./print.ts";

const x = input("x", { dtype: "float32", shape: [2, 4] });

it("prints a graph", () => {
  const w = input("proj.weight", { dtype: "float32", shape: [3, 4] }, "weight");
  const y = gemm(x, w, constant([1, 2, 3], { dtype: "float32", shape: [3] }), { transB: true });
  const [normed, mean] = emitAll("LayerNormalization", [y, ones([3])], { epsilon: 1e-5 });
  const out = emit("Slice", [normed as Tensor], { axes: [1], starts: [2], ends: [-1], steps: [-1] });
  expect(print(graphOf({ out, mean: mean as Tensor, same: x }))).toMatchInlineSnapshot(`
    "graph(x: float32[2,4], proj.weight: float32[3,4]) {
      %0 = Gemm(x, proj.weight, const[3]) {transA=false, transB=true, alpha=1} : float32[2,3]
      %1, %2, %3 = LayerNormalization(%0, 1) {epsilon=0.00001} : float32[2,3], float32[2,1], float32[2,1]
      %4 = Slice(%1) {axes=[1], starts=[2], ends=[-1], steps=[-1]} : float32[2,3]
      return out=%4, mean=%2, same=x
    }"
  `);
});

it("prints a gradient: that of the sum of squares of a sigmoid", () => {
  const y = emit("Sigmoid", [x], {});
  const [dx] = vjp([{ output: sum(mul(y, y), [0, 1]), cotangent: scalar(1) }], [x]);
  expect(print(graphOf({ dx: dx as Tensor }))).toMatchInlineSnapshot(`
    "graph(x: float32[2,4]) {
      %0 = Reshape(1) {shape=[1,1]} : float32[1,1]
      %1 = Expand(%0) {shape=[2,4]} : float32[2,4]
      %2 = Sigmoid(x) : float32[2,4]
      %3 = Mul(%1, %2) : float32[2,4]
      %4 = Mul(%1, %2) : float32[2,4]
      %5 = Add(%3, %4) : float32[2,4]
      %6 = Sub(1, %2) : float32[2,4]
      %7 = Mul(%2, %6) : float32[2,4]
      %8 = Mul(%5, %7) : float32[2,4]
      return dx=%8
    }"
  `);
});
