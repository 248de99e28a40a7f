/** @file `studio evaluate` on runs of a nano model of pocket's size: what it writes, and that it finds no difference where there is none. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scorerGoldens, writeScorer } from "../../e2e/scorer-files.ts";
import { nanoFiles } from "../../e2e/nano-model.ts";
import { samplePairs } from "../pocket/pairs.ts";
import { heldOutSplit } from "../pocket/splits.ts";
import type { Detail, Report } from "../studio/evaluate.ts";
import { decodeImage, encodePng } from "./images.ts";
import { scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());
const [nano, pairs, run, still] = [dir.path("nano"), dir.path("pairs"), dir.path("run"), dir.path("still")];

const spin = (out: string, lr: string, iterations: string, ...more: readonly string[]) => {
  const numbers = { iterations, steps: 2, "pairs-per-step": 2, "opponent-steps": 1, lr, warmup: 0 };
  const typed = Object.entries(numbers).flatMap(([key, value]) => [`--${key}`, String(value)]);
  return studioJson("spin", "--model", nano, "--pairs", pairs, "--out", out, ...typed, ...more);
};
const evaluate = (from: string, out: string, ...more: string[]) =>
  studioJson("evaluate", "--model", nano, "--run", from, "--out", out, "--count", "3", "--steps", "2", ...more);

beforeAll(async () => {
  for (const [path, bytes] of nanoFiles(3)) {
    mkdirSync(dirname(join(nano, path)), { recursive: true });
    writeFileSync(join(nano, path), bytes);
  }
  mkdirSync(pairs);
  for (const { id, caption, side, rgba } of samplePairs(2)) {
    writeFileSync(join(pairs, `${id}.png`), encodePng({ width: side, height: side, rgba }));
    writeFileSync(join(pairs, `${id}.txt`), caption);
  }
  await spin(run, "1e-2", "2");
  await spin(still, "0", "1");
});

interface Written extends Report {
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  readonly detail: Detail;
}

test("writes every picture's scores, compares neighbours and the ends, and draws the sheet", async () => {
  const [out, png] = [dir.path("report.json"), dir.path("sheet.png")];
  await evaluate(run, out, "--sheet", png, "--seed", "5");
  const written = JSON.parse(readFileSync(out, "utf8")) as Written;
  expect(written.prompts).toEqual(heldOutSplit().test.slice(0, 3));
  expect(written.seeds).toEqual([5, 6, 7]);
  expect(written.models.map(({ model }) => model)).toEqual(["base", "SPIN 1", "SPIN 2"]);
  expect(written.comparisons.map(({ model, against }) => `${model} > ${against}`)).toEqual([
    "SPIN 1 > base",
    "SPIN 2 > SPIN 1",
    "SPIN 2 > base",
  ]);
  expect(Object.values(written.detail).map((pictures) => pictures.length)).toEqual([3, 3, 3]);
  const [base] = written.models;
  expect(Object.keys(base?.scores ?? {})).toEqual(["truth", "faith", "finish", "sharpness", "average"]);
  expect(base?.scores.average).toBeCloseTo(0, 12);
  expect(Object.keys(base?.measures ?? {})).toEqual(expect.arrayContaining(["finish", "all"]));
  const { width, height } = decodeImage(readFileSync(png));
  expect([width, height]).toEqual([4 * 132 + 4, 3 * 132 + 4]);
});

test("a player that learnt nothing ties with the base on every prompt of a file", async () => {
  const [prompts, out] = [dir.path("prompts.txt"), dir.path("still.json")];
  writeFileSync(prompts, "a red circle at night\n\na blue star by day\n");
  await evaluate(still, out, "--prompts", prompts);
  const { comparisons } = JSON.parse(readFileSync(out, "utf8")) as Written;
  expect(comparisons).toHaveLength(1);
  for (const compared of Object.values(comparisons[0]?.scores ?? {}))
    expect(compared).toMatchObject({ difference: 0, interval: [0, 0], ties: 2, winRate: 0.5 });
});

test("scorers from the disk take the place of pocket's, on any prompt", async () => {
  const [weights, prompts, out] = [dir.path("aesthetic"), dir.path("any.txt"), dir.path("judged.json")];
  for (const [file, bytes] of writeScorer(join(scorerGoldens, "aesthetic"))) {
    mkdirSync(dirname(join(weights, file)), { recursive: true });
    writeFileSync(join(weights, file), bytes);
  }
  writeFileSync(prompts, "a cat\na dog\n");
  const more = ["--prompts", prompts, "--scorer", `aesthetic=${weights}`, "--sheet", dir.path("judged.png")];
  await evaluate(run, out, ...more);
  const { models, detail } = JSON.parse(readFileSync(out, "utf8")) as Written;
  for (const { model, scores } of models) {
    const each = (detail[model] ?? []).map((row) => row.scores["aesthetic"] as number);
    expect(new Set(each).size).toBe(2);
    expect(scores["aesthetic"]).toBeCloseTo(((each[0] ?? 0) + (each[1] ?? 0)) / 2, 12);
    expect(scores["average"]).toBe(scores["aesthetic"]);
  }
  const { width } = decodeImage(readFileSync(dir.path("judged.png")));
  expect(width).toBe(3 * 132 + 4);
});

test("prints what was found", async () => {
  const typed = ["--out", dir.path("told.json"), "--prompts", "development", "--count", "2", "--steps", "1"];
  const { code, stdout, stderr } = await studio("evaluate", "--model", nano, "--run", run, ...typed);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("SPIN 2: 2 of 2 pictures") });
  expect(stdout).toMatch(/^score +truth/m);
  expect(stdout).toMatch(/^SPIN 2 against base +average +[+-]\d+\.\d{3} \[[+-].*\] +\d+\.\d \[\d+\.\d, \d+\.\d\]$/m);
});

test.each([
  ["no run", ["--run", dir.path("nowhere")], /nowhere.run\.json does not exist\.$/],
  [
    "another model",
    ["--model", "public/pocket"],
    /was begun with other weights than public\/pocket has\. --model names/,
  ],
  ["a prompt outside the world", ["--prompts", "PROMPTS"], /cannot draw "a cat"/],
  ["one prompt", ["--prompts", "ONE"], /has 1 prompts, and at least two were expected/],
])("%s ends in a sentence", async (_, more, sentence) => {
  writeFileSync(dir.path("PROMPTS"), "a cat\na dog\n");
  writeFileSync(dir.path("ONE"), "a red circle at night\n");
  const typed = more.map((word) => (/^[A-Z]+$/.test(word) ? dir.path(word) : word));
  const asked = ["--model", nano, "--run", run, "--out", dir.path("x.json"), "--steps", "1", ...typed];
  const { code, stderr } = await studio("evaluate", ...asked, "--json");
  expect(code).toBe(2);
  expect(stderr.trimEnd()).toMatch(sentence);
});

test("a run that went on from a LoRA is evaluated over it, and one over several is too", async () => {
  const lora = ["--train", "lora", "--rank", "2"];
  const first = dir.path("first");
  await spin(first, "1e-2", "1", ...lora);
  const file = join(first, "checkpoints", "1", "adapter.safetensors");
  for (const [name, given] of [
    ["on", file],
    ["over", `${file}:0.5,${file}:0.7`],
  ] as const) {
    const [out, report] = [dir.path(name), dir.path(`${name}.json`)];
    await spin(out, "0", "1", ...lora, "--lora", given);
    const log = JSON.parse(readFileSync(join(out, "log.jsonl"), "utf8").split("\n")[0] ?? "") as { loss: number };
    expect(log.loss).toBe(Math.LN2);
    await evaluate(out, report);
    const { comparisons } = JSON.parse(readFileSync(report, "utf8")) as Written;
    // a rate of 0: what it ends with is what it began with
    expect(comparisons[0]?.scores.average?.difference).toBe(0);
  }
  const began = JSON.parse(readFileSync(join(dir.path("over"), "run.json"), "utf8")) as { loras: unknown };
  expect(began.loras).toEqual([
    { path: file, multiplier: 0.5 },
    { path: file, multiplier: 0.7 },
  ]);
});
