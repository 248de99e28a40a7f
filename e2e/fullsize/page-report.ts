/** @file What the page took at full size: judged, and as a table. */
import { size, table } from "../../src/cli/table.ts";
import { readUNetConfig } from "../../src/models/config.ts";
import { parameterCount } from "../../src/studio/cut.ts";
import { planMemory } from "../../src/studio/memory-plan.ts";
import { type InPage, SIDE } from "./in-page.ts";
import { atMost, type Verdict } from "./judge.ts";
import { readConfigs } from "./weights.ts";

const MOST_HEAP = 512e6;
const OFF = 0.05;

export async function judgePage({ stages }: InPage): Promise<Verdict[]> {
  const configs = await readConfigs();
  const wanted = { resolution: SIDE, memory: null, float16: "computed" } as const;
  const parameters = parameterCount(readUNetConfig(configs.unet));
  const plan = await planMemory({ configs }, parameters, { train: "lora", rank: 16 }, wanted);
  const { weights } = plan.built.artifact.set.bytes;
  const peak = Math.max(...stages.map(({ worker }) => worker.peak));
  const heap = Math.max(...stages.map(({ worker }) => worker.heap));
  const tab = Math.max(...stages.map(({ processes }) => processes?.renderer ?? 0));
  const off = peak / plan.bytes - 1;
  return [
    atMost(
      "device's peak",
      Math.abs(off),
      OFF,
      `${size(peak)}, planned ${size(plan.bytes)}: ${(100 * off).toFixed(1)} %`,
    ),
    atMost("WebAssembly heap", heap, MOST_HEAP, size(heap)),
    atMost("the tab, beside the device", tab, weights / 2, `${size(tab)}; the weights are ${size(weights)}`),
  ];
}

export function pageReport({ stages, promised, file }: InPage): string {
  const rows = stages.map(({ stage, seconds, worker, processes, tasks: { clock, processor } }) => [
    stage,
    seconds.toFixed(1),
    size(worker.peak),
    processes === null ? "-" : size(processes.renderer),
    size(worker.heap),
    `${clock.count}, longest ${clock.longest} ms`,
    `${processor.count}, longest ${processor.longest} ms`,
  ]);
  const heads = ["stage", "seconds", "device", "tab", "heap", "stalls by the clock", "by the processor"];
  return `\n${table(heads, rows)}\n\nThe page said: ${promised}. The LoRA's file: ${size(file)}.`;
}
