/** @file Float16 arithmetic: which operators work in it, what stays float32, and that nothing but the types has changed. */
import { expect, it } from "vitest";
import { add, gemm, mul, reshape } from "../functions.ts";
import { emit, graphOf, input } from "../ir.ts";
import { print } from "../print.ts";
import { difference } from "../random-graph.ts";
import { random } from "../test-support.ts";
import { verify } from "../verify.ts";
import { storeHalf } from "./cast.ts";
import { halfArithmetic } from "./half.ts";

const float = (name: string, shape: readonly number[], role?: "weight") =>
  input(name, { dtype: "float32", shape }, role);
const x = float("x", [2, 4]);
const w = float("m.weight", [3, 4], "weight");
const scale = float("norm.weight", [3], "weight");
const projected = reshape(gemm(x, w, null, { transB: true }), [1, 2, 3]);
const outputs = { out: mul(add(emit("LayerNormalization", [projected, scale], { epsilon: 1e-5 }), projected), 0.5) };

it("multiplies in float16 what is stored in it, and normalizes in float32", () => {
  const half = halfArithmetic(storeHalf(outputs, (name) => name === "m.weight"));
  expect(print(verify(graphOf(half), { half: true }))).toMatchInlineSnapshot(`
    "graph(x: float32[2,4], m.weight: float16[3,4], norm.weight: float32[3]) {
      %0 = Cast(x) {to=float16} : float16[2,4]
      %1 = Gemm(%0, m.weight) {transA=false, transB=true, alpha=1} : float16[2,3]
      %2 = Reshape(%1) {shape=[1,2,3]} : float16[1,2,3]
      %3 = Cast(%2) {to=float32} : float32[1,2,3]
      %4, %5, %6 = LayerNormalization(%3, norm.weight) {epsilon=0.00001} : float32[1,2,3], float32[1,2,1], float32[1,2,1]
      %7 = Cast(%4) {to=float16} : float16[1,2,3]
      %8 = Add(%7, %2) : float16[1,2,3]
      %9 = Mul(%8, 0.5) : float16[1,2,3]
      %10 = Cast(%9) {to=float32} : float32[1,2,3]
      return out=%10
    }"
  `);
  const u = random(2);
  const draw = (count: number) => new Float64Array(count).map(() => u());
  expect(difference(outputs, half, { x: draw(8), "m.weight": draw(12), "norm.weight": draw(3) })).toBe(0);
});

it("is refused in a program whose numbers are compared", () => {
  expect(() => verify(graphOf(halfArithmetic(outputs)))).toThrow(/float16 is for pictures alone/);
});
