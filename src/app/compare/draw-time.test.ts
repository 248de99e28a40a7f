/** @file What the button that draws promises. */
import { expect, test } from "vitest";
import type { SpinSettings } from "../../studio/api.ts";
import { drawInWords, drawSeconds } from "./draw-time.ts";

const settings = { steps: 30, pairsPerStep: 2, opponentSteps: 20, usedPairs: 0 } as SpinSettings;
const took = (...all: readonly number[]) => all.map((seconds) => ({ seconds }));

test("a picture takes its forward passes at the speed of the steps, of which each pair has four", () => {
  // 8 forwards in 8 seconds, and 12 pictures of 50
  expect(drawSeconds(12, 50, { settings }, took(7, 8, 9))).toBeCloseTo(600);
  expect(drawSeconds(1, 20, { settings }, took(4, 4, 4))).toBeCloseTo(10);
});

test("few steps tell nothing", () => {
  expect(drawSeconds(12, 50, { settings }, took(8, 8))).toBeNull();
});

test("it says how many, and how long where that is known", () => {
  expect(drawInWords(12, 540)).toBe("Draw 12 pictures, about 9 min");
  expect(drawInWords(1, null)).toBe("Draw 1 picture");
});
