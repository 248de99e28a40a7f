/** @file The bench on the nano model: every work is timed on both sides, bytes are the plan's, and a rival that computes something else is seen. */
import { expect, test } from "vitest";
import { nanoConfigs } from "../../e2e/nano-model.ts";
import { scheduler } from "../pocket/config.ts";
import { nodeBackend } from "../runtime/node.ts";
import { bench, type Rival } from "./bench.ts";
import { settingsOf, type Setting, type Work } from "./bench-models.ts";

const setting = (train: "full" | "lora"): Setting => ({
  model: "pocket",
  train,
  rank: 2,
  pairs: 2,
  cut: "whole",
  side: 8,
  tokens: 77,
  guidance: 3,
  steps: 2,
  works: ["forward", "errors", "step", "picture"],
  configs: { ...nanoConfigs(2), scheduler },
});

test("times every work, with bytes as the plan says", async () => {
  for (const train of ["full", "lora"] as const) {
    const { timings, predicted, measured, disagreement } = await bench(nodeBackend(), setting(train), null);
    expect(timings.map(({ work, rows }) => [work, rows])).toEqual([
      ["forward", 2],
      ["errors", 4],
      ["step", 4],
      ["picture", 2],
    ]);
    for (const { seconds, outside, rival } of timings) {
      expect(seconds).toBeGreaterThan(0);
      expect(outside).toBeGreaterThan(0);
      expect(outside).toBeLessThan(1);
      expect(rival).toBeNull();
    }
    expect(Math.abs(measured / predicted - 1)).toBeLessThan(0.1);
    expect(disagreement).toBeNull();
  }
});

test("asks a rival for the same works, keeps its best time, compares its errors and lets it go", async () => {
  const asked: Work[] = [];
  let closed = 0;
  const rival: Rival = {
    description: "a fake",
    open: async () => ({
      time: async (work) => {
        asked.push(work);
        return asked.length === 3 ? 0.25 : 0.5;
      },
      errors: async () => [1, 1, 1, 1],
      resident: async () => 1,
      close: async () => {
        closed++;
      },
    }),
  };
  const { timings, disagreement } = await bench(nodeBackend(), { ...setting("full"), works: ["forward"] }, rival);
  expect(new Set(asked)).toEqual(new Set(["forward"]));
  expect(asked.length).toBeGreaterThan(3);
  expect(timings[0]?.rival).toBe(0.25);
  expect(disagreement).toBeGreaterThan(1e-3);
  expect(closed).toBe(1);
});

test("pocket and SD-1.5 at 256 pixels; SD-1.5's picture only where it is asked for", () => {
  expect(settingsOf("pocket", false).map(({ train }) => train)).toEqual(["full", "lora"]);
  const [lora] = settingsOf("sd15", false);
  expect(lora).toMatchObject({ side: 256, cut: "block", train: "lora", works: ["forward", "step"] });
  expect(settingsOf("sd15", true)[0]?.works).toContain("picture");
});
