/** @file Runs a list of checks on one backend of the page, in a worker as in the studio. */
import type { Backend } from "../../src/runtime/backend.ts";
import { checks } from "../../src/runtime/conformance.ts";
import { runCheck } from "../../src/runtime/conformance-bench.ts";
import { wasmBackend } from "../../src/runtime/wasm.ts";
import { webgpuBackend } from "../../src/runtime/webgpu.ts";
import { deviceFacts } from "../../src/runtime/webgpu-device.ts";
import { operatorChecks } from "../operators.ts";
import { checkLoss } from "./device-loss.ts";

/** contract: what every backend must do. operators: every kernel against the interpreter. */
export type List = "contract" | "operators";

export interface Request {
  readonly backend: "wasm" | "webgpu";
  readonly list: List;
}

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

interface Item {
  readonly name: string;
  readonly float16?: boolean;
  run(backend: Backend): Promise<void>;
}

const lists: Readonly<Record<List, (backend: Request["backend"]) => readonly Item[]>> = {
  contract: () => checks.map((check) => ({ ...check, run: (backend) => runCheck(check, backend, programs) })),
  operators: (name) => operatorChecks.filter(({ on }) => on.includes(name)),
};

async function report({ backend: name, list }: Request): Promise<Report> {
  const float16 = name === "wasm" || (await deviceFacts()).float16;
  const backend: Backend = name === "wasm" ? wasmBackend() : await webgpuBackend();
  const results: { name: string; outcome: string; ms: number }[] = [];
  const record = async (check: string, task: () => Promise<void>): Promise<void> => {
    const start = performance.now();
    const outcome = await outcomeOf(task);
    results.push({ name: check, outcome, ms: Math.round(performance.now() - start) });
  };
  for (const item of lists[list](name)) {
    if (item.float16 && !float16) results.push({ name: item.name, outcome: "skipped: no shader-f16", ms: 0 });
    else await record(item.name, () => item.run(backend));
  }
  await backend.dispose();
  if (name === "webgpu" && list === "contract")
    await record("a lost device is told, and a new one works", () => checkLoss(programs));
  return { description: backend.description, results, leftover: backend.ledger.live };
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  void report(data).then(
    (answer) => postMessage(answer),
    (error: unknown) =>
      postMessage({ description: "", leftover: 0, results: [{ name: "start", outcome: String(error), ms: 0 }] }),
  );
});
