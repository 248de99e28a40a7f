/**
 * @file `npm run bench:sizes`: a SPIN pair of SD-1.5 by LoRA of rank 16 on `node`, at each picture size and cut that fits this machine: what it
 * takes in memory beside its plan, and in time beside PyTorch eager with gradient checkpointing and peft, in the same run.
 *
 *   --sides 256,512  --cuts block,stage,whole  --weights float32,float16  --threads 2  --turns 2  --json
 *
 * Each runs in a process of its own, so that its most resident memory is its own. Exit code 1 where one passes 1.25 times its plan.
 */
import { spawn } from "node:child_process";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findTorch } from "../../src/cli/torch.ts";
import { table } from "../../src/cli/table.ts";
import { predictedPeak } from "../../src/plan/peak.ts";
import { settingsOf, type Setting } from "../../src/studio/bench-models.ts";
import { makeArtifacts } from "../../src/studio/model.ts";
import type { SizeAsked, SizeSeen } from "./size-child.ts";

/** Of the plan, that may be resident: the process itself, the runtime, and what the system gives back late. */
const MOST = 1.25;

const { values } = parseArgs({
  options: {
    sides: { type: "string", default: "256,512" },
    cuts: { type: "string", default: "block,stage,whole" },
    weights: { type: "string", default: "float32,float16" },
    threads: { type: "string", default: "2" },
    turns: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});
const say = (line: string) => process.stderr.write(`${line}\n`);
const threads = Number(values.threads);
const turns = Number(values.turns);
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);

interface Row extends SizeAsked {
  readonly plan: number;
  readonly seen: SizeSeen | null;
}

async function planOf({ side, cut, weights }: SizeAsked): Promise<number> {
  const [setting] = settingsOf("sd15", false) as [Setting];
  const choices = { samples: 2, drawSamples: 2, resolution: side, train: "lora", rank: setting.rank } as const;
  const folder = { configs: { unet: setting.configs.unet } as Parameters<typeof makeArtifacts>[0]["configs"] };
  const { artifact } = await makeArtifacts(folder, { ...choices, targets: "attention", cut, weights });
  return predictedPeak(artifact.set.bytes);
}

/** In a process that does nothing else. */
function measured(asked: SizeAsked): Promise<SizeSeen> {
  const script = fileURLToPath(new URL("size-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(asked)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  return new Promise((resolve, reject) =>
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as SizeSeen);
      else reject(new Error(`${asked.side} px, cut ${asked.cut}: the process ended with ${String(code)}`));
    }),
  );
}

async function rivals(sides: readonly number[]): Promise<Map<number, { seconds: number; resident: number }>> {
  const torch = findTorch(threads);
  const seen = new Map<number, { seconds: number; resident: number }>();
  if (!torch) {
    say("No Python with torch, diffusers and peft (SPIN_PYTHON): nothing to compare the times with.");
    return seen;
  }
  const [setting] = settingsOf("sd15", false) as [Setting];
  for (const side of sides) {
    const model = await torch.open({ ...setting, side, works: ["step"] });
    await model.time("step");
    const took: number[] = [];
    for (let turn = 0; turn < turns; turn++) took.push(await model.time("step"));
    seen.set(side, { seconds: Math.min(...took), resident: await model.resident() });
    await model.close();
    say(`${torch.description}, ${side} px: ${Math.min(...took).toFixed(1)} s`);
  }
  return seen;
}

async function main(): Promise<void> {
  const sides = values.sides.split(",").map(Number);
  const rows: Row[] = [];
  for (const side of sides)
    for (const cut of values.cuts.split(",") as SizeAsked["cut"][])
      for (const weights of values.weights.split(",") as SizeAsked["weights"][]) {
        const asked = { side, cut, weights, threads, turns };
        const plan = await planOf(asked);
        const fits = MOST * plan < os.freemem() + 1e9;
        say(
          `${side} px, cut ${cut}, ${weights}: plan ${gigabytes(plan)} GB${fits ? "" : `, and ${gigabytes(os.freemem())} are free`}`,
        );
        rows.push({ ...asked, plan, seen: fits ? await measured(asked) : null });
      }
  const torch = await rivals(sides);
  if (values.json) process.stdout.write(`${JSON.stringify({ rows, torch: Object.fromEntries(torch) })}\n`);
  else process.stdout.write(`${told(rows, torch)}\n`);
  if (rows.some(({ plan, seen }) => seen !== null && seen.resident > MOST * plan)) process.exitCode = 1;
}

function told(rows: readonly Row[], torch: Awaited<ReturnType<typeof rivals>>): string {
  const head = [
    "px",
    "cut",
    "weights",
    "plan, GB",
    "resident, GB",
    "of plan",
    "s a pair",
    "PyTorch s",
    "ratio",
    "PyTorch GB",
  ];
  const lines = rows.map(({ side, cut, weights, plan, seen }) => {
    const rival = torch.get(side);
    const ours = seen
      ? [gigabytes(seen.resident), (seen.resident / plan).toFixed(2), seen.seconds.toFixed(1)]
      : ["does not fit here", "", ""];
    const theirs = rival
      ? [rival.seconds.toFixed(1), seen ? (seen.seconds / rival.seconds).toFixed(2) : "", gigabytes(rival.resident)]
      : ["", "", ""];
    return [side, cut, weights, gigabytes(plan), ...ours, ...theirs];
  });
  return table(head, lines);
}

await main();
