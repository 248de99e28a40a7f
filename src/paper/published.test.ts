/** @file Tables, figures and the page from results that were made up, so that what must come out is known. */
import { expect, test } from "vitest";
import { mean } from "../lib/statistics.ts";
import { claimsOf } from "./claims.ts";
import { figuresOf } from "./figures.ts";
import { madeUpResults } from "./made-up.ts";
import { published } from "./published.ts";
import { readResults } from "./results.ts";
import { difference, level, winRate } from "./summary.ts";
import { cellText, csv, latex, latexText, markdown, type Table } from "./table.ts";
import { tablesOf } from "./tables.ts";
import { targetsOf } from "./targets.ts";

const results = madeUpResults();

test("results are what they were after a file, and refused where scores are missing or the form is another", () => {
  expect(readResults(JSON.parse(JSON.stringify(results)))).toEqual(results);
  const short = JSON.parse(JSON.stringify(results)) as {
    shared: { base: { models: { scores: { truth: number[] } }[] } };
  };
  short.shared.base.models[0]?.scores.truth.pop();
  expect(() => readResults(short)).toThrow("base, truth: 19 scores, expected 20");
  expect(() => readResults({ ...results, schema: 2 })).toThrow("schema");
});

test("a level is the mean over seeds of means over prompts, with the sample's deviation over seeds", () => {
  const sft = results.seeds.map(({ parts }) => mean(parts["baselines"]?.models[0]?.scores.truth ?? []));
  const centre = mean(sft);
  const found = level({ results, score: "truth" }, "sft");
  expect(found?.mean).toBeCloseTo(centre, 12);
  expect(found?.deviation).toBeCloseTo(Math.sqrt(sft.reduce((sum, x) => sum + (x - centre) ** 2, 0) / 2), 12);
  expect(level({ results: madeUpResults([7]), score: "truth" }, "sft")?.deviation).toBeNull();
});

test("differences are paired within a seed: what is common to a prompt does not widen them", () => {
  const found = difference({ results, score: "average" }, "spin2", "spin1");
  expect(found?.mean).toBeCloseTo(1, 1);
  const [low, high] = found?.interval ?? [0, 0];
  expect(high - low).toBeLessThan(0.15); // unpaired, the prompts' own spread alone would make it wider
  expect(winRate({ results, score: "average" }, "spin3", "base")?.mean).toBe(100);
  expect(winRate({ results, score: "average" }, "base", "base")?.mean).toBe(50);
  expect(difference({ results, score: "average" }, "nobody", "base")).toBeNull();
});

test("the targets follow the results, met or missed", () => {
  expect(targetsOf(results).map(({ met }) => met)).toEqual([true, true, true, true, true, true, true, true]);
  const swapped = structuredClone(results) as typeof results;
  for (const { parts } of swapped.seeds)
    for (const model of parts["spin"]?.models ?? []) {
      const named = model as { id: string };
      named.id = { spin1: "spin3", spin3: "spin1" }[model.id] ?? model.id;
    }
  const missed = targetsOf(swapped).filter(({ met }) => met === false);
  expect(missed.map(({ claim }) => claim).slice(0, 2)).toEqual([
    "SPIN 2 ≥ SPIN 1 in average score",
    "SPIN 3 ≥ SPIN 2 in average score",
  ]);
  const bare = { ...results, seeds: [] };
  expect(targetsOf(bare).every(({ met, found }) => met === null && found === "not run yet")).toBe(true);
});

test("a claim is open where its interval holds both answers", () => {
  const verdicts = new Map(claimsOf(results).map(({ paper, verdict }) => [paper, verdict]));
  expect(verdicts.get("Iteration 2 beats iteration 1")).toBe("agrees");
  expect(verdicts.get("More of iteration 1 does not help (Figure 5): it gets worse")).toBe("agrees");
  expect(verdicts.get("LoRA costs a little against all weights (Table 11 has it for SFT)")).toBe("open");
});

test("the tables of the paper by number, with the models that are there", () => {
  const ids = tablesOf(results).map(({ id }) => id);
  for (const number of [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]) expect(ids).toContain(`table-${number}`);
  const [first] = tablesOf(results) as [Table];
  expect(first.rows.map(([name]) => name)).toEqual(["Base", "SFT", "Diffusion-DPO", "SPIN 1", "SPIN 2", "SPIN 3"]);
  const bare = tablesOf({ ...results, seeds: [] }).map(({ id }) => id);
  expect(bare).toEqual(["table-trials"]);
});

test("a table in its three forms", () => {
  const value = { mean: 1.234, deviation: 0.05, seeds: 3, interval: [1.1, 1.3] as const };
  const table: Table = {
    id: "table-x",
    title: "A & B",
    head: ["Model", "Score, %"],
    rows: [
      ["one, two", { value, digits: 2, signed: true }],
      ["none", null],
    ],
  };
  expect(markdown(table)).toContain("| one, two | +1.23 ± 0.05 [+1.10, +1.30] |");
  expect(csv(table)).toBe(
    'Model,"Score, %","Score, %, deviation","Score, %, low","Score, %, high"\n"one, two",1.234,0.05,1.1,1.3\nnone,,,,\n',
  );
  expect(latex(table)).toContain("one, two & +1.23 $\\pm$ 0.05 [+1.10, +1.30] \\\\");
  expect(latexText("a_b 50 % & ≥")).toBe("a\\_b 50 \\% \\& $\\geq$");
  expect(cellText({ value: { mean: -0.0001, deviation: null, seeds: 1 }, digits: 2 })).toBe("0.00");
});

test("the figures of the paper by number; lines go up as the scores do", () => {
  const figures = figuresOf(results);
  expect(figures.map(({ id }) => id)).toEqual([
    "figure-1",
    "figure-3",
    "figure-4",
    "figure-5",
    "figure-7",
    "figure-objectives",
  ]);
  const files = published(results);
  const iterations = files.get("figure-3.csv") ?? "";
  expect(iterations).toMatch(/^panel,series,iteration,score,/);
  const svg = files.get("figure-5.svg") ?? "";
  const heights = [...svg.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  const [spin, continued] = [heights.slice(0, 4), heights.slice(4)];
  expect(spin).toEqual(spin.toSorted((a, b) => b - a));
  expect(continued).toEqual(continued.toSorted((a, b) => a - b));
  const unknown = [...files].filter(([, text]) => /NaN|Infinity|undefined/.test(text)).map(([name]) => name);
  expect(unknown).toEqual([]);
  const drawn = [...files].filter(([name]) => name.endsWith(".svg")).map(([, text]) => text);
  expect(drawn).toHaveLength(6);
  for (const text of drawn) expect(text.match(/<(\w+)[^>]*[^/]>/g)?.length).toBe(text.match(/<\/\w+>/g)?.length);
});

test("the same results give the same files, in one seed too", () => {
  expect(published(madeUpResults())).toEqual(published(results));
  for (const text of published(madeUpResults([3])).values()) expect(text).not.toMatch(/NaN|undefined/);
});
