import { expect, test } from "vitest";
import { differenceOf } from "./difference.ts";

const picture = (...values: readonly number[]) => {
  const rgba = new Uint8ClampedArray(4 * 4).fill(255);
  for (const [at, value] of values.entries()) rgba.fill(value, at * 4, at * 4 + 3);
  return { side: 2, rgba };
};

test("equal pictures differ by nothing, and nothing is brightened", () => {
  const { pixels, gain, mean } = differenceOf(picture(9, 9, 9, 9), picture(9, 9, 9, 9));
  expect([gain, mean]).toEqual([1, 0]);
  expect([...pixels.rgba]).toEqual([...picture(0, 0, 0, 0).rgba]);
});

test("a faint difference is doubled until it would be too bright, whichever picture is the brighter", () => {
  const { pixels, gain, mean } = differenceOf(picture(100, 30, 0, 0), picture(80, 50, 0, 0));
  expect(gain).toBe(8);
  expect(mean).toBe(10);
  expect([...pixels.rgba]).toEqual([...picture(160, 160, 0, 0).rgba]);
  expect(differenceOf(picture(1, 0, 0, 0), picture(0, 0, 0, 0)).gain).toBe(32);
  expect(differenceOf(picture(255, 0, 0, 0), picture(0, 0, 0, 0)).gain).toBe(1);
});
