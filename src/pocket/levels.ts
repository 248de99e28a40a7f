/**
 * @file From measures to scores. Finish and sharpness have no ceiling (too much colour, too hard an edge raise them), so they
 * are scored by their distance to the level of the pairs that are learnt from. Then the average over all four.
 */
import { type Measures, measuresOf, type Scores, scoreNames } from "./scores.ts";

export type Levels = Measures;

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

/** Mean finish and sharpness of the pairs' pictures, SIDE x SIDE x 3 bytes each. */
export function levelsOf(pictures: readonly (Uint8Array | Uint8ClampedArray)[]): Levels {
  const measures = pictures.map((rgb) => measuresOf(rgb));
  return { finish: mean(measures.map((m) => m.finish)), sharpness: mean(measures.map((m) => m.sharpness)) };
}

/** The same scores with finish and sharpness as -|measured - level|: 0 at best, and less on either side. */
export function levelled(scores: Scores, levels: Levels): Scores {
  return {
    ...scores,
    finish: -Math.abs(scores.finish - levels.finish),
    sharpness: -Math.abs(scores.sharpness - levels.sharpness),
  };
}

/** How a set of scores lies, such as the base model's. */
export interface Reference {
  readonly mean: Scores;
  readonly deviation: Scores;
}

function each(make: (name: keyof Scores) => number): Scores {
  return { truth: make("truth"), faith: make("faith"), finish: make("finish"), sharpness: make("sharpness") };
}

export function referenceOf(set: readonly Scores[]): Reference {
  const middle = each((name) => mean(set.map((scores) => scores[name])));
  const deviation = each((name) => Math.sqrt(mean(set.map((scores) => (scores[name] - middle[name]) ** 2))));
  return { mean: middle, deviation };
}

/** One score must not carry the average alone. */
const MOST = 6;

/** Mean of the four, each in deviations above the reference's mean, at most 6 either way. Levelled scores against a levelled reference. */
export function averageOf(scores: Scores, reference: Reference): number {
  return mean(
    scoreNames.map((name) => {
      const z = (scores[name] - reference.mean[name]) / Math.max(reference.deviation[name], 1e-6);
      return Math.min(MOST, Math.max(-MOST, z));
    }),
  );
}
