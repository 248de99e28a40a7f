import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/clip.json" with { type: "json" };
import { maxAbs } from "../diffusion/max-abs.ts";
import { clipGradNorm } from "./clip.ts";

const { cases } = golden;

test.each(cases)("norm $norm against $maxNorm: torch's norm and gradient", ({ maxNorm, gradient, norm, clipped }) => {
  const g = Float32Array.from(gradient);
  expect(clipGradNorm(g, maxNorm) / norm).toBeCloseTo(1, 6);
  const largest = Math.max(...clipped.map(Math.abs));
  expect(maxAbs(g, clipped) / largest).toBeLessThan(3e-7);
});

test("a gradient within the limit is left as it is, to the bit", () => {
  const within = cases.filter(({ norm, maxNorm }) => norm <= maxNorm);
  expect(within.length).toBeGreaterThan(0);
  for (const { gradient, maxNorm } of within) {
    const g = Float32Array.from(gradient);
    clipGradNorm(g, maxNorm);
    expect(g).toEqual(Float32Array.from(gradient));
  }
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%s anywhere is refused", (bad) => {
  const g = Float32Array.from([3, bad, 4]);
  expect(() => clipGradNorm(g, 1)).toThrow(expect.objectContaining({ code: "not-finite" }));
  expect([...g]).toEqual([3, bad, 4]);
});

test("the largest float32 values are finite, and so is their norm", () => {
  const largest = 3.4028234663852886e38;
  expect(clipGradNorm(Float32Array.from([largest, largest]), 1)).toBeCloseTo(largest * Math.SQRT2, -30);
});
