/** @file Whether a run draws its strip by itself. */
import { expect, test } from "vitest";
import type { ModelInfo, SpinSettings } from "../../studio/api.ts";
import { isFilming } from "./samples.ts";
import type { Current, PairItem, StudioState } from "./studio-state.ts";

const pair = { caption: "a cat", leftOut: false, fault: null, accepted: [] } as unknown as PairItem;
/** 10 steps of 2 pairs are 80 forwards, 6 opponents of 20 steps 120; a sample of the large model is 50 a prompt. */
const state = (large: boolean, change: Partial<SpinSettings> = {}, filming: boolean | null = null): StudioState => {
  const settings = { steps: 10, pairsPerStep: 2, opponentSteps: 20, usedPairs: 0, ...change } as SpinSettings;
  return {
    filming,
    model: { large, guidance: 7.5 } as ModelInfo,
    current: { settings } as Current,
    pairs: Array.from({ length: 6 }, () => pair),
    prompts: [{ text: "a dog", seed: 1 }],
  } as unknown as StudioState;
};

test("a large model draws samples as it trains where one is at most a tenth of the iteration", () => {
  expect(isFilming(state(true))).toBe(false);
  expect(isFilming(state(true, { steps: 47 }))).toBe(false);
  expect(isFilming(state(true, { steps: 48 }))).toBe(true);
});

test("a small one always does, and a person's choice stands in any case", () => {
  expect(isFilming(state(false))).toBe(true);
  expect(isFilming(state(true, {}, true))).toBe(true);
  expect(isFilming(state(false, {}, false))).toBe(false);
});
