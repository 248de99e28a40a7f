/** @file Runs the conformance checks on one backend of the page, in a worker as in the studio. */
import type { Backend } from "../../src/runtime/backend.ts";
import { checks } from "../../src/runtime/conformance.ts";
import { runCheck } from "../../src/runtime/conformance-bench.ts";
import { wasmBackend } from "../../src/runtime/wasm.ts";
import { webgpuBackend } from "../../src/runtime/webgpu.ts";
import { deviceFacts } from "../../src/runtime/webgpu-device.ts";
import { checkLoss } from "./device-loss.ts";

export interface Report {
  readonly description: string;
  readonly results: readonly { readonly name: string; readonly outcome: string; readonly ms: number }[];
  /** live bytes after dispose, by kind */
  readonly leftover: number;
}

const files = import.meta.glob<string>("../goldens/runtime/*.onnx", { query: "?url", import: "default", eager: true });

async function programs(name: string): Promise<Uint8Array> {
  const response = await fetch(files[`../goldens/runtime/${name}.onnx`] as string);
  return new Uint8Array(await response.arrayBuffer());
}

async function outcomeOf(task: () => Promise<void>): Promise<string> {
  return task().then(
    () => "passed",
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
}

async function report(name: "wasm" | "webgpu"): Promise<Report> {
  const float16 = name === "wasm" || (await deviceFacts()).float16;
  const backend: Backend = name === "wasm" ? wasmBackend() : await webgpuBackend();
  const results: { name: string; outcome: string; ms: number }[] = [];
  const record = async (check: string, task: () => Promise<void>): Promise<void> => {
    const start = performance.now();
    const outcome = await outcomeOf(task);
    results.push({ name: check, outcome, ms: Math.round(performance.now() - start) });
  };
  for (const check of checks) {
    if (check.float16 && !float16) results.push({ name: check.name, outcome: "skipped: no shader-f16", ms: 0 });
    else await record(check.name, () => runCheck(check, backend, programs));
  }
  await backend.dispose();
  if (name === "webgpu") await record("a lost device is told, and a new one works", () => checkLoss(programs));
  return { description: backend.description, results, leftover: backend.ledger.live };
}

addEventListener("message", ({ data }: MessageEvent<"wasm" | "webgpu">) => {
  void report(data).then(
    (answer) => postMessage(answer),
    (error: unknown) =>
      postMessage({ description: "", leftover: 0, results: [{ name: "start", outcome: String(error), ms: 0 }] }),
  );
});
