/** @file Where a conformance check works: a backend, its programs, and whatever the check made, given back at its end. */
import type { TensorData, TensorType } from "../lib/tensor.ts";
import { byteSize } from "../lib/tensor.ts";
import type { Backend, Binding, DeviceBuffer, Session } from "./backend.ts";
import { equal } from "./expect.ts";

export type Programs = (name: string) => Promise<Uint8Array>;

export interface Check {
  readonly name: string;
  /** Needs arithmetic on float16 (`shader-f16` on WebGPU). */
  readonly float16?: boolean;
  /** After a refused program onnxruntime-web holds its pool (here 32 bytes) until the device goes, not until its last session. */
  readonly keepsScratch?: boolean;
  run(bench: Bench): Promise<void>;
}

/** A backend with its programs, and the buffers of one check: freed at its end. */
export class Bench {
  readonly backend: Backend;
  readonly programs: Programs;
  private readonly buffers: DeviceBuffer[] = [];
  private readonly sessions: Session[] = [];

  constructor(backend: Backend, programs: Programs) {
    this.backend = backend;
    this.programs = programs;
  }

  async session(name: string): Promise<Session> {
    const session = await this.backend.compile(name, await this.programs(name));
    this.sessions.push(session);
    return session;
  }

  /** A tensor in a buffer of its own, `spare` bytes larger than needed. */
  room(type: TensorType, spare = 0): Binding {
    const buffer = this.backend.allocate(byteSize(type) + spare, "slot:check");
    this.buffers.push(buffer);
    return { buffer, type };
  }

  async put(type: TensorType, data: TensorData, spare = 0): Promise<Binding> {
    const binding = this.room(type, spare);
    await this.backend.write(binding.buffer, data);
    return binding;
  }

  async close(): Promise<void> {
    for (const buffer of this.buffers.splice(0)) this.backend.free(buffer);
    for (const session of this.sessions.splice(0)) await this.backend.release(session);
  }
}

/** Runs one check and leaves nothing behind. */
export async function runCheck(check: Check, backend: Backend, programs: Programs): Promise<void> {
  const bench = new Bench(backend, programs);
  const before = backend.ledger.live;
  try {
    await check.run(bench);
  } finally {
    await bench.close();
  }
  // onnxruntime gives its own scratch back when the last session goes.
  if (!check.keepsScratch) equal(backend.ledger.live, before, "live bytes after the check");
}
