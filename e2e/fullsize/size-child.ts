/** @file One size and cut of SD-1.5 in a process of its own, for sizes.ts: loads the UNet with weights by rule, plays pairs, tells time and memory. */
import { nodeBackend } from "../../src/runtime/node.ts";
import { benchStep } from "../../src/studio/bench.ts";
import { settingsOf, type Setting } from "../../src/studio/bench-models.ts";

export interface SizeAsked {
  /** picture side in pixels */
  readonly side: number;
  readonly cut: "block" | "stage" | "whole";
  readonly weights: "float32" | "float16";
  readonly threads: number;
  readonly turns: number;
}

export interface SizeSeen {
  /** the best turn */
  readonly seconds: number;
  /** bytes, the most that the process had */
  readonly resident: number;
  /** bytes of buffers, the most that were alive */
  readonly ledger: number;
}

const { side, cut, weights, threads, turns } = JSON.parse(process.argv[2] ?? "") as SizeAsked;
const [setting] = settingsOf("sd15", false) as [Setting];
// sixty sessions that keep their scratch would keep sixty times of it
const backend = nodeBackend({ threads, arena: false });
const { step, dispose } = await benchStep(backend, { ...setting, side, cut }, weights);
await step();
const took: number[] = [];
for (let turn = 0; turn < turns; turn++) {
  const before = performance.now();
  await step();
  took.push((performance.now() - before) / 1000);
}
const seen: SizeSeen = {
  seconds: Math.min(...took),
  resident: process.resourceUsage().maxRSS * 1024,
  ledger: backend.ledger.peak,
};
await dispose();
await backend.dispose();
process.stdout.write(JSON.stringify(seen));
