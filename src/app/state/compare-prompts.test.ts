/** @file The prompts that nobody chose: such as no training sees, where there are some, and what is said of them. */
import { expect, test } from "vitest";
import { SCORING } from "../fake/made-up-scores.ts";
import { defaultPrompts, seenInWords } from "./compare-prompts.ts";
import type { PairItem, StudioState } from "./studio-state.ts";

const model = (prompts: readonly string[] | null): StudioState["model"] => ({
  id: "m",
  title: "M",
  memory: { bytes: 2, weights: 1, pairs: 8, recomputes: false },
  resolution: 64,
  parameters: 1,
  large: false,
  guidance: 3,
  presets: [],
  scoring: prompts && { ...SCORING, prompts },
});
const pair = (caption: string, more: Partial<PairItem> = {}): PairItem => ({
  id: caption,
  caption,
  came: caption,
  source: caption,
  pictureHash: caption,
  picture: caption,
  side: 64,
  whole: null,
  likeness: null,
  alike: [],
  box: null,
  leftOut: false,
  accepted: [],
  fault: null,
  ...more,
});
const pairs = ["a", "b", "c ", "d", "e", "f", "g", "h"].map((caption) => pair(caption));
const out = { leftOut: true };

function told(prompts: readonly string[] | null, given: readonly PairItem[]) {
  const known = { model: model(prompts), pairs: given };
  const chosen = defaultPrompts(known);
  return [chosen.map(({ text }) => text).join(), seenInWords({ ...known, prompts: chosen })];
}

test("held-out captions first, of them none that a pair has; then those left out, else a spread of the pairs'", () => {
  expect(told(["p", "b", "q", "r", "s", "t"], pairs)).toEqual(["p,q,r,s", "No training sees these captions."]);
  expect(told(null, [...pairs, pair("y", out), pair("a", out), pair(" ", out)])).toEqual([
    "y",
    "You left this caption out of training.",
  ]);
  const seen = "Training sees these captions, so how others fare does not show here.";
  expect(told(null, pairs)).toEqual(["a,c,e,g", seen]);
  // all that the model could be scored on is trained on, and a pair with a fault is not left out by hand
  expect(told(["a", "b"], [...pairs, pair("z", { fault: { kind: "small", needs: 64 } })])).toEqual(["a,c,e,g", seen]);
  expect(defaultPrompts({ model: model(null), pairs }).map(({ seed }) => seed)).toEqual([42, 43, 44, 45]);
  expect(told(null, [])).toEqual(["", ""]);
});

test("what is said holds for the prompts and the pairs as they are, whoever chose them", () => {
  const words = (texts: readonly string[], given = pairs) =>
    seenInWords({ model: model(["p"]), pairs: given, prompts: texts.map((text) => ({ text, seed: 1 })) });
  expect(words(["p", "mine"])).toBe("Your pairs do not train on these captions.");
  expect(words(["p", "a", "c"])).toBe("Training sees 2 of these 3 captions.");
  expect(words(["p"])).toBe("No training sees this caption.");
  expect(words(["p"], [pair("p")])).toBe("Training sees this caption, so how others fare does not show here.");
  expect(seenInWords({ model: null, pairs, prompts: [{ text: "a", seed: 1 }] })).toBe("");
});
