import { expect, test } from "vitest";
import { leftInWords, overhead, timeLeft, times } from "./eta.ts";

const steady = (n: number, seconds: number): number[] => Array.from({ length: n }, () => seconds);

test("nothing is said before the first ten parts are done", () => {
  expect(timeLeft(steady(9, 1), 100)).toEqual({ kind: "hidden" });
  expect(timeLeft(steady(10, 1), 100).kind).toBe("about");
  expect(timeLeft(steady(3, 1), 100, 3).kind).toBe("about");
});

test("a steady pace gives one rounded value", () => {
  expect(leftInWords(timeLeft(steady(30, 1.4), 188))).toBe("about 4 min");
});

test("a pace that swings gives a range, and it holds the true end", () => {
  const durations = [...steady(10, 1), ...steady(10, 1.5)];
  const left = timeLeft(durations, 200);
  expect(left).toEqual({ kind: "range", low: 200, high: 300 });
  expect(leftInWords(left)).toBe("3 to 5 min");
});

test("one slow part among many is no range", () => {
  expect(timeLeft([...steady(14, 1), 1.5, ...steady(5, 1)], 100).kind).toBe("about");
});

test("old parts are forgotten: only the last twenty count", () => {
  expect(timeLeft([...steady(50, 9), ...steady(20, 1)], 10)).toEqual({ kind: "about", seconds: 10 });
});

test("a range whose ends read the same is one value, and unlike units stand apart", () => {
  expect(leftInWords({ kind: "range", low: 61, high: 85 })).toBe("about 1 min");
  expect(leftInWords({ kind: "range", low: 40, high: 70 })).toBe("40 s to 1 min");
  expect(leftInWords({ kind: "range", low: 3500, high: 4300 })).toBe("58 min to 1 h 10 min");
});

test("an hour in which the computer slept is no step", () => {
  const slept = [...steady(10, 1), 3600, ...steady(9, 1)];
  expect(timeLeft(slept, 100)).toEqual({ kind: "about", seconds: 100 });
  expect(overhead(slept, steady(20, 1))).toBe(1);
});

test("news that waited while the tab was hidden and came at once leave the pace as it was", () => {
  // ten pictures of 2 s, told together: one long gap and nine of nothing
  const bunch = [...steady(10, 2), 20, ...steady(9, 0)];
  const left = timeLeft(bunch, 50);
  const [low, high] = left.kind === "range" ? [left.low, left.high] : [0, 0];
  expect(low).toBeLessThanOrEqual(100);
  expect(high).toBeGreaterThanOrEqual(100);
});

test("samples and saving between the steps make the time longer, not uncertain", () => {
  const wall = steady(20, 1).map((second, at) => (at % 5 === 4 ? 6 : second));
  const factor = overhead(wall, steady(20, 1));
  expect(factor).toBe(2);
  expect(times(timeLeft(steady(20, 1), 100), factor)).toEqual({ kind: "about", seconds: 200 });
  expect(overhead(steady(3, 9), steady(4, 1))).toBe(1);
  expect(overhead(steady(9, 0.5), steady(9, 1))).toBe(1);
});
