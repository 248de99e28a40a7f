/** @file What the seeds' pictures say: docs/pocket-selfplay.json, and a sheet for the eye. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { writeFileWhole } from "../../src/cli/files.ts";
import { encodePng } from "../../src/cli/images.ts";
import { reportTable } from "../../src/cli/report-table.ts";
import { sheet } from "../../src/cli/sheet.ts";
import { render, rgbaOf } from "../../src/pocket/render.ts";
import type { Picture } from "../../src/studio/api.ts";
import { type Comparison, report } from "../../src/studio/evaluate.ts";
import { pocketScorer } from "../../src/studio/pocket-scorer.ts";
import type { Asked } from "./options.ts";
import { folderHash, openPlayer, picturesOf, play } from "./player.ts";

const ROWS = 8;
const quiet = () => {};

/** Reads what was played and drawn; draws what is missing. */
async function seedsOf(options: Asked) {
  const { model, close } = await openPlayer(options);
  const told = [];
  for (const seed of options.seeds) {
    const vectors = await play(model, { ...options, evaluateOnly: true }, seed, quiet, new AbortController().signal);
    const models: { model: string; pictures: readonly Picture[] }[] = [];
    for (const [k, vector] of vectors.entries())
      models.push({ model: k === 0 ? "base" : `SPIN ${k}`, pictures: await picturesOf(model, vector, options, quiet) });
    told.push({ seed, models });
  }
  await close();
  return told;
}

/** Better by both measures: the difference's interval is above 0, that of the share of wins above one half. */
const better = ({ scores }: Comparison, name: string): boolean => {
  const compared = scores[name];
  return compared !== undefined && compared.interval[0] > 0 && compared.winInterval[0] > 0.5;
};

export async function writeReport(options: Asked, argv: readonly string[]): Promise<void> {
  const { model, settings, pairs, part, prompts, drawSteps, standard, out, threads } = options;
  const seeds = await seedsOf(options);
  const scorer = pocketScorer();
  const results = seeds.map(({ seed, models }) => {
    const { report: told } = report(models, scorer);
    process.stdout.write(`\nseed ${seed}\n${reportTable(told)}\n`);
    const holds = told.comparisons.map((each) => ({
      order: `${each.model} > ${each.against}`,
      truth: better(each, "truth"),
      average: better(each, "average"),
    }));
    return { seed, holds, ...told };
  });
  const [first] = seeds;
  const spread = Math.floor(prompts.length / ROWS);
  const shown = Array.from({ length: ROWS }, (_, i) => i * Math.max(1, spread)).filter((i) => i < prompts.length);
  const columns = first?.models ?? [];
  const json = {
    date: new Date().toISOString().slice(0, 10),
    command: ["npx tsx e2e/pocket-selfplay.ts", ...argv].join(" "),
    backend: `onnxruntime-node, CPU, ${threads} thread${threads === 1 ? "" : "s"}`,
    model: { folder: model, sha256: await folderHash(model) },
    pairs,
    prompts: { part, count: prompts.length },
    sampling: {
      sampler: "DDIM",
      steps: drawSteps,
      guidance: settings[0]?.guidance,
      seeds: `0 to ${prompts.length - 1}`,
    },
    settings: settings.map(({ seed: _seed, ...rest }) => rest),
    sheet: {
      seed: first?.seed,
      columns: [...columns.map((each) => each.model), "finest picture"],
      rows: shown.map((i) => prompts[i]),
    },
    seeds: results,
  };
  const rows = shown.map((i) => [
    ...columns.map(({ pictures }) => (pictures[i] as Picture).rgba),
    rgbaOf(render(prompts[i] as string, 1, 0)),
  ]);
  const path = standard ? join("docs", "pocket-selfplay") : join(out, part);
  await writeFileWhole(`${path}.json`, `${JSON.stringify(json, rounded, standard ? 0 : 1)}\n`);
  if (standard) execFileSync("npx", ["biome", "format", "--write", `${path}.json`]);
  const side = columns[0]?.pictures[0]?.side ?? 0;
  await writeFileWhole(`${path}.png`, encodePng(sheet(rows, { side, scale: 3, gap: 6 })));
  process.stdout.write(`\n${path}.json, ${path}.png\n`);
}

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
