/**
 * @file The `webgpu` backend: onnxruntime-web on our own device, in the page's worker. Nothing but programs and lists of
 * handles goes through the WebAssembly heap: bytes go up by `queue.writeBuffer`, stay in GPU buffers
 * that all sessions share, and come down through one kept staging buffer.
 */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { TensorType } from "../lib/tensor.ts";
import { showType } from "../lib/tensor.ts";
import type { Backend, DeviceBuffer, Float16 } from "./backend.ts";
import type { Ledger } from "./ledger.ts";
import * as ort from "./ort.ts";
import { type Driver, OrtBackend, type Ports } from "./ort-backend.ts";
import { type DeviceOptions, type MeteredDevice, requestDevice } from "./webgpu-device.ts";

export interface WebgpuOptions extends DeviceOptions {
  /** Named always: onnxruntime-web's own default is NHWC. Changes bits, so it is pinned in a run. */
  readonly preferredLayout?: "NCHW" | "NHWC";
}

const MiB = 2 ** 20;
/** One `writeBuffer`; the browser copies each into memory shared with its GPU process. */
const writePiece = 16 * MiB;
/** Bytes handed to the browser before we wait for it to pass them on. */
const writeWindow = 64 * MiB;
const readPiece = 16 * MiB;
/** Runs submitted and not yet known to be done. */
const runWindow = 2;

const roundUp = (bytes: number, multiple: number): number => Math.ceil(bytes / multiple) * multiple;

class ResidentBuffer implements DeviceBuffer {
  readonly label: string;
  readonly bytes: number;
  readonly gpu: GPUBuffer;
  private readonly tensors = new Map<string, Tensor>();

  constructor(bytes: number, label: string, device: MeteredDevice) {
    this.label = label;
    this.bytes = bytes;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    // Kernels read and write vectors of four words.
    this.gpu = device.createBuffer(roundUp(bytes, 16), usage, label);
  }

  tensor(type: TensorType): Tensor {
    const key = showType(type);
    const known = this.tensors.get(key);
    if (known) return known;
    const tensor = ort.Tensor.fromGpuBuffer(this.gpu, { dataType: type.dtype, dims: type.shape });
    this.tensors.set(key, tensor);
    return tensor;
  }
}

class WebgpuDriver implements Driver<ResidentBuffer> {
  readonly name = "webgpu";
  readonly description: string;
  readonly float16: Float16;
  readonly lost: Promise<string>;
  readonly ledger: Ledger;
  private readonly device: MeteredDevice;
  private readonly options: InferenceSession.SessionOptions;
  private readonly submitted: Promise<unknown>[] = [];
  private staging: GPUBuffer;
  /** Bytes since the last wait, over all buffers. */
  private written = 0;

  constructor(device: MeteredDevice, preferredLayout: "NCHW" | "NHWC") {
    this.device = device;
    this.description = `onnxruntime-web, WebGPU, ${device.description}`;
    this.float16 = device.float16;
    this.lost = device.lost;
    this.ledger = device.ledger;
    this.staging = this.makeStaging(65536);
    this.options = {
      executionProviders: [
        { name: "webgpu", device: device.gpu, preferredLayout, storageBufferCacheMode: "lazyRelease" },
      ],
      graphOptimizationLevel: "basic",
      logSeverityLevel: 3,
      extra: { session: { disable_cpu_ep_fallback: "1" } },
    };
  }

  create(onnx: Uint8Array): Promise<InferenceSession> {
    return this.device.guard(ort.InferenceSession.create(onnx, this.options));
  }

  allocate(bytes: number, label: string): ResidentBuffer {
    return new ResidentBuffer(bytes, label, this.device);
  }

  free(buffer: ResidentBuffer): void {
    buffer.gpu.destroy();
  }

  async write({ gpu }: ResidentBuffer, data: Uint8Array, byteOffset: number): Promise<void> {
    this.device.check();
    const { queue } = this.device.gpu;
    // writeBuffer takes whole words; the rest of an odd tail is what lies there already only past the tensor's end.
    const whole = data.byteLength - (data.byteLength % 4);
    for (let at = 0; at < whole; at += writePiece) {
      const size = Math.min(writePiece, whole - at);
      queue.writeBuffer(gpu, byteOffset + at, data as Uint8Array<ArrayBuffer>, at, size);
      this.written += size;
      if (this.written < writeWindow) continue;
      this.written = 0;
      await this.device.guard(queue.onSubmittedWorkDone());
    }
    if (whole === data.byteLength) return;
    const tail = new Uint8Array(await this.bytes(gpu, byteOffset + whole, 4));
    tail.set(data.subarray(whole));
    queue.writeBuffer(gpu, byteOffset + whole, tail);
  }

  async copy(from: ResidentBuffer, to: ResidentBuffer, bytes: number): Promise<void> {
    this.device.check();
    const commands = this.device.gpu.createCommandEncoder();
    commands.copyBufferToBuffer(from.gpu, 0, to.gpu, 0, roundUp(bytes, 4));
    this.device.gpu.queue.submit([commands.finish()]);
  }

  async clear({ gpu }: ResidentBuffer): Promise<void> {
    this.device.check();
    const commands = this.device.gpu.createCommandEncoder();
    commands.clearBuffer(gpu);
    this.device.gpu.queue.submit([commands.finish()]);
  }

  read({ gpu }: ResidentBuffer, bytes: number): Promise<ArrayBuffer> {
    return this.bytes(gpu, 0, bytes);
  }

  async run(session: InferenceSession, inputs: Ports<ResidentBuffer>, outputs: Ports<ResidentBuffer>): Promise<void> {
    await this.device.guard(session.run(tensorsOf(inputs), tensorsOf(outputs)));
    // A lost device rejects here; the checks around the next step say so better.
    this.submitted.push(this.device.gpu.queue.onSubmittedWorkDone().catch(() => undefined));
    if (this.submitted.length > runWindow) await this.submitted.shift();
    this.device.check();
  }

  async dispose(): Promise<void> {
    this.staging.destroy();
    this.device.destroy();
  }

  /** Mapped bytes: the only proof that what was submitted has happened. */
  private async bytes(gpu: GPUBuffer, from: number, bytes: number): Promise<ArrayBuffer> {
    this.device.check();
    const copy = new Uint8Array(bytes);
    const staging = this.stagingFor(Math.min(bytes, readPiece));
    for (let at = 0; at < bytes; at += readPiece) {
      const size = Math.min(readPiece, bytes - at);
      const words = roundUp(size, 4);
      const commands = this.device.gpu.createCommandEncoder();
      commands.copyBufferToBuffer(gpu, from + at, staging, 0, words);
      this.device.gpu.queue.submit([commands.finish()]);
      await this.device.guard(staging.mapAsync(GPUMapMode.READ, 0, words));
      copy.set(new Uint8Array(staging.getMappedRange(0, words), 0, size), at);
      staging.unmap();
    }
    this.submitted.length = 0;
    return copy.buffer;
  }

  /** Grows to the largest piece that was read, and stays. */
  private stagingFor(bytes: number): GPUBuffer {
    if (this.staging.size >= bytes) return this.staging;
    this.staging.destroy();
    this.staging = this.makeStaging(2 ** Math.ceil(Math.log2(bytes)));
    return this.staging;
  }

  private makeStaging(bytes: number): GPUBuffer {
    return this.device.createBuffer(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST, "staging");
  }
}

function tensorsOf(ports: Ports<ResidentBuffer>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(ports).map(([port, { buffer, type }]) => [port, buffer.tensor(type)]));
}

/** @throws StudioError `no-webgpu` where there is no WebGPU or no adapter. */
export async function webgpuBackend({ preferredLayout = "NCHW", ...device }: WebgpuOptions = {}): Promise<Backend> {
  return new OrtBackend(new WebgpuDriver(await requestDevice(device), preferredLayout));
}
