/** @file A picture's side as it may be typed. */
import { expect, test } from "vitest";
import { parseSide } from "./picture-side.ts";

const sides = { least: 64, most: 1024, step: 8 };

test.each([
  ["64", 64],
  [" 512 px ", 512],
  ["1024", 1024],
])("%j is a side", (text, value) => expect(parseSide(sides, text)).toEqual({ value }));

test.each([
  ["", "Write a number from 64 to 1024."],
  ["5e2", "Write a number from 64 to 1024."],
  ["512.0", "Write a number from 64 to 1024."],
  ["56", "Write a number from 64 to 1024."],
  ["1032", "Write a number from 64 to 1024."],
  ["500", "Must be a multiple of 8, such as 496 or 504."],
])("%j is none", (text, fault) => expect(parseSide(sides, text)).toEqual({ fault }));
