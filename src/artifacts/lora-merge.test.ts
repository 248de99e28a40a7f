import { expect, test } from "vitest";
import type { LayoutEntry } from "../plan/types.ts";
import { loraModules, mergedInto, mergeLoras } from "./lora-merge.ts";
import type { LoraModule } from "./lora-names.ts";

const factor = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

const mergeOne = (weight: Float32Array, lora: LoraModule) => mergeLoras(weight, [{ lora, multiplier: 1 }]);

test("a weight takes alpha / r B A, a convolution as a linear over its patches", () => {
  const weight = Float32Array.from([1, 2, 3, 4, 5, 6]);
  // B A = [[1 4, 2 5, 3 6] x [1 0; 2 1]] by rows: [1 2 3], [6 9 12]
  const lora = { rank: 2, alpha: 1, a: factor([2, 3], 1, 2, 3, 4, 5, 6), b: factor([2, 2], 1, 0, 2, 1) };
  expect([...mergeOne(weight, lora)]).toEqual([1.5, 3, 4.5, 7, 9.5, 12]);
  const conv = { ...lora, a: factor([2, 1, 1, 3], ...lora.a.data), b: factor([2, 2, 1, 1], ...lora.b.data) };
  expect(mergeOne(weight, conv)).toEqual(mergeOne(weight, lora));
  expect([...mergeOne(weight, { ...lora, b: factor([2, 2], 0, 0, 0, 0) })]).toEqual([...weight]);
});

test("several LoRAs of any ranks add up, each with its multiplier", () => {
  const weight = Float32Array.from([1, 2, 3, 4]);
  // B A = [[3 6], [4 8]], times 0.5; and [[1 2], [3 4]] by the identity, times -2 * 3 / 2
  const one = { rank: 1, alpha: 1, a: factor([1, 2], 1, 2), b: factor([2, 1], 3, 4) };
  const two = { rank: 2, alpha: 3, a: factor([2, 2], 1, 2, 3, 4), b: factor([2, 2], 1, 0, 0, 1) };
  const both = [
    { lora: one, multiplier: 0.5 },
    { lora: two, multiplier: -2 },
  ];
  expect([...mergeLoras(weight, both)]).toEqual([1 + 1.5 - 3, 2 + 3 - 6, 3 + 2 - 9, 4 + 4 - 12]);
  expect([...mergeLoras(weight, [])]).toEqual([...weight]);
});

test("a component's weights are merged by name, half or whole, and the rest is left as it is", async () => {
  const lora = { rank: 1, alpha: 1, a: factor([1, 1], 2), b: factor([1, 1], 3) };
  const stored: Record<string, Float32Array | Uint16Array> = {
    "x.weight": Uint16Array.of(0x3c00),
    "x.bias": Float32Array.of(5),
    "y.weight": Float32Array.of(1),
  };
  const read = async (name: string) => stored[name] as Float32Array;
  const loras = [{ lora: { modules: new Map([["x", lora]]), textEncoder: new Map([["y", lora]]) }, multiplier: 1 }];
  const [unet, text] = [mergedInto(read, "unet", loras), mergedInto(read, "text_encoder", loras)];
  expect(await unet("x.weight")).toEqual(Float32Array.of(7));
  expect(await unet("x.bias")).toBe(stored["x.bias"]);
  expect(await unet("y.weight")).toBe(stored["y.weight"]);
  expect(await text("y.weight")).toEqual(Float32Array.of(7));
  expect(await text("x.weight")).toBe(stored["x.weight"]);
});

test("a LoRA that does not fit its weight is refused", () => {
  const lora = { rank: 1, alpha: 1, a: factor([1, 3], 1, 2, 3), b: factor([1, 1], 1) };
  expect(() => mergeOne(new Float32Array(4), lora)).toThrow("a LoRA of 1 x 3 for a weight of 4 numbers");
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
