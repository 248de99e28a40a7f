/**
 * @file The `node-webgpu` backend: onnxruntime-node's own WebGPU provider (Dawn), for tests without a browser and for real GPUs.
 * Tensors stay on the GPU between runs. What onnxruntime-node 1.30 allows, found by trying:
 * - no GPUDevice can be had or given, so: no loss is reported, and the ledger sees our buffers but not onnxruntime's scratch;
 * - a buffer comes into being as an output of a session with `preferredOutputLocation: "gpu-buffer"`; such a session, however,
 *   ignores preallocated outputs, and a session without that option honours them;
 * - `tensor.gpuBuffer` is an opaque handle; `Tensor.fromGpuBuffer` gives it another type, over its first bytes;
 * - `getData` aborts the process, and so does the use of a disposed handle: we read by a program, and keep track ourselves;
 * - a buffer that is input and output of one run is accepted and gives chance's numbers: refused before it comes here.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { StudioError } from "../lib/errors.ts";
import type { TensorType } from "../lib/tensor.ts";
import { showType } from "../lib/tensor.ts";
import type { Backend, DeviceBuffer } from "./backend.ts";
import { copyProgram } from "./copy-program.ts";
import { Ledger } from "./ledger.ts";
import { type Driver, neverLost, OrtBackend, type Ports } from "./ort-backend.ts";

export interface NodeWebgpuOptions {
  readonly preferredLayout?: "NCHW" | "NHWC";
}

class ResidentBuffer implements DeviceBuffer {
  readonly label: string;
  readonly bytes: number;
  readonly words: number;
  /** The tensor that owns the memory; made at first use, since only a run can make it. */
  owner: Tensor | undefined;
  readonly tensors = new Map<string, Tensor>();

  constructor(bytes: number, label: string) {
    this.label = label;
    this.bytes = bytes;
    // Kernels may read in vectors of four words.
    this.words = Math.ceil(bytes / 16) * 4;
  }
}

class NodeWebgpuDriver implements Driver<ResidentBuffer> {
  readonly name = "node-webgpu";
  readonly description = "onnxruntime-node, WebGPU (Dawn)";
  /** The device cannot be asked: one without `shader-f16` refuses such a program when it runs. */
  readonly float16 = "computed";
  readonly lost = neverLost;
  readonly ledger = new Ledger();
  private readonly options: InferenceSession.SessionOptions;
  /** CPU in, new GPU buffer out. */
  private readonly maker: InferenceSession;
  /** From anywhere to a tensor that is there. */
  private readonly mover: InferenceSession;

  constructor(options: InferenceSession.SessionOptions, maker: InferenceSession, mover: InferenceSession) {
    this.options = options;
    this.maker = maker;
    this.mover = mover;
  }

  create(onnx: Uint8Array): Promise<InferenceSession> {
    return InferenceSession.create(onnx, this.options);
  }

  allocate(bytes: number, label: string): ResidentBuffer {
    const buffer = new ResidentBuffer(bytes, label);
    this.ledger.add(label, buffer.words * 4);
    return buffer;
  }

  free(buffer: ResidentBuffer): void {
    this.ledger.remove(buffer.label, buffer.words * 4);
    buffer.tensors.clear();
    buffer.owner?.dispose();
    buffer.owner = undefined;
  }

  async write(buffer: ResidentBuffer, data: Uint8Array, byteOffset: number): Promise<void> {
    // Whole words from the beginning can be written in place; any other piece goes into a copy of the whole.
    const inPlace = byteOffset === 0 && data.byteLength % 4 === 0 && buffer.owner !== undefined;
    const whole = byteOffset === 0 && data.byteLength === buffer.bytes;
    if (inPlace) {
      const words = data.byteOffset % 4 === 0 ? wordsOf(data) : wordsOf(data.slice());
      await this.mover.run({ x: cpu(words) }, { y: this.tensor(buffer, int32(words.length)) });
      return;
    }
    const copy = whole || !buffer.owner ? new Int32Array(buffer.words) : await this.download(buffer, buffer.words);
    new Uint8Array(copy.buffer).set(data, byteOffset);
    await this.upload(buffer, copy);
  }

  async copy(from: ResidentBuffer, to: ResidentBuffer, bytes: number): Promise<void> {
    await this.materialize(from);
    await this.materialize(to);
    const words = int32(Math.ceil(bytes / 4));
    await this.mover.run({ x: this.tensor(from, words) }, { y: this.tensor(to, words) });
  }

  async clear(buffer: ResidentBuffer): Promise<void> {
    await this.upload(buffer, new Int32Array(buffer.words));
  }

  async read(buffer: ResidentBuffer, bytes: number): Promise<ArrayBuffer> {
    await this.materialize(buffer);
    const { buffer: copy } = await this.download(buffer, Math.ceil(bytes / 4));
    return copy.byteLength === bytes ? copy : copy.slice(0, bytes);
  }

  async run(session: InferenceSession, inputs: Ports<ResidentBuffer>, outputs: Ports<ResidentBuffer>): Promise<void> {
    await session.run(await this.bind(inputs), await this.bind(outputs));
  }

  async dispose(): Promise<void> {
    await this.maker.release();
    await this.mover.release();
  }

  private async bind(ports: Ports<ResidentBuffer>): Promise<Record<string, Tensor>> {
    const bound: Record<string, Tensor> = {};
    for (const [port, { buffer, type }] of Object.entries(ports)) {
      await this.materialize(buffer);
      bound[port] = this.tensor(buffer, type);
    }
    return bound;
  }

  private async materialize(buffer: ResidentBuffer): Promise<void> {
    if (!buffer.owner) await this.upload(buffer, new Int32Array(buffer.words));
  }

  /** Fills the whole buffer, and makes it where it does not exist yet. */
  private async upload(buffer: ResidentBuffer, words: Int32Array): Promise<void> {
    if (buffer.owner) await this.mover.run({ x: cpu(words) }, { y: this.tensor(buffer, int32(words.length)) });
    else buffer.owner = (await this.maker.run({ x: cpu(words) }))["y"] as Tensor;
  }

  private async download(buffer: ResidentBuffer, words: number): Promise<Int32Array<ArrayBuffer>> {
    const copy = new Int32Array(words);
    await this.mover.run({ x: this.tensor(buffer, int32(words)) }, { y: cpu(copy) });
    return copy;
  }

  private tensor(buffer: ResidentBuffer, type: TensorType): Tensor {
    const key = showType(type);
    const known = buffer.tensors.get(key);
    if (known) return known;
    const handle = (buffer.owner as Tensor).gpuBuffer;
    const tensor = Tensor.fromGpuBuffer(handle, { dataType: type.dtype, dims: type.shape });
    buffer.tensors.set(key, tensor);
    return tensor;
  }
}

const int32 = (words: number): TensorType => ({ dtype: "int32", shape: [words] });
const cpu = (words: Int32Array): Tensor => new Tensor("int32", words, [words.length]);
const wordsOf = (data: Uint8Array): Int32Array =>
  new Int32Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 4);

/** @throws StudioError `no-webgpu` where Dawn finds no adapter (no driver, or no libvulkan). */
export async function nodeWebgpuBackend({ preferredLayout = "NCHW" }: NodeWebgpuOptions = {}): Promise<Backend> {
  const options = sessionOptions(preferredLayout);
  try {
    const maker = await InferenceSession.create(copyProgram, { ...options, preferredOutputLocation: "gpu-buffer" });
    const mover = await InferenceSession.create(copyProgram, options);
    return new OrtBackend(new NodeWebgpuDriver(options, maker, mover));
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new StudioError(
      "no-webgpu",
      `onnxruntime-node found no WebGPU adapter: ${reason}`,
      "A Vulkan driver and its loader (libvulkan.so.1) are needed on Linux; the backend `node` needs neither.",
    );
  }
}

function sessionOptions(preferredLayout: "NCHW" | "NHWC"): InferenceSession.SessionOptions {
  return {
    executionProviders: [{ name: "webgpu", preferredLayout, storageBufferCacheMode: "lazyRelease" }],
    graphOptimizationLevel: "basic",
    logSeverityLevel: 3,
    extra: { session: { disable_cpu_ep_fallback: "1" } },
  };
}
