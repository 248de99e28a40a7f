/** @file How the world draws its numbers. */
import type { Random } from "../lib/random.ts";

export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Beta(a, b) for a, b > 1, by rejection under the density's mode m = (a - 1) / (a + b - 2). */
export function beta(random: Random, a: number, b: number): number {
  const m = (a - 1) / (a + b - 2);
  for (;;) {
    const x = random();
    if (random() <= (x / m) ** (a - 1) * ((1 - x) / (1 - m)) ** (b - 1)) return x;
  }
}
