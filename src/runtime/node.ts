/**
 * @file The `node` backend: onnxruntime-node on the CPU. Tensors are views of our buffers, both ways: inputs are read in place
 * and outputs are written in place.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { TensorType } from "../lib/tensor.ts";
import type { Backend } from "./backend.ts";
import { type HostBuffer, HostMemory, withoutUnread } from "./host.ts";
import { ownOutputs, silenced, silentRun } from "./node-silent-run.ts";
import { type Driver, neverLost, OrtBackend, type OrtSession, type Ports } from "./ort-backend.ts";

export interface NodeOptions {
  readonly threads?: number;
  /**
   * Whether each session keeps the scratch memory of its runs (the default). Faster where programs are small; but sixty sessions of
   * a large model keep sixty times their scratch, and shrinking at a run's end frees nothing. Without it a run maps its memory
   * anew, about 0.4 ms a MB.
   */
  readonly arena?: boolean;
  /**
   * `basic` computes the graph as written, the same bits as `disabled`; the higher levels fuse and so change bits.
   * With weights as inputs nothing can be packed ahead: on Conv and Gemm chains `all` took 0.91 to 1.0 of `basic`'s time,
   * on single Convs and Gemms of SD-1.5's sizes 0.84 to 1.09.
   */
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
}

class NodeDriver extends HostMemory<Tensor> implements Driver<HostBuffer<Tensor>> {
  readonly name = "node";
  readonly description: string;
  readonly float16 = "stored";
  readonly lost = neverLost;
  private readonly options: InferenceSession.SessionOptions;

  constructor({ threads = 2, arena = true, graphOptimizationLevel = "basic" }: NodeOptions) {
    super();
    this.description = `onnxruntime-node, CPU, ${threads} threads`;
    this.options = {
      executionProviders: ["cpu"],
      graphOptimizationLevel,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena: arena,
      logSeverityLevel: 3,
    };
  }

  async create(onnx: Uint8Array): Promise<OrtSession> {
    const session = await InferenceSession.create(silenced(onnx), this.options);
    return {
      inputMetadata: session.inputMetadata,
      outputMetadata: ownOutputs(session.outputMetadata),
      run: session.run.bind(session),
      release: () => session.release(),
    };
  }

  async run(
    session: OrtSession,
    inputs: Ports<HostBuffer<Tensor>>,
    outputs: Ports<HostBuffer<Tensor>>,
    unread: readonly string[],
  ) {
    await silentRun(session, tensorsOf(inputs), tensorsOf(withoutUnread(outputs, unread)));
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
