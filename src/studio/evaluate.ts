/**
 * @file Is one model better than another? Both draw the same prompts from the same seeds, every picture is scored, and what is
 * compared are the paired differences: their mean with a bootstrap interval, the share of wins (a tie is half of one) with
 * Wilson's, and the sign test. What a score means is the scorer's business.
 */
import { assert } from "../lib/errors.ts";
import { type Interval, mean, pairedBootstrap, signTest, wilson } from "../lib/statistics.ts";
import { randomOf } from "../pocket/random.ts";
import type { Picture } from "./api.ts";
import { draw, type DrawOptions } from "./draw.ts";
import type { Model } from "./model.ts";

/** By name; more is better. */
export type Scores = Readonly<Record<string, number>>;

export interface Scorer {
  scoresOf(picture: Picture): Scores;
  /** One number for all scores, measured by how the reference's pictures scored. */
  averageOf(scores: Scores, reference: readonly Scores[]): number;
}

const evaluated = { id: "evaluated" };

/** All pictures of a model whose trainable vector is `vector`. */
export async function drawAll(
  model: Model,
  vector: Float32Array,
  options: DrawOptions,
  stop?: AbortSignal,
  onPicture?: (done: number) => void,
): Promise<readonly Picture[]> {
  await model.denoiser.update(evaluated, vector);
  const pictures: Picture[] = [];
  for await (const picture of draw(model, evaluated, options, stop)) {
    pictures.push(picture);
    onPicture?.(pictures.length);
  }
  return pictures;
}

export interface Compared {
  readonly difference: number;
  readonly interval: Interval;
  readonly wins: number;
  readonly ties: number;
  readonly winRate: number;
  readonly winInterval: Interval;
  /** of the sign test, two-sided */
  readonly p: number;
}

const RESAMPLES = 10_000;

/** `later` against `earlier`, prompt by prompt; the same numbers give the same interval. */
export function compare(later: readonly number[], earlier: readonly number[]): Compared {
  assert(later.length === earlier.length, `${later.length} scores against ${earlier.length}`);
  const differences = later.map((score, i) => score - (earlier[i] as number));
  const n = differences.length;
  const wins = differences.filter((d) => d > 0).length;
  const ties = differences.filter((d) => d === 0).length;
  const { mean: difference, interval } = pairedBootstrap(differences, randomOf(n), RESAMPLES);
  const halved = wins + ties / 2;
  const winInterval = wilson(halved, n);
  return { difference, interval, wins, ties, winRate: halved / n, winInterval, p: signTest(wins, n - wins - ties) };
}

export interface Comparison {
  readonly model: string;
  readonly against: string;
  readonly scores: Readonly<Record<string, Compared>>;
}

export interface Report {
  readonly models: readonly { readonly model: string; readonly means: Scores }[];
  readonly comparisons: readonly Comparison[];
  /** by model, then prompt, with the average */
  readonly scores: Readonly<Record<string, readonly Scores[]>>;
}

/** The models from the base on, each compared with the one before it and with the base. */
export function report(
  models: readonly { readonly model: string; readonly pictures: readonly Picture[] }[],
  scorer: Scorer,
): Report {
  const raw = models.map(({ pictures }) => pictures.map((picture) => scorer.scoresOf(picture)));
  const [reference = []] = raw;
  const all = raw.map((each) => each.map((one) => ({ ...one, average: scorer.averageOf(one, reference) })));
  const names = Object.keys(all[0]?.[0] ?? {});
  const column = (k: number, name: string) => (all[k] as readonly Scores[]).map((one) => one[name] as number);
  const by = <T>(of: (name: string) => T) => Object.fromEntries(names.map((name) => [name, of(name)]));
  const title = (k: number) => models[k]?.model as string;
  const pairs = models.flatMap((_, k) =>
    k === 0 ? [] : k === 1 ? [[1, 0] as const] : [[k, k - 1] as const, [k, 0] as const],
  );
  return {
    models: all.map((_, k) => ({ model: title(k), means: by((name) => mean(column(k, name))) })),
    comparisons: pairs.map(([k, j]) => ({
      model: title(k),
      against: title(j),
      scores: by((name) => compare(column(k, name), column(j, name))),
    })),
    scores: Object.fromEntries(all.map((each, k) => [title(k), each])),
  };
}
