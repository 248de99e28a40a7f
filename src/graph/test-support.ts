/** @file Words that only tests of the graph use. */
export { emit, emitAll, graphOf, input } from "./ir.ts";
export { ones } from "./functions.ts";

/** Uniform numbers in (-1, 1), the same for a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  };
}
