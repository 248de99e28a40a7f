/**
 * @file What the four backends share: ownership and its checks, one serial queue for everything that touches onnxruntime,
 * sessions with their signatures. Where bytes live and how a run is made is the business of a driver.
 * The queue is not a nicety: two calls at once destroy onnxruntime-web's module.
 */
import type { InferenceSession } from "onnxruntime-web";
import { assert, required, StudioError } from "../lib/errors.ts";
import { SerialQueue } from "../lib/queue.ts";
import type { TensorData, TensorType } from "../lib/tensor.ts";
import { byteSize, sizeOf, viewOf } from "../lib/tensor.ts";
import type { Backend, BackendName, Binding, DeviceBuffer, Float16, Session } from "./backend.ts";
import type { Ledger } from "./ledger.ts";
import type { Signature } from "./signature.ts";
import { checkBindings, refuseAliases, signatureOf } from "./signature.ts";

/** A port's buffer and its type, checked. */
export interface Bound<B> {
  readonly buffer: B;
  readonly type: TensorType;
}
export type Ports<B> = Readonly<Record<string, Bound<B>>>;

/** The part of a session that is used. */
export type OrtSession = Pick<InferenceSession, "inputMetadata" | "outputMetadata" | "run" | "release">;

/** Calls come one at a time, with arguments that have been checked. A driver keeps the ledger, since it knows the true sizes. */
export interface Driver<B extends DeviceBuffer> {
  readonly name: BackendName;
  readonly description: string;
  readonly float16: Float16;
  readonly ledger: Ledger;
  readonly lost: Promise<string>;
  create(onnx: Uint8Array): Promise<OrtSession>;
  allocate(bytes: number, label: string): B;
  free(buffer: B): void;
  write(buffer: B, data: Uint8Array, byteOffset: number): Promise<void>;
  copy(from: B, to: B, bytes: number): Promise<void>;
  clear(buffer: B): Promise<void>;
  /** A copy of the first `bytes` bytes. */
  read(buffer: B, bytes: number): Promise<ArrayBuffer>;
  /** `unread`: outputs that need not be handed out, where that costs. */
  run(session: OrtSession, inputs: Ports<B>, outputs: Ports<B>, unread: readonly string[]): Promise<void>;
  /** After this no other call comes; buffers and sessions have been given back. */
  dispose(): Promise<void>;
}

interface Compiled {
  readonly ort: OrtSession;
  readonly signature: Signature;
}

export class OrtBackend<B extends DeviceBuffer> implements Backend {
  readonly name: BackendName;
  readonly description: string;
  readonly float16: Float16;
  readonly ledger: Ledger;
  readonly lost: Promise<string>;
  private readonly driver: Driver<B>;
  private readonly queue = new SerialQueue();
  private readonly buffers = new Set<DeviceBuffer>();
  private readonly sessions = new Map<Session, Compiled>();
  private pending = 0;
  private disposed = false;

  constructor(driver: Driver<B>) {
    this.driver = driver;
    this.name = driver.name;
    this.description = driver.description;
    this.float16 = driver.float16;
    this.ledger = driver.ledger;
    this.lost = driver.lost;
  }

  async compile(name: string, onnx: Uint8Array): Promise<Session> {
    return this.enqueue(async () => {
      const ort = await this.driver.create(onnx).catch((error: unknown) => {
        throw error instanceof StudioError ? error : refused(name, error);
      });
      const session: Session = { name };
      try {
        this.sessions.set(session, { ort, signature: signatureOf(name, ort) });
      } catch (error) {
        await ort.release();
        throw error;
      }
      return session;
    });
  }

  async release(session: Session): Promise<void> {
    const { ort } = this.compiled(session);
    this.sessions.delete(session);
    await this.enqueue(() => ort.release());
  }

  allocate(bytes: number, label: string): DeviceBuffer {
    assert(!this.disposed, "the backend was disposed");
    assert(
      Number.isSafeInteger(bytes) && bytes > 0,
      `"${label}" asks for ${bytes} bytes, a positive integer is needed`,
    );
    const buffer = this.driver.allocate(bytes, label);
    this.buffers.add(buffer);
    return buffer;
  }

  /** From now on the buffer is refused; its bytes go when the calls already made have run. */
  free(buffer: DeviceBuffer): void {
    const owned = this.owned(buffer);
    this.buffers.delete(buffer);
    if (this.pending === 0) this.driver.free(owned);
    else void this.enqueue(async () => this.driver.free(owned));
  }

  async write(buffer: DeviceBuffer, data: TensorData, byteOffset = 0): Promise<void> {
    const owned = this.owned(buffer);
    const { byteLength } = data;
    assert(
      byteOffset % 4 === 0 && byteOffset >= 0 && byteOffset + byteLength <= buffer.bytes,
      `${byteLength} bytes do not go into "${buffer.label}" (${buffer.bytes} bytes) at ${byteOffset}, a multiple of 4`,
    );
    const bytes = new Uint8Array(data.buffer, data.byteOffset, byteLength);
    await this.enqueue(() => this.driver.write(owned, bytes, byteOffset));
  }

  async copy({ buffer, type }: Binding, to: DeviceBuffer): Promise<void> {
    const [source, target] = [this.owned(buffer), this.owned(to)];
    const bytes = byteSize(type);
    assert(source !== target, `"${to.label}" would be copied to itself`);
    assert(
      bytes <= buffer.bytes && bytes <= to.bytes,
      `${bytes} bytes do not go from "${buffer.label}" (${buffer.bytes} bytes) to "${to.label}" (${to.bytes})`,
    );
    await this.enqueue(() => this.driver.copy(source, target, bytes));
  }

  async clear(buffer: DeviceBuffer): Promise<void> {
    const owned = this.owned(buffer);
    await this.enqueue(() => this.driver.clear(owned));
  }

  async read({ buffer, type }: Binding): Promise<TensorData> {
    const owned = this.owned(buffer);
    const bytes = byteSize(type);
    assert(bytes <= buffer.bytes, `${bytes} bytes are read from "${buffer.label}", which has ${buffer.bytes}`);
    const copy = await this.enqueue(() => this.driver.read(owned, bytes));
    return viewOf(type.dtype, copy, 0, sizeOf(type.shape));
  }

  async run(
    session: Session,
    inputs: Readonly<Record<string, Binding>>,
    outputs: Readonly<Record<string, Binding>>,
    unread: readonly string[] = [],
  ): Promise<void> {
    const { ort, signature } = this.compiled(session);
    checkBindings(session.name, "input", signature.inputs, inputs);
    checkBindings(session.name, "output", signature.outputs, outputs);
    refuseAliases(session.name, inputs, outputs);
    const [ins, outs] = [this.ports(inputs), this.ports(outputs)];
    await this.enqueue(() => this.driver.run(ort, ins, outs, unread));
  }

  async dispose(): Promise<void> {
    if (this.disposed) return;
    const sessions = [...this.sessions.values()];
    const gone = this.enqueue(async () => {
      // A session of a lost device may refuse to be released; the others are still to be given back.
      for (const { ort } of sessions) await ort.release().catch(() => undefined);
      for (const buffer of this.buffers) this.driver.free(buffer as B);
      this.buffers.clear();
      await this.driver.dispose();
    });
    this.disposed = true;
    this.sessions.clear();
    await gone;
  }

  private async enqueue<T>(task: () => Promise<T>): Promise<T> {
    assert(!this.disposed, "the backend was disposed");
    this.pending += 1;
    return this.queue.run(task).finally(() => {
      this.pending -= 1;
    });
  }

  private owned(buffer: DeviceBuffer): B {
    assert(this.buffers.has(buffer), `"${buffer.label}" is not a live buffer of this ${this.name} backend`);
    return buffer as B;
  }

  private compiled(session: Session): Compiled {
    return required(this.sessions.get(session), `the session of program "${session.name}"`);
  }

  private ports(bindings: Readonly<Record<string, Binding>>): Ports<B> {
    return Object.fromEntries(
      Object.entries(bindings).map(([port, { buffer, type }]) => [port, { buffer: this.owned(buffer), type }]),
    );
  }
}

function refused(name: string, error: unknown): StudioError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StudioError("program", `The runtime refused the program "${name}": ${reason.trim()}`);
}

/** For backends that cannot lose their device. */
export const neverLost: Promise<string> = new Promise(() => undefined);
