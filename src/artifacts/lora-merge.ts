/** @file A LoRA out of its flat vector, and into the weight that it lies over: W + alpha / r B A. */
import { assert } from "../lib/errors.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { splitVector } from "./flat-vector.ts";
import type { LoraModule } from "./lora-names.ts";

/** By module. Views on the vector, not copies. */
export function loraModules(
  layout: readonly LayoutEntry[],
  vector: Float32Array,
  alpha: number,
): Map<string, LoraModule> {
  const tensors = splitVector(layout, vector);
  const modules = new Map<string, LoraModule>();
  for (const [key, a] of tensors) {
    const module = /^(.+)\.lora_A\.weight$/.exec(key)?.[1];
    const b = module === undefined ? undefined : tensors.get(`${module}.lora_B.weight`);
    if (module === undefined || !b) continue;
    const [rank = 1] = a.shape;
    assert(a.data instanceof Float32Array && b.data instanceof Float32Array, `"${module}" is not float32`);
    modules.set(module, { rank, alpha, a: { ...a, data: a.data }, b: { ...b, data: b.data } });
  }
  return modules;
}

/** In float64, rounded once. A convolution's A is [r, in kh kw] and its B [out, r], so it is a linear too. */
export function mergeLora(weight: Float32Array, { rank, alpha, a, b }: LoraModule): Float32Array<ArrayBuffer> {
  const columns = a.data.length / rank;
  const rows = b.data.length / rank;
  assert(rows * columns === weight.length, `a LoRA of ${rows} x ${columns} for a weight of ${weight.length} numbers`);
  const merged = new Float32Array(weight.length);
  const row = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = b.data[i * rank + r] as number;
      for (let j = 0; j < columns; j++) row[j] = (row[j] as number) + factor * (a.data[r * columns + j] as number);
    }
    const at = i * columns;
    for (let j = 0; j < columns; j++) merged[at + j] = (weight[at + j] as number) + (alpha / rank) * (row[j] as number);
  }
  return merged;
}
