/** @file The crop's square never leaves the picture, whatever is done to it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { along, boxInWords, centred, inside, resized, sizes } from "./boxes.ts";

const wholes = fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) });
const numbers = fc.double({ min: -1e4, max: 1e4, noNaN: true });

test("inside, square, whole pixels, and no smaller than the model’s side where there are as many", () => {
  fc.assert(
    fc.property(wholes, numbers, numbers, numbers, fc.integer({ min: 1, max: 1024 }), (whole, x, y, size, side) => {
      for (const box of [inside({ x, y, size }, whole, side), resized(centred(whole), size, whole, side)]) {
        const { least, most } = sizes(whole, side);
        expect([box.x, box.y, box.size].every(Number.isInteger)).toBe(true);
        expect(box.x >= 0 && box.y >= 0 && box.size >= least && box.size <= most).toBe(true);
        expect(box.x + box.size <= whole.width && box.y + box.size <= whole.height).toBe(true);
      }
    }),
  );
});

test("in words and in hundredths", () => {
  const whole = { width: 1536, height: 1024 };
  expect([boxInWords(centred(whole), whole), along(centred(whole), whole)]).toEqual(["centre", 50]);
  const box = { x: 0, y: 256, size: 512 };
  expect(boxInWords(box, whole)).toBe("0 % from the left, 50 % from the top, 50 % of the size");
  expect([along(box, whole), along(centred({ width: 8, height: 8 }), { width: 8, height: 8 })]).toEqual([0, 50]);
});
