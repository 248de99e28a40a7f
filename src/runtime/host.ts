/** @file Buffers in the memory of the JavaScript engine: for the two CPU backends. */
import type { TensorType } from "../lib/tensor.ts";
import { showType, sizeOf, viewOf } from "../lib/tensor.ts";
import type { DeviceBuffer } from "./backend.ts";
import { Ledger } from "./ledger.ts";

/** onnxruntime's own tensor over some bytes; one class for onnxruntime-node and -web, apart only as modules. */
type MakeTensor<T> = (type: TensorType, data: ReturnType<typeof viewOf>) => T;

export class HostBuffer<T> implements DeviceBuffer {
  readonly label: string;
  readonly bytes: number;
  /** A multiple of 8 long, so that a view of any element type fits. */
  readonly memory: Uint8Array<ArrayBuffer>;
  private readonly tensors = new Map<string, T>();

  constructor(bytes: number, label: string) {
    this.label = label;
    this.bytes = bytes;
    this.memory = new Uint8Array(Math.ceil(bytes / 8) * 8);
  }

  /** The tensor of this type over the first bytes: no copy, made once. */
  tensor(type: TensorType, make: MakeTensor<T>): T {
    const key = showType(type);
    const known = this.tensors.get(key);
    if (known !== undefined) return known;
    const tensor = make(type, viewOf(type.dtype, this.memory.buffer, 0, sizeOf(type.shape)));
    this.tensors.set(key, tensor);
    return tensor;
  }
}

/** What a run must hand out: on the CPU every output is copied. */
export function withoutUnread<V>(outputs: Readonly<Record<string, V>>, unread: readonly string[]): Record<string, V> {
  if (unread.length === 0) return outputs;
  const left = new Set(unread);
  return Object.fromEntries(Object.entries(outputs).filter(([port]) => !left.has(port)));
}

/** The part of a driver that is the same wherever bytes are plain memory. */
export class HostMemory<T> {
  readonly ledger = new Ledger();

  allocate(bytes: number, label: string): HostBuffer<T> {
    const buffer = new HostBuffer<T>(bytes, label);
    this.ledger.add(label, buffer.memory.byteLength);
    return buffer;
  }

  free(buffer: HostBuffer<T>): void {
    this.ledger.remove(buffer.label, buffer.memory.byteLength);
  }

  async write(buffer: HostBuffer<T>, data: Uint8Array, byteOffset: number): Promise<void> {
    buffer.memory.set(data, byteOffset);
  }

  async copy(from: HostBuffer<T>, to: HostBuffer<T>, bytes: number): Promise<void> {
    to.memory.set(from.memory.subarray(0, bytes));
  }

  async clear(buffer: HostBuffer<T>): Promise<void> {
    buffer.memory.fill(0);
  }

  async read(buffer: HostBuffer<T>, bytes: number): Promise<ArrayBuffer> {
    return buffer.memory.buffer.slice(0, bytes);
  }
}
