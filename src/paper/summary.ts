/**
 * @file From scores to what is told: means over prompts with their deviation over training seeds, and paired comparisons. A difference
 * is taken prompt by prompt between models of the same training seed; its interval is the bootstrap over prompts of the mean over seeds.
 */
import { required } from "../lib/errors.ts";
import { randomOf } from "../lib/random.ts";
import { deviation, type Interval, mean, median, pairedBootstrap } from "../lib/statistics.ts";
import type { Curve, PaperResults, ScoreName, Scored } from "./results.ts";

const RESAMPLES = 2000;
const KEY = 31;

/** Over training seeds; one seed has no deviation. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number | null;
  readonly seeds: number;
}

export interface Paired extends Spread {
  readonly interval: Interval;
}

export function spreadOf(values: readonly number[]): Spread {
  return { mean: mean(values), deviation: values.length > 1 ? deviation(values) : null, seeds: values.length };
}

/** A model in each seed that has it, by seed; the base is the same in all. */
export function modelBySeed(results: PaperResults, id: string): ReadonlyMap<number, Scored> {
  const of = (parts: PaperResults["shared"]) =>
    Object.values(parts)
      .flatMap(({ models }) => models)
      .find((model) => model.id === id);
  const common = of(results.shared);
  return new Map(
    results.seeds.flatMap(({ seed, parts }) => {
      const model = of(parts) ?? common;
      return model ? [[seed, model] as const] : [];
    }),
  );
}

export function curveBySeed(results: PaperResults, id: string): ReadonlyMap<number, Curve> {
  return new Map(
    results.seeds.flatMap(({ seed, parts }) => {
      const curve = Object.values(parts)
        .flatMap(({ curves }) => curves)
        .find((each) => each.id === id);
      return curve ? [[seed, curve] as const] : [];
    }),
  );
}

/** Which prompts count: all of them, or those of a set. */
export type Chosen = (prompt: string) => boolean;
export const everyPrompt: Chosen = () => true;

interface Asked {
  readonly results: PaperResults;
  readonly score: ScoreName;
  readonly chosen?: Chosen;
}

function scoresOf({ results, score, chosen = everyPrompt }: Asked, model: Scored): readonly number[] {
  const { prompts } = results.protocol;
  return model.scores[score].filter((_, i) => chosen(required(prompts[i], "a prompt")));
}

/** The mean or the median over prompts, over seeds; null where no seed has the model. */
export function level(asked: Asked, id: string, over: "mean" | "median" = "mean"): Spread | null {
  const models = [...modelBySeed(asked.results, id).values()];
  const one = over === "mean" ? mean : median;
  const levels = models.map((model) => scoresOf(asked, model)).filter((scores) => scores.length > 0);
  return levels.length > 0 ? spreadOf(levels.map(one)) : null;
}

/** Pairs of models of equal seeds, compared prompt by prompt. */
function paired(asked: Asked, id: string, against: string, of: (difference: number) => number): Paired | null {
  const others = modelBySeed(asked.results, against);
  const seeds = [...modelBySeed(asked.results, id)].flatMap(([seed, model]) => {
    const other = others.get(seed);
    if (!other) return [];
    const earlier = scoresOf(asked, other);
    return [scoresOf(asked, model).map((score, i) => of(score - (earlier[i] as number)))];
  });
  return pairedOver(seeds);
}

/** `seeds`: of each the same prompts' values. */
export function pairedOver(seeds: readonly (readonly number[])[]): Paired | null {
  const [first] = seeds;
  if (!first || first.length === 0) return null;
  const byPrompt = first.map((_, i) => mean(seeds.map((values) => values[i] as number)));
  const { interval } = pairedBootstrap(byPrompt, randomOf(KEY, first.length), RESAMPLES);
  return { ...spreadOf(seeds.map(mean)), interval };
}

/** How much better `id` is than `against`. */
export const difference = (asked: Asked, id: string, against: string): Paired | null =>
  paired(asked, id, against, (d) => d);

/** How often, in percent; a tie is half a win. */
export const winRate = (asked: Asked, id: string, against: string): Paired | null =>
  paired(asked, id, against, (d) => 50 * (1 + Math.sign(d)));
