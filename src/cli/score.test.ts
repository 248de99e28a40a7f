/** @file `studio score` on the oracle's pictures with small scorers on disk: its numbers are the oracle's, its faults are sentences. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scorerGoldens, writeScorer } from "../../e2e/scorer-files.ts";
import { toFloat32 } from "../artifacts/safetensors.ts";
import { readTensors, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());
const pictures = join(scorerGoldens, "pictures");
const ids = ["aesthetic", "pickscore"] as const;
const chosen = ids.map((id) => `${id}=${dir.path(id)}`).join(",");

beforeAll(() => {
  for (const id of ids)
    for (const [file, bytes] of writeScorer(join(scorerGoldens, id))) {
      mkdirSync(dirname(join(dir.path(id), file)), { recursive: true });
      writeFileSync(join(dir.path(id), file), bytes);
    }
});

interface Told {
  readonly scores: Readonly<Record<string, { readonly mean: number; readonly median: number }>>;
  readonly pictures: readonly { readonly path: string; readonly scores: Readonly<Record<string, number>> }[];
}

test("scores every picture by every scorer, with their mean", async () => {
  const out = dir.path("scores.json");
  const told = (await studioJson("score", "--pictures", pictures, "--scorer", chosen, "--out", out)) as unknown as Told;
  expect(JSON.parse(readFileSync(out, "utf8"))).toEqual(told);
  const wanted = (id: string) => toFloat32(readTensors(join(scorerGoldens, id, "expected.safetensors")).get("scores")!);
  const order = ["square.png", "wide.png", "tall.png"];
  expect(told.pictures).toHaveLength(3);
  for (const { path, scores } of told.pictures) {
    const [a, p] = ids.map((id) => wanted(id)[order.indexOf(path)] as number);
    expect(scores["aesthetic"]).toBeCloseTo(a as number, 4);
    expect(scores["pickscore"]).toBeCloseTo(p as number, 3);
    expect(scores["average"]).toBeCloseTo(((a as number) + (p as number)) / 2, 3);
  }
  expect(told.scores["pickscore"]?.median).toBe(
    told.pictures.find(({ path }) => path === "tall.png")?.scores["pickscore"],
  );
});

test.each([
  ["an unknown scorer", `beauty=${dir.path("x")}`, /NAME is one of pickscore, hpsv2, aesthetic/],
  ["no folder", "pickscore=", /NAME=DIR was expected/],
  ["a scorer twice", "pickscore=a,pickscore=b", /names a scorer twice/],
  ["a folder that is not there", `pickscore=${dir.path("nowhere")}`, /nowhere does not exist/],
  [
    "a folder of something else",
    `hpsv2=${pictures}`,
    /^HPS v2: The folder has no \.safetensors file.* HPS v2 is HPS v2/,
  ],
])("%s ends in a sentence", async (_, typed, sentence) => {
  const { code, stderr } = await studio("score", "--pictures", pictures, "--scorer", typed, "--json");
  expect(code).toBe(2);
  expect(stderr.trimEnd()).toMatch(sentence);
});

test("pictures without prompts are told", async () => {
  const bare = dir.path("bare");
  mkdirSync(bare);
  cpSync(join(pictures, "square.png"), join(bare, "square.png"));
  const { code, stderr } = await studio("score", "--pictures", bare, "--scorer", chosen);
  expect(code).toBe(2);
  expect(stderr).toMatch(/square\.png: The image has no caption/);
  expect(stderr).toMatch(/has no picture with a prompt beside it/);
});
