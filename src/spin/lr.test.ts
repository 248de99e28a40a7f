import { expect, test } from "vitest";
import { learningRateAt } from "./lr.ts";

const rates = (steps: number, warmupSteps: number, schedule: "linear" | "constant") =>
  Array.from({ length: steps }, (_, step) => learningRateAt(step, steps, { learningRate: 1, warmupSteps, schedule }));

test("linear: up over the warm-up, then down to one step above zero", () => {
  expect(rates(8, 4, "linear")).toEqual([0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]);
  expect(rates(4, 0, "linear")).toEqual([1, 0.75, 0.5, 0.25]);
});

test("constant after the warm-up", () => {
  expect(rates(4, 2, "constant")).toEqual([0.5, 1, 1, 1]);
});

test("the paper's preset, taken literally: 200 warm-up steps in an iteration of 50 peak at 5e-6", () => {
  const rate = (step: number) => learningRateAt(step, 50, { learningRate: 2e-5, warmupSteps: 200, schedule: "linear" });
  expect(Math.max(...Array.from({ length: 50 }, (_, step) => rate(step)))).toBeCloseTo(5e-6, 15);
});
