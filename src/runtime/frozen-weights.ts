/** @file Frozen weights on a device: written once, then read by any number of executors and adapters. */
import { StudioError } from "../lib/errors.ts";
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import { byteSize, emptyOf, sizeOf, type TensorData, type TensorType } from "../lib/tensor.ts";
import type { Backend, DeviceBuffer } from "./backend.ts";

export class FrozenWeights {
  readonly #backend: Backend;
  readonly #buffers = new Map<string, DeviceBuffer>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Converted between float32 and float16 where the plan stores it in the other. */
  async load(name: string, type: TensorType, data: TensorData): Promise<void> {
    const stored = convert(type, data);
    if (stored?.length !== sizeOf(type.shape))
      throw new StudioError(
        "weight",
        `The weight "${name}" has ${data.length} numbers in a ${data.constructor.name}, expected ${sizeOf(type.shape)} of ${type.dtype}.`,
      );
    const buffer = this.#buffers.get(name) ?? this.#backend.allocate(byteSize(type), `weight:${name}`);
    this.#buffers.set(name, buffer);
    await this.#backend.write(buffer, stored);
  }

  get(name: string): DeviceBuffer | undefined {
    return this.#buffers.get(name);
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) this.#backend.free(buffer);
    this.#buffers.clear();
  }
}

/** The data in the tensor's own type, or nothing when that is no float matter. */
function convert(type: TensorType, data: TensorData): TensorData | undefined {
  if (data.constructor === emptyOf({ dtype: type.dtype, shape: [0] }).constructor) return data;
  if (type.dtype === "float16" && data instanceof Float32Array) return toFloat16Array(data);
  if (type.dtype === "float32" && data instanceof Uint16Array) return fromFloat16Array(data);
  return undefined;
}
