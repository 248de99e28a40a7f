/** @file The world's own small random numbers: a stream keyed by integers, so that picture i never depends on picture i - 1. */

/** Uniform in [0, 1), 32 bits. */
export type Random = () => number;

/** A bijection of the 32-bit integers in which each input bit changes about half of the output bits (a splitmix finalizer). */
function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

const GOLDEN = 0x9e3779b9;

/** One well-spread uint32 from integers; their order matters. */
export function hash32(...keys: readonly number[]): number {
  return keys.reduce((h, key) => mix((h + GOLDEN + Math.imul(key, 0x85ebca6b)) | 0), 0);
}

/** Splitmix: the counter steps by the golden ratio, the output is its hash. */
export function randomOf(...keys: readonly number[]): Random {
  let counter = hash32(...keys);
  return () => {
    counter = (counter + GOLDEN) | 0;
    return mix(counter) / 2 ** 32;
  };
}

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
