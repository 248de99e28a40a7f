/** @file How far two rows of numbers are apart. Used by tests. */

/** The largest absolute difference; NaN where the lengths differ. */
export function maxAbs(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a, (x, i) => Math.abs(x - (b[i] as number))).reduce((x, y) => Math.max(x, y), 0);
}
