/** @file Small random numbers for worlds, orders and resamples: a stream keyed by integers, so that the i-th never depends on the one before. */

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
