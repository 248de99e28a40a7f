/**
 * @file Resampling of bytes along one axis, bit for bit Pillow's: a filter widened to the scale (antialiased), weights in 22-bit
 * fixed point. Matches: Pillow `src/libImaging/Resample.c`.
 */

interface Taps {
  readonly start: number;
  /** in units of 2^-22 */
  readonly weights: readonly number[];
}

const one = 2 ** 22;

/** w(d) = max(0, 1 - |d|) */
const triangle = (d: number): number => Math.max(0, 1 - Math.abs(d));

/** Keys' cubic with a = -0.5. */
function cubic(distance: number): number {
  const a = -0.5;
  const d = Math.abs(distance);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/** For each of `to` output pixels the input pixels that it averages: BILINEAR. */
export const triangleTaps = (from: number, to: number): readonly Taps[] => tapsOf(triangle, 1, from, to);

/** The same for BICUBIC. */
export const cubicTaps = (from: number, to: number): readonly Taps[] => tapsOf(cubic, 2, from, to);

/** `reach`: beyond it the weight is zero. Weights sum to one. */
function tapsOf(weightAt: (d: number) => number, reach: number, from: number, to: number): readonly Taps[] {
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = reach * widened;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw: number[] = [];
    for (let at = start; at < end; at++) raw.push(weightAt((at - centre + 0.5) * (1 / widened)));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { start, weights: raw.map((weight) => fixedPoint(weight / sum)) };
  });
}

/** Rounded to the nearest, halves away from zero. */
const fixedPoint = (weight: number): number => Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * one);

/** Three channels of one line: `step` bytes from a pixel to the next. */
export function filter(
  from: Uint8ClampedArray,
  fromAt: number,
  fromStep: number,
  to: Uint8ClampedArray,
  toAt: number,
  toStep: number,
  taps: readonly Taps[],
): void {
  for (const [i, { start, weights }] of taps.entries()) {
    let red = one / 2;
    let green = one / 2;
    let blue = one / 2;
    let at = fromAt + start * fromStep;
    for (const weight of weights) {
      red += weight * (from[at] as number);
      green += weight * (from[at + 1] as number);
      blue += weight * (from[at + 2] as number);
      at += fromStep;
    }
    const target = toAt + i * toStep;
    to[target] = Math.floor(red / one);
    to[target + 1] = Math.floor(green / one);
    to[target + 2] = Math.floor(blue / one);
  }
}
