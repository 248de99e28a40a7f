/** @file Reads what e2e/oracle/diffusion.py wrote. */
import { readFileSync } from "node:fs";

/** goldens/diffusion/<name>.json; `T` is its shape as the script writes it. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../goldens/diffusion/${name}.json`, import.meta.url), "utf8")) as T;
}

/** The largest absolute difference; NaN where the lengths differ. */
export function maxAbs(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a, (x, i) => Math.abs(x - (b[i] as number))).reduce((x, y) => Math.max(x, y), 0);
}
