/**
 * @file Predicted bytes against measured ones, for SD-1.5's configuration in a real Chromium: `npx tsx e2e/fullsize/memory.ts
 * --side 512`, with `--tile 32` for a VAE in tiles, `--pairs 1`, `--cut block`. `--dry` encodes every kernel and runs none. Exit code
 * 1 when the ledger's peak is more than 5 % off the plan.
 */
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { size, table } from "../../src/cli/table.ts";
import { browserGpu } from "../lavapipe.ts";
import { folder } from "./files.ts";
import type { MemoryRequest } from "./memory.worker.ts";
import type { MemoryReport } from "./memory-scene.ts";
import { serve } from "./serve.ts";

const ALLOWED = 0.05;
const MOST_TOLD = 12;
const PATIENCE_MS = 300_000;

const { values: options } = parseArgs({
  options: {
    side: { type: "string", default: "64" },
    tile: { type: "string" },
    pairs: { type: "string", default: "1" },
    cut: { type: "string", default: "block" },
    dry: { type: "boolean", default: false },
  },
});

const request: MemoryRequest = {
  dry: options.dry,
  choices: {
    resolution: Number(options.side),
    samples: 2 * Number(options.pairs),
    drawSamples: 2,
    train: "lora",
    rank: 16,
    targets: "attention",
    cut: options.cut as MemoryRequest["choices"]["cut"],
    weights: "float16",
    ...(options.tile === undefined ? {} : { vaeTile: Number(options.tile) }),
  },
};

async function measure(): Promise<MemoryReport> {
  const { kind, executablePath, args, env, reason } = browserGpu();
  if (kind === "none") throw new Error(`Chromium has no WebGPU adapter here: ${reason}.`);
  const served = await serve(folder);
  const browser = await chromium.launch({
    executablePath,
    // compiling a kernel in software takes longer than the watchdog waits
    args: [...args, "--disable-gpu-watchdog"],
    env: { ...(process.env as Record<string, string>), ...env },
  });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() !== "debug") process.stderr.write(`${message.text()}\n`);
    });
    // vite builds the worker's modules when they are asked for
    await page.goto(served.url, { timeout: PATIENCE_MS });
    await page.waitForFunction(() => "measureInWorker" in globalThis, null, { timeout: PATIENCE_MS });
    return await page.evaluate((given) => globalThis.measureInWorker(given), request);
  } finally {
    await browser.close();
    await served.close();
  }
}

const percent = (share: number): string => `${share < 0 ? "" : "+"}${(100 * share).toFixed(1)} %`;
const off = (of: { readonly predicted: number; readonly measured: number }): number => of.measured / of.predicted - 1;

const { works, programs, all, kinds } = await measure();
const largest = programs.toSorted((a, b) => b.measured - a.measured).slice(0, MOST_TOLD);
const told = [...works, ...largest.map((taken) => ({ ...taken, seconds: null }))];
const rows = told.map(({ name, seconds, predicted, measured }) => [
  name,
  seconds?.toFixed(1) ?? "",
  size(predicted),
  size(measured),
]);
process.stdout.write(
  `${table(["onnxruntime's own", "seconds", "predicted", "measured"], rows)}\n\n${table(
    ["ledger", "peak"],
    Object.entries(kinds).map(([kind, { peak }]) => [kind, size(peak)]),
  )}\n\nin all ${size(all.measured)}, planned ${size(all.predicted)}: ${percent(off(all))}\n`,
);
process.exitCode = Math.abs(off(all)) > ALLOWED ? 1 : 0;
