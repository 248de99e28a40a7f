/**
 * @file The `wasm` backend: onnxruntime-web on the CPU, in the page's worker. Every run copies its inputs into the WebAssembly
 * heap and its outputs out of it. Preallocated outputs are accepted and never filled, so what a run returns is
 * copied into our buffers. Only one run's tensors are in the heap at a time; weights wait outside.
 */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { TensorType } from "../lib/tensor.ts";
import type { Backend } from "./backend.ts";
import { type HostBuffer, HostMemory, withoutUnread } from "./host.ts";
import * as ort from "./ort.ts";
import { type Driver, neverLost, OrtBackend, type Ports } from "./ort-backend.ts";

const options: InferenceSession.SessionOptions = {
  executionProviders: ["wasm"],
  graphOptimizationLevel: "basic",
  logSeverityLevel: 3,
};

/** A worker that computes without a pause would hear of nothing: this long at most, in milliseconds. */
const DEAF = 50;

class WasmDriver extends HostMemory<Tensor> implements Driver<HostBuffer<Tensor>> {
  readonly name = "wasm";
  readonly description = `onnxruntime-web, WebAssembly, ${ort.threads} thread${ort.threads === 1 ? "" : "s"}`;
  readonly float16 = "stored";
  readonly lost = neverLost;
  private heard = performance.now();

  create(onnx: Uint8Array): Promise<InferenceSession> {
    return ort.InferenceSession.create(onnx, options);
  }

  async run(
    session: InferenceSession,
    inputs: Ports<HostBuffer<Tensor>>,
    outputs: Ports<HostBuffer<Tensor>>,
    unread: readonly string[],
  ) {
    const feeds: Record<string, Tensor> = {};
    for (const [port, { buffer, type }] of Object.entries(inputs)) feeds[port] = buffer.tensor(type, makeTensor);
    const wanted = withoutUnread(outputs, unread);
    const results = await session.run(feeds, Object.keys(wanted));
    for (const [port, { buffer }] of Object.entries(wanted)) {
      const tensor = results[port] as Tensor;
      const { buffer: memory, byteOffset, byteLength } = tensor.data as Float32Array;
      buffer.memory.set(new Uint8Array(memory, byteOffset, byteLength));
      tensor.dispose();
    }
    if (performance.now() - this.heard > DEAF) {
      await new Promise((turn) => setTimeout(turn)); // a run ends in a microtask, messages come between tasks
      this.heard = performance.now();
    }
  }

  async dispose(): Promise<void> {}
}

const makeTensor = ({ dtype, shape }: TensorType, data: Tensor.DataType): Tensor =>
  new ort.Tensor(dtype, data as Float32Array, shape);

export function wasmBackend(): Backend {
  return new OrtBackend(new WasmDriver());
}
