import fc from "fast-check";
import { expect, test } from "vitest";
import { fromFloat16Array } from "../lib/float16.ts";
import { allFinite } from "./finite.ts";

test("float32: what Number.isFinite says of each", () => {
  const property = fc.property(fc.float32Array({ maxLength: 9 }), (values) => {
    expect(allFinite(values)).toBe(values.every(Number.isFinite));
  });
  fc.assert(property, {
    numRuns: 500,
    examples: [[Float32Array.of(-Infinity)], [Float32Array.of(3.4028234663852886e38)]],
  });
});

test("float16: the same of every value that there is, in either half of a word, on any address", () => {
  const buffer = new ArrayBuffer(12);
  const wrong: unknown[] = [];
  for (let bits = 0; bits < 0x10000; bits++) {
    const finite = Number.isFinite(fromFloat16Array(Uint16Array.of(bits))[0]);
    const place = bits % 3;
    for (const [first, length] of [
      [0, 3],
      [1, 3],
      [1, 4],
    ] as const) {
      const values = new Uint16Array(buffer, 2 * first, length).fill(0x7bff);
      values[place] = bits;
      if (allFinite(values) !== finite) wrong.push([bits, place, first, length]);
    }
  }
  expect(wrong).toEqual([]);
});

test("whole numbers and no numbers at all are finite", () => {
  expect([new Float32Array(0), new Uint16Array(0), Int32Array.of(0x7f800000)].map(allFinite)).toEqual([
    true,
    true,
    true,
  ]);
});
