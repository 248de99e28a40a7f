import { expect, test } from "vitest";
import { samplePosterior } from "./pair.ts";

test("posterior samples are mean + exp(logvar / 2) eps, scaled, with logvar clamped as in diffusers", () => {
  const moments = Float32Array.from([1, -2, 3, 0.5, Math.log(4), 0, -1000, 1000]);
  const x = samplePosterior(moments, Float32Array.from([1, -1, 5, 1]), 0.5);
  expect(x[0]).toBeCloseTo((1 + 2) * 0.5, 6);
  expect(x[1]).toBeCloseTo((-2 - 1) * 0.5, 6);
  expect(x[2]).toBeCloseTo((3 + 5 * Math.exp(-15)) * 0.5, 6);
  expect((x[3] as number) / ((0.5 + Math.exp(10)) * 0.5)).toBeCloseTo(1, 6);
});
