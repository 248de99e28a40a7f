import { expect, test } from "vitest";
import { rateAt, rateCorners } from "./rate-curve.ts";

const run = { steps: 10, warmupSteps: 4, learningRate: 1 };

test("the rate rises from its first part to the whole, then falls; the last step has a little left", () => {
  const rates = Array.from({ length: 10 }, (_, at) => rateAt(at + 1, run));
  expect(rates.slice(0, 5)).toEqual([0.25, 0.5, 0.75, 1, 1]);
  expect(rates[9]).toBeCloseTo(1 / 6, 12);
});

test("a constant rate stays where the warm-up left it", () => {
  expect([4, 5, 10].map((step) => rateAt(step, { ...run, schedule: "constant" }))).toEqual([1, 1, 1]);
});

test("without a warm-up it starts whole; a warm-up longer than the run is never finished", () => {
  expect(rateAt(1, { ...run, warmupSteps: 0 })).toBe(1);
  expect(rateCorners({ steps: 50, warmupSteps: 200, learningRate: 1 })).toEqual([
    { step: 1, rate: 1 / 200 },
    { step: 50, rate: 0.25 },
  ]);
});
