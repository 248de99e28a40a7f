/** @file Which model this is, in one word, by its content: another one of the same name must not be taken for it. */
import type { ModelFolder, ModelTensor } from "../artifacts/model-folder.ts";
import { sha256 } from "../lib/sha256.ts";
import { sizeOf } from "../lib/tensor.ts";

/** The smallest tensors of a component, as many as these hold: pocket whole; of SD-1.5 norms, biases and the smaller linears. */
const MOST_NUMBERS = 8 * 2 ** 20;

/** With whatever else decides pictures and is not told with each. */
export async function modelIdentity(folder: ModelFolder, ...others: readonly unknown[]): Promise<string> {
  const told: unknown[] = [folder.configs, folder.tokenizer, others];
  for (const [component, tensors] of Object.entries(folder.tensors)) {
    const bySize = [...tensors].sort(([a, x], [b, y]) => sizeOf(x.shape) - sizeOf(y.shape) || (a < b ? -1 : 1));
    let numbers = 0;
    for (const [name, tensor] of bySize) {
      numbers += sizeOf(tensor.shape);
      told.push([component, name, tensor.dtype, tensor.shape, numbers > MOST_NUMBERS ? null : await hashOf(tensor)]);
    }
  }
  return sha256(new TextEncoder().encode(JSON.stringify(told)));
}

async function hashOf(tensor: ModelTensor): Promise<string> {
  const { buffer, byteOffset, byteLength } = await tensor.read();
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}
