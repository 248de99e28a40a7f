/** @file The scene on the page's WebGPU backend: files by HTTP ranges, the outcome back by PUT. */
import { type Measured, measured } from "./measure.ts";
import { webgpuBackend } from "../../src/runtime/webgpu.ts";
import { httpFiles } from "./http-files.ts";
import { writeOutcome } from "./outcome-file.ts";
import type { FromWorker } from "./page.ts";
import { play } from "./scene.ts";

const post = (message: FromWorker<Measured>): void => self.postMessage(message);

async function run(beta: number): Promise<void> {
  const backend = await webgpuBackend();
  const tell = (line: string) =>
    post({ line: `${line} (heap ${(measured().heapBytes / 1e6).toFixed(0)} MB, ${measured().kernels} kernels)` });
  const outcome = await play(backend, httpFiles(new URL("/files/", self.location.origin)), beta, tell);
  await fetch("/outcome", { method: "PUT", body: writeOutcome(outcome) });
  const done = measured();
  await backend.dispose();
  post({ done });
}

self.addEventListener("message", ({ data }: MessageEvent<number>) => {
  run(data).catch((error: unknown) =>
    post({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
