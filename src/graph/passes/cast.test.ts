/** @file Weights stored in fp16: another input type and a cast, the same values. */
import { expect, it } from "vitest";
import { gemm } from "../functions.ts";
import { graphOf, input } from "../ir.ts";
import { print } from "../print.ts";
import { difference } from "../random-graph.ts";
import { random } from "../test-support.ts";
import { verify } from "../verify.ts";
import { storeHalf } from "./cast.ts";

const x = input("x", { dtype: "float32", shape: [2, 4] });
const w = input("m.weight", { dtype: "float32", shape: [3, 4] }, "weight");
const b = input("m.lora_B.weight", { dtype: "float32", shape: [3] }, "weight");
const outputs = { out: gemm(x, w, b, { transB: true }) };

it("casts what is stored in fp16 at its use, and only that", () => {
  const half = storeHalf(outputs, (name) => !name.includes("lora"));
  expect(print(verify(graphOf(half)))).toMatchInlineSnapshot(`
    "graph(x: float32[2,4], m.weight: float16[3,4], m.lora_B.weight: float32[3]) {
      %0 = Cast(m.weight) {to=float32} : float32[3,4]
      %1 = Gemm(x, %0, m.lora_B.weight) {transA=false, transB=true, alpha=1} : float32[2,3]
      return out=%1
    }"
  `);
  const u = random(2);
  const draw = (count: number) => new Float64Array(count).map(() => u());
  expect(difference(outputs, half, { x: draw(8), "m.weight": draw(12), "m.lora_B.weight": draw(3) })).toBe(0);
});

it("leaves values alone, whatever their name", () => {
  expect(storeHalf({ out: gemm(x, input("y", w), null, { transB: true }) }, () => true)).toEqual({
    out: gemm(x, input("y", w), null, { transB: true }),
  });
});
