import { expect, test } from "vitest";
import { smooth, spanAround } from "./curves.ts";

test("smoothing starts at the first value and leaves a flat line flat", () => {
  expect(smooth([Math.LN2, Math.LN2, Math.LN2], 8)).toEqual([Math.LN2, Math.LN2, Math.LN2]);
  expect(smooth([1, 0, 0], 2)).toEqual([1, 0.5, 0.25]);
  expect(smooth([], 5)).toEqual([]);
});

test("a span holds every value with air, and is never empty", () => {
  const { low, high } = spanAround([0.4, 0.7, Number.NaN]);
  expect(low).toBeLessThan(0.4);
  expect(high).toBeGreaterThan(0.7);
  const flat = spanAround([5, 5]);
  expect(flat.high).toBeGreaterThan(flat.low);
  expect(spanAround([])).toEqual({ low: 0, high: 1 });
});

test("a span ends in round numbers, however narrow it is", () => {
  expect(spanAround([0.433, Math.LN2])).toEqual({ low: 0.4, high: 0.75 });
  expect(spanAround([0.1404, 0.14118])).toEqual({ low: 0.1402, high: 0.1414 });
  expect(spanAround([-3, 40])).toEqual({ low: -10, high: 50 });
});
