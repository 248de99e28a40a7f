/** @file What runs programs: one interface, four backends. The rest of the studio cannot tell them apart. */
import type { TensorData, TensorType } from "../lib/tensor.ts";
import type { Ledger } from "./ledger.ts";

export type BackendName = "webgpu" | "wasm" | "node" | "node-webgpu";

/**
 * What a device makes of float16. none: it takes no program with such a tensor; stored: it keeps them, and computes in float32;
 * computed: its arithmetic is float16 too, twice as fast and a thousand times as coarse.
 */
export type Float16 = "none" | "stored" | "computed";

/** Bytes on the device, owned by its backend until `free`. */
export interface DeviceBuffer {
  readonly label: string;
  readonly bytes: number;
}

/** A tensor: a type over the first bytes of a buffer. */
export interface Binding {
  readonly buffer: DeviceBuffer;
  readonly type: TensorType;
}

export interface Session {
  readonly name: string;
}

export interface Backend {
  readonly name: BackendName;
  /** The device in words, for people. */
  readonly description: string;
  readonly float16: Float16;
  readonly ledger: Ledger;
  /** Resolves with the reason when the device is lost; never on CPU backends. */
  readonly lost: Promise<string>;

  /** @throws StudioError `program` when the runtime refuses the graph. */
  compile(name: string, onnx: Uint8Array): Promise<Session>;
  release(session: Session): Promise<void>;

  allocate(bytes: number, label: string): DeviceBuffer;
  free(buffer: DeviceBuffer): void;
  /** Copies `data` into the buffer at `byteOffset` (a multiple of 4). */
  write(buffer: DeviceBuffer, data: TensorData, byteOffset?: number): Promise<void>;
  /** Copies a tensor's bytes to the beginning of another buffer, on the device. */
  copy(from: Binding, to: DeviceBuffer): Promise<void>;
  /** Zeroes the buffer. */
  clear(buffer: DeviceBuffer): Promise<void>;
  /** The only proof that anything happened: bytes that were mapped. @throws StudioError `device-lost`. */
  read(binding: Binding): Promise<TensorData>;
  /**
   * One serial queue: calls run in the order they are made. No buffer may be input and output of one run.
   * `unread` outputs may be left as they were.
   */
  run(
    session: Session,
    inputs: Readonly<Record<string, Binding>>,
    outputs: Readonly<Record<string, Binding>>,
    unread?: readonly string[],
  ): Promise<void>;

  dispose(): Promise<void>;
}
