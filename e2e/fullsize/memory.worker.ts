/** @file The works of memory-scene.ts on the page's WebGPU backend; `dry`: with every kernel encoded, and none run. */
import { webgpuBackend } from "../../src/runtime/webgpu.ts";
import type { ModelChoices } from "../../src/studio/model.ts";
import { measureMemory, type MemoryReport } from "./memory-scene.ts";
import type { FromWorker } from "./page.ts";

export interface MemoryRequest {
  readonly choices: ModelChoices;
  readonly dry: boolean;
}

const post = (message: FromWorker<MemoryReport>): void => self.postMessage(message);

/** Buffers are made and given back as ever, so the ledger is the same, in a hundredth of the time. */
function leaveOutTheWork(): void {
  GPUComputePassEncoder.prototype.dispatchWorkgroups = () => undefined;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = () => undefined;
  GPUQueue.prototype.writeBuffer = () => undefined;
}

async function run({ choices, dry }: MemoryRequest): Promise<void> {
  if (dry) leaveOutTheWork();
  const backend = await webgpuBackend();
  const done = await measureMemory(backend, choices, (line) => post({ line }));
  await backend.dispose();
  post({ done });
}

self.addEventListener("message", ({ data }: MessageEvent<MemoryRequest>) => {
  run(data).catch((error: unknown) =>
    post({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
