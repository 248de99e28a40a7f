/** @file Makes the nano model's SPIN step on one backend of the page, in a worker as in the studio. */
import { wasmBackend } from "../../src/runtime/wasm.ts";
import { webgpuBackend } from "../../src/runtime/webgpu.ts";
import { deviceFacts } from "../../src/runtime/webgpu-device.ts";
import { type StepReport, type StepRequest, stepOn, stepPaths } from "../step/step.ts";

export interface PageStepRequest extends StepRequest {
  readonly backend: "wasm" | "webgpu";
}
/** null: this device stores no float16 */
export type PageStepReport = StepReport | null | { readonly error: string };

const urls = import.meta.glob<string>("../goldens/models/step/**/*.{json,safetensors}", {
  query: "?url",
  import: "default",
  eager: true,
});

async function load(path: string): Promise<readonly [string, Uint8Array]> {
  const response = await fetch(urls[`../goldens/models/step/${path}`] as string);
  return [path, new Uint8Array(await response.arrayBuffer())];
}

async function answer({ backend: name, ...request }: PageStepRequest): Promise<PageStepReport> {
  if (name === "webgpu" && request.weights === "float16" && !(await deviceFacts()).float16) return null;
  const backend = name === "wasm" ? wasmBackend() : await webgpuBackend();
  try {
    return await stepOn(backend, new Map(await Promise.all(stepPaths.map(load))), request);
  } finally {
    await backend.dispose();
  }
}

addEventListener("message", ({ data }: MessageEvent<PageStepRequest>) => {
  void answer(data).then(
    (report) => postMessage(report),
    (error: unknown) => postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
