/**
 * @file The `node` backend: onnxruntime-node on the CPU. Tensors are views of our buffers, both ways: inputs are read in place
 * and outputs are written in place. (The addon also hands back a fresh copy of each output, about 0.4 ms a MB, unasked.)
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { TensorType } from "../lib/tensor.ts";
import type { Backend } from "./backend.ts";
import { type HostBuffer, HostMemory } from "./host.ts";
import { type Driver, neverLost, OrtBackend, type Ports } from "./ort-backend.ts";

export interface NodeOptions {
  readonly threads?: number;
  /**
   * `basic` computes the graph as written, the same bits as `disabled`; the higher levels fuse and so change bits.
   * Measured on Conv and Gemm chains with Sigmoid and Mul, weights as inputs: `all` takes 0.93 to 1.0 of `basic`'s time.
   */
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
}

class NodeDriver extends HostMemory<Tensor> implements Driver<HostBuffer<Tensor>> {
  readonly name = "node";
  readonly description: string;
  readonly lost = neverLost;
  private readonly options: InferenceSession.SessionOptions;

  constructor({ threads = 2, graphOptimizationLevel = "basic" }: NodeOptions) {
    super();
    this.description = `onnxruntime-node, CPU, ${threads} threads`;
    this.options = {
      executionProviders: ["cpu"],
      graphOptimizationLevel,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    };
  }

  create(onnx: Uint8Array): Promise<InferenceSession> {
    return InferenceSession.create(onnx, this.options);
  }

  async run(session: InferenceSession, inputs: Ports<HostBuffer<Tensor>>, outputs: Ports<HostBuffer<Tensor>>) {
    await session.run(tensorsOf(inputs), tensorsOf(outputs));
  }

  async dispose(): Promise<void> {}
}

const makeTensor = ({ dtype, shape }: TensorType, data: Tensor.DataType): Tensor =>
  new Tensor(dtype, data as Float32Array, shape);

function tensorsOf(ports: Ports<HostBuffer<Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(ports).map(([port, { buffer, type }]) => [port, buffer.tensor(type, makeTensor)]),
  );
}

export function nodeBackend(options: NodeOptions = {}): Backend {
  return new OrtBackend(new NodeDriver(options));
}
