import { expect, test } from "vitest";
import type { LayoutEntry } from "../plan/types.ts";
import { loraModules, mergeLora } from "./lora-merge.ts";

const factor = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

test("a weight takes alpha / r B A, a convolution as a linear over its patches", () => {
  const weight = Float32Array.from([1, 2, 3, 4, 5, 6]);
  // B A = [[1 4, 2 5, 3 6] x [1 0; 2 1]] by rows: [1 2 3], [6 9 12]
  const lora = { rank: 2, alpha: 1, a: factor([2, 3], 1, 2, 3, 4, 5, 6), b: factor([2, 2], 1, 0, 2, 1) };
  expect([...mergeLora(weight, lora)]).toEqual([1.5, 3, 4.5, 7, 9.5, 12]);
  const conv = { ...lora, a: factor([2, 1, 1, 3], ...lora.a.data), b: factor([2, 2, 1, 1], ...lora.b.data) };
  expect(mergeLora(weight, conv)).toEqual(mergeLora(weight, lora));
  expect([...mergeLora(weight, { ...lora, b: factor([2, 2], 0, 0, 0, 0) })]).toEqual([...weight]);
});

test("a LoRA that does not fit its weight is refused", () => {
  const lora = { rank: 1, alpha: 1, a: factor([1, 3], 1, 2, 3), b: factor([1, 1], 1) };
  expect(() => mergeLora(new Float32Array(4), lora)).toThrow("a LoRA of 1 x 3 for a weight of 4 numbers");
});

test("modules come out of the flat vector with their ranks", () => {
  const layout: LayoutEntry[] = [
    { name: "to_q.lora_A.weight", shape: [1, 2], offset: 0, group: "g" },
    { name: "to_q.lora_B.weight", shape: [3, 1], offset: 2, group: "g" },
  ];
  const modules = loraModules(layout, Float32Array.from([1, 2, 3, 4, 5]), 8);
  expect([...modules.keys()]).toEqual(["to_q"]);
  expect(modules.get("to_q")).toMatchObject({ rank: 1, alpha: 8 });
  expect([...(modules.get("to_q")?.b.data ?? [])]).toEqual([3, 4, 5]);
});
