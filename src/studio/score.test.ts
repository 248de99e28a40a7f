/** @file Scores of painted pictures, of which it is known which are better. */
import { expect, test } from "vitest";
import { render, rgbaOf, SIDE } from "../pocket/render.ts";
import type { DrawRequest, ModelInfo, PageEvent, ScoreRequest } from "./api.ts";
import { score } from "./score.ts";
import { scoringOf } from "./scoring.ts";

const scoring = scoringOf("pocket");
const model = { scoring } as ModelInfo;
const prompts = scoring?.prompts.slice(0, 9) ?? [];
const request: ScoreRequest = {
  project: "p",
  nodes: ["plain", "fine"],
  prompts,
  negativePrompt: "",
  seeds: prompts.map((_, at) => at),
  steps: 20,
  guidance: 3,
  reference: null,
};

const draw = async ({ node, prompts: asked, seeds }: DrawRequest) => ({
  step: 0,
  pictures: asked.map((prompt, at) => {
    const seed = seeds[at] ?? 0;
    return { prompt, seed, side: SIDE, rgba: rgbaOf(render(prompt, node === "fine" ? 0.9 : 0, seed)) };
  }),
});

test("finer pictures score higher, against what the first node or an earlier one scored", async () => {
  const events: PageEvent[] = [];
  const scored = await score(model, request, { draw, emit: (event) => events.push(event) });
  const [plain = [], fine = []] = [scored["plain"], scored["fine"]];
  expect(plain).toHaveLength(9);
  for (const { id } of scoring?.scores ?? []) expect(fine[0]).toHaveProperty(id);
  expect(plain.reduce((sum, row) => sum + (row["average"] ?? 0), 0)).toBeCloseTo(0, 6);
  expect(fine.every((row, at) => (row["average"] ?? 0) > (plain[at]?.["average"] ?? 0))).toBe(true);
  expect(events.map((event) => (event.kind === "scored" ? event.done : -1))).toEqual([0, 8, 9, 17, 18]);
  const variety = fine.map((row) => row["variety"] ?? 0);
  expect(Math.min(...variety)).toBeGreaterThan(5); // things stand elsewhere in the other picture
  const again = await score(model, { ...request, nodes: ["fine"], reference: plain }, { draw, emit: () => {} });
  expect(again).toEqual({ fine });
}, 180_000);

test("variety is told of the first prompts, and is nothing where the seed changes nothing", async () => {
  const same = async (asked: DrawRequest) => draw({ ...asked, seeds: asked.seeds.map(() => 1) });
  const many = Array.from({ length: 26 }, (_, at) => prompts[at % 9] as string);
  const all = { ...request, nodes: ["fine"], prompts: many, seeds: many.map((_, at) => at) };
  const { fine = [] } = await score(model, all, { draw: same, emit: () => {} });
  expect(fine.map((row) => row["variety"])).toEqual([...Array.from({ length: 24 }, () => 0), undefined, undefined]);
}, 180_000);

test("a model without a scorer, and rows of another's, are refused", async () => {
  const parts = { draw, emit: () => {} };
  await expect(score({ scoring: null } as ModelInfo, request, parts)).rejects.toMatchObject({ code: "score" });
  const foreign = { ...request, reference: [{ beauty: 1 }] };
  await expect(score(model, foreign, parts)).rejects.toMatchObject({ code: "score" });
});
