import { expect, test } from "vitest";
import { fromFloat16, fromFloat16Array, toFloat16, toFloat16Array } from "./float16.ts";

/** By definition, in float64: (-1)^s 2^(e - 15) (1 + f / 1024), subnormals f 2^-24. */
function valueOf(half: number): number {
  const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
}

const all = Uint16Array.from({ length: 0x10000 }, (_, half) => half);
const isNaNHalf = (half: number) => (half & 0x7fff) > 0x7c00;

test("every half has the value of its definition, and comes back as itself", () => {
  const wide = fromFloat16Array(all);
  const wrong = [...all].filter(
    (half) => !Object.is(wide[half], valueOf(half)) || !Object.is(fromFloat16(half), wide[half]),
  );
  expect(wrong).toEqual([]);
  const back = toFloat16Array(wide);
  expect([...all].filter((half) => !isNaNHalf(half) && back[half] !== half)).toEqual([]);
  expect([...all].filter((half) => isNaNHalf(half) && back[half] !== (half | 0x200))).toEqual([]);
});

test("between every two neighbours: the middle goes to the even one, either side of it to the nearer", () => {
  const next = new Float32Array(1);
  const bits = new Uint32Array(next.buffer);
  const wrong: string[] = [];
  for (const sign of [0, 0x8000]) {
    for (let half = 0; half < 0x7c00; half++) {
      // beyond the largest half stands 65536, where the next one would be
      const above = half === 0x7bff ? 65536 : valueOf(half + 1);
      next[0] = ((valueOf(half) + above) / 2) * (sign ? -1 : 1);
      const middle = bits[0] as number;
      const want = [half, half % 2 === 0 ? half : half + 1, half + 1];
      for (const [i, nudge] of [-1, 0, 1].entries()) {
        bits[0] = middle + nudge;
        if (toFloat16(next[0] as number) !== (sign | (want[i] as number))) wrong.push(`${half} ${nudge}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("infinities, NaN, signed zeros, numbers too large and too small", () => {
  const given = [
    Infinity,
    -Infinity,
    65519.99,
    65520,
    1e30,
    -1e30,
    0,
    -0,
    2 ** -25,
    -(2 ** -25),
    1e-30,
    2 ** -24,
    1e-45,
  ];
  const half = toFloat16Array(Float32Array.from(given));
  expect([...half]).toEqual([0x7c00, 0xfc00, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 0x8000, 0, 0x8000, 0, 1, 0]);
  expect(isNaNHalf(toFloat16(Number.NaN))).toBe(true);
});

test("writes into the array that it is given, from a view in the middle of a buffer", () => {
  const out = new Uint16Array(4);
  expect(toFloat16Array(new Float32Array([9, 1, -2, 9]).subarray(1, 3), out)).toBe(out);
  expect([...out]).toEqual([0x3c00, 0xc000, 0, 0]);
  const wide = new Float32Array(3);
  fromFloat16Array(out.subarray(0, 2), wide.subarray(1));
  expect([...wide]).toEqual([0, 1, -2]);
});
