/** @file Our own GPUDevice: everything the adapter offers, every byte counted, its loss and its errors noticed. */
import { StudioError } from "../lib/errors.ts";
import type { Float16 } from "./backend.ts";
import { Ledger } from "./ledger.ts";

/** Ledger's kind for the buffers that onnxruntime makes for itself. */
const scratch = "onnxruntime";

export class MeteredDevice {
  readonly gpu: GPUDevice;
  readonly description: string;
  readonly float16: Float16;
  readonly ledger = new Ledger();
  /** Resolves with the reason when the device is lost, and not when we destroy it ourselves. */
  readonly lost: Promise<string>;
  private readonly makeBuffer: GPUDevice["createBuffer"];
  private readonly alive = new Set<GPUBuffer>();
  private reason: string | undefined;
  private fault: StudioError | Error | undefined;
  private destroyed = false;
  /** steps that are awaited: a lost device may leave them without an answer */
  private readonly awaited = new Set<() => void>();

  constructor(gpu: GPUDevice, description: string) {
    this.gpu = gpu;
    this.description = description;
    this.float16 = gpu.features.has("shader-f16") ? "computed" : "none";
    this.makeBuffer = gpu.createBuffer.bind(gpu);
    gpu.createBuffer = (descriptor) => this.metered(descriptor, scratch);
    this.lost = new Promise((resolve) => {
      void gpu.lost.then(({ reason, message }) => {
        this.reason = message || reason;
        if (!this.destroyed) resolve(this.reason);
        // soon: most of them tell the loss, or what came before it, by themselves
        setTimeout(() => this.awaited.forEach((giveUp) => giveUp()), 50);
      });
    });
    gpu.addEventListener("uncapturederror", ({ error }) => {
      this.fault ??= faultOf(error);
    });
  }

  createBuffer(bytes: number, usage: number, label: string): GPUBuffer {
    return this.metered({ size: bytes, usage, label }, label);
  }

  /**
   * onnxruntime resolves its runs on a lost device too, so this stands before and after every step.
   * @throws StudioError `device-lost`, `out-of-memory`, or what the device reported.
   */
  check(): void {
    if (this.reason !== undefined)
      throw new StudioError(
        "device-lost",
        `The graphics device was lost: ${this.reason}`,
        "What was saved is safe; going on takes a new device.",
      );
    if (this.fault) throw this.fault;
  }

  /** Awaits a step on the device; a rejection on a lost device is the loss. */
  async guard<T>(step: Promise<T>): Promise<T> {
    this.check();
    let giveUp = (): void => undefined;
    const given = new Promise<never>((_, reject) => {
      giveUp = () => reject(new Error("internal: the device was lost in the middle of a step"));
    });
    this.awaited.add(giveUp);
    try {
      const result = await Promise.race([step, given]);
      this.check();
      return result;
    } catch (error) {
      // The loss itself is told a moment after the rejection that it causes.
      if (!(error instanceof StudioError)) await Promise.race([this.gpu.lost, pause(50)]);
      this.check();
      throw error;
    } finally {
      this.awaited.delete(giveUp);
    }
  }

  destroy(): void {
    this.destroyed = true;
    for (const buffer of this.alive) buffer.destroy();
    this.gpu.destroy();
  }

  private metered(descriptor: GPUBufferDescriptor, label: string): GPUBuffer {
    const buffer = this.makeBuffer(descriptor);
    const { size } = descriptor;
    this.ledger.add(label, size);
    const destroy = buffer.destroy.bind(buffer);
    this.alive.add(buffer);
    buffer.destroy = () => {
      if (this.alive.delete(buffer)) this.ledger.remove(label, size);
      destroy();
    };
    return buffer;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function faultOf(error: GPUError): StudioError | Error {
  if (error instanceof GPUOutOfMemoryError)
    return new StudioError(
      "out-of-memory",
      `The graphics card has no room for another buffer: ${error.message}`,
      "A smaller batch or resolution, a smaller cut, or closing other programs makes room.",
    );
  return new Error(`internal: the graphics device reported: ${error.message}`);
}

export interface DeviceOptions {
  readonly powerPreference?: GPUPowerPreference;
}

/** @throws StudioError `no-webgpu` where there is no WebGPU or no adapter. */
export async function requestDevice(options: DeviceOptions = {}): Promise<MeteredDevice> {
  const adapter = await requestAdapter(options);
  const requiredFeatures = (["shader-f16"] as const).filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: limitsOf(adapter) });
  return new MeteredDevice(device, describe(adapter.info, requiredFeatures));
}

/** What a plan must know of the device before it is made. */
export interface DeviceFacts {
  readonly description: string;
  /** Programs with float16 tensors compile. */
  readonly float16: boolean;
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** @throws StudioError `no-webgpu`. */
export async function deviceFacts(options: DeviceOptions = {}): Promise<DeviceFacts> {
  const { info, features, limits } = await requestAdapter(options);
  const float16 = features.has("shader-f16");
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  return {
    description: describe(info, float16 ? ["shader-f16"] : []),
    float16,
    maxBufferSize,
    maxStorageBufferBindingSize,
  };
}

async function requestAdapter({ powerPreference = "high-performance" }: DeviceOptions): Promise<GPUAdapter> {
  // `navigator.gpu` is missing where WebGPU is; its type does not say so.
  const gpu = (navigator as Partial<Navigator>).gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference });
  if (!adapter)
    throw new StudioError(
      "no-webgpu",
      gpu ? "The browser found no graphics adapter for WebGPU." : "This browser has no WebGPU.",
      "The studio runs on the processor instead, more slowly.",
    );
  return adapter;
}

/** All limits at the adapter's most: the defaults would cap a buffer at 256 MiB and a binding at 128 MiB. */
function limitsOf({ limits }: GPUAdapter): Record<string, number> {
  const required: Record<string, number> = {};
  for (const name in limits) {
    const value = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") required[name] = value;
  }
  return required;
}

function describe({ vendor, architecture, description }: GPUAdapterInfo, features: readonly string[]): string {
  return [[vendor, architecture, description].filter(Boolean).join(" ") || "unnamed adapter", ...features].join(", ");
}
