/** @file How an adapter begins, as PEFT begins it: A uniform in +-1 / sqrt(fan_in) (Kaiming with a = sqrt 5), B zero. */
import { fnv1a } from "../artifacts/seeded.ts";
import { keyOf, words } from "../diffusion/philox.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { InitialLora } from "./model.ts";

/** The same for a seed and a name, wherever the tensor lies. */
export function initialLora(seed: number): InitialLora {
  return (name, shape) => {
    const size = sizeOf(shape);
    if (!name.endsWith("lora_A.weight")) return new Float32Array(size);
    const bound = 1 / Math.sqrt(size / (shape[0] as number));
    const bits = words({ key: keyOf(seed), place: [fnv1a(name), 0, 0] }, size);
    return Float32Array.from(bits, (word) => (word * 2 ** -31 - 1) * bound);
  };
}
