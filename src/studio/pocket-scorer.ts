/** @file Pocket's scores for `evaluate`: truth, faith, and finish and sharpness by their distance to the level of the pairs. */
import { judge } from "../pocket/judge.ts";
import { averageOf, levelled, levelsOf, referenceOf } from "../pocket/levels.ts";
import { samplePairs } from "../pocket/pairs.ts";
import { type Scores as Named, scoresOf, see } from "../pocket/scores.ts";
import type { Scorer } from "./evaluate.ts";

type Four = Pick<Named, keyof Named>;

/** Beside the scores what is right of the caption: 1 or 0, so that a mean is a share. */
type Measured = Four & { readonly [A in "colours" | "shapes" | "layout" | "time" | "all"]: number };

const rgbOf = (rgba: Uint8ClampedArray): Uint8ClampedArray => rgba.filter((_, i) => i % 4 !== 3);

/** Pairs that give the level; they differ so little that more would not move it. */
const PAIRS = 64;

export function pocketScorer(): Scorer<Measured, Four> {
  const levels = levelsOf(samplePairs(PAIRS).map(({ rgba }) => rgbOf(rgba)));
  return {
    measuresOf: ({ prompt, rgba }) => {
      const rgb = rgbOf(rgba);
      const seen = see(rgb);
      const { colours, shapes, layout, time, all } = judge(seen.reading, prompt);
      const right = { colours: +colours, shapes: +shapes, layout: +layout, time: +time, all: +all };
      return { ...scoresOf(rgb, prompt, seen), ...right };
    },
    scoresOf: ({ truth, faith, finish, sharpness }) => ({ ...levelled({ truth, faith, finish, sharpness }, levels) }),
    averageOf: (scores, reference) => averageOf(scores, referenceOf(reference)),
  };
}
