/** @file A LoRA out of its flat vector, and one or several into the weight that they lie over: W + sum of m alpha / r B A. */
import { assert } from "../lib/errors.ts";
import { fromFloat16Array } from "../lib/float16.ts";
import type { TensorData } from "../lib/tensor.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { splitVector } from "./flat-vector.ts";
import type { Lora, LoraComponent, LoraModule } from "./lora-names.ts";

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

/** A LoRA and how strongly it is applied: 1 is as it was trained. */
export interface Weighted<T> {
  readonly lora: T;
  readonly multiplier: number;
}

/** In float64, rounded once. A convolution's A is [r, in kh kw] and its B [out, r], so it is a linear too. */
export function mergeLoras(weight: Float32Array, loras: readonly Weighted<LoraModule>[]): Float32Array<ArrayBuffer> {
  const [first] = loras;
  if (!first) return Float32Array.from(weight);
  const columns = first.lora.a.data.length / first.lora.rank;
  for (const { lora } of loras) checkSize(weight, lora);
  const merged = new Float32Array(weight.length);
  const [row, total] = [new Float64Array(columns), new Float64Array(columns)];
  for (let at = 0; at < weight.length; at += columns) {
    total.fill(0);
    for (const { lora, multiplier } of loras) {
      rowOf(lora, at / columns, row);
      const scale = multiplier * (lora.alpha / lora.rank);
      for (let j = 0; j < columns; j++) total[j] = (total[j] as number) + scale * (row[j] as number);
    }
    for (let j = 0; j < columns; j++) merged[at + j] = (weight[at + j] as number) + (total[j] as number);
  }
  return merged;
}

function checkSize(weight: Float32Array, { rank, a, b }: LoraModule): void {
  const [rows, columns] = [b.data.length / rank, a.data.length / rank];
  assert(rows * columns === weight.length, `a LoRA of ${rows} x ${columns} for a weight of ${weight.length} numbers`);
}

/** Row i of B A. */
function rowOf({ rank, a, b }: LoraModule, i: number, row: Float64Array): void {
  row.fill(0);
  for (let r = 0; r < rank; r++) {
    const factor = b.data[i * rank + r] as number;
    const start = r * row.length;
    for (let j = 0; j < row.length; j++) row[j] = (row[j] as number) + factor * (a.data[start + j] as number);
  }
}

/** What LoRAs are merged into: a component's weights by name, one at a time. */
export type ReadWeight = (name: string) => Promise<TensorData>;

/** The component's weights with all of the LoRAs in them; a weight that none adapts comes as `read` gives it. */
export function mergedInto(
  read: ReadWeight,
  component: LoraComponent,
  loras: readonly Weighted<Pick<Lora, "modules" | "textEncoder">>[],
): ReadWeight {
  return async (name) => {
    const weight = await read(name);
    const module = /^(.+)\.weight$/.exec(name)?.[1] ?? "";
    const parts = loras.flatMap(({ lora, multiplier }) => {
      const found = (component === "unet" ? lora.modules : lora.textEncoder).get(module);
      return found ? [{ lora: found, multiplier }] : [];
    });
    return parts.length === 0 ? weight : mergeLoras(asFloat32(weight), parts);
  };
}

function asFloat32(data: TensorData): Float32Array {
  return data instanceof Uint16Array ? fromFloat16Array(data) : Float32Array.from(data as Float32Array);
}
