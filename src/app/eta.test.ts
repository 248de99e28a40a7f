import { expect, test } from "vitest";
import { leftInWords, timeLeft } from "./eta.ts";

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
