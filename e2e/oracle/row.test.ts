import { expect, test } from "vitest";
import { apart, passed, relative } from "./row.ts";

test("what is not a number, or not as long, fails; what is at the limit passes", () => {
  const row = (worst: number) => ({ what: "", worst, allowed: 1e-4 });
  expect(passed(row(apart([1, NaN, 1], [1, 1, 1])))).toBe(false);
  expect(passed(row(relative([0, 0], [0, 0])))).toBe(false);
  expect(passed(row(relative([], [1])))).toBe(false);
  expect(passed(row(1e-4))).toBe(true);
  expect(passed(row(1.01e-4))).toBe(false);
});

test("differences are told as shares of the largest value", () => {
  expect(apart([1, -2], [1.5, -2])).toBe(0.5);
  expect(relative([1, -2], [1, -4])).toBe(0.5);
});
