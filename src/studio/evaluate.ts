/**
 * @file Is one model better than another? Both draw the same prompts from the same seeds, every picture is scored, and what is
 * compared are the paired differences: their mean with a bootstrap interval, the share of wins (a tie is half of one) with
 * Wilson's, and the sign test. What a score means is the scorer's business.
 */
import { assert } from "../lib/errors.ts";
import { type Interval, mean, pairedBootstrap, signTest, wilson } from "../lib/statistics.ts";
import { randomOf } from "../lib/random.ts";
import type { Picture } from "./api.ts";
import { draw, type DrawOptions } from "./draw.ts";
import type { Model } from "./model.ts";
import type { Trainable } from "./trained.ts";

/** Numbers by name. */
export type Scores = Readonly<Record<string, number>>;

export interface Scorer<M extends Scores = Scores, S extends Scores = Scores> {
  /** what is seen of a picture: told, and not compared */
  measuresOf(picture: Picture): M;
  /** what follows for its quality: more is better */
  scoresOf(measures: M): S;
  /** one number for all scores, measured by how the reference's pictures scored */
  averageOf(scores: S, reference: readonly S[]): number;
}

const evaluated = { id: "evaluated" };

/** All pictures of a model that is trained so far. */
export async function drawAll(
  model: Model,
  trained: Trainable,
  options: DrawOptions,
  stop?: AbortSignal,
  onPicture?: (done: number) => void,
): Promise<readonly Picture[]> {
  await model.denoiser.lay(evaluated, trained);
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
  /** with their means */
  readonly models: readonly { readonly model: string; readonly scores: Scores; readonly measures: Scores }[];
  readonly comparisons: readonly Comparison[];
}

/** By model, then prompt. */
export type Detail = Readonly<Record<string, readonly { readonly scores: Scores; readonly measures: Scores }[]>>;

/** The models from the base on, each compared with the one before it and with the base. */
export function report<M extends Scores, S extends Scores>(
  models: readonly { readonly model: string; readonly pictures: readonly Picture[] }[],
  scorer: Scorer<M, S>,
): { readonly report: Report; readonly detail: Detail } {
  const measured = models.map(({ pictures }) => pictures.map((picture) => scorer.measuresOf(picture)));
  const plain = measured.map((all) => all.map((measures) => scorer.scoresOf(measures)));
  const [reference = []] = plain;
  const scored = plain.map((all) => all.map((scores) => ({ ...scores, average: scorer.averageOf(scores, reference) })));
  const title = (k: number) => models[k]?.model as string;
  const against = (k: number, j: number): Comparison => {
    const [later, earlier] = [columns(scored[k] ?? []), columns(scored[j] ?? [])];
    const scores = Object.entries(later).map(([name, values]) => [name, compare(values, earlier[name] ?? [])] as const);
    return { model: title(k), against: title(j), scores: Object.fromEntries(scores) };
  };
  const means = (all: readonly Scores[]): Scores =>
    Object.fromEntries(Object.entries(columns(all)).map(([name, values]) => [name, mean(values)]));
  return {
    report: {
      models: models.map(({ model }, k) => ({
        model,
        scores: means(scored[k] ?? []),
        measures: means(measured[k] ?? []),
      })),
      comparisons: models.flatMap((_, k) => [...(k > 0 ? [against(k, k - 1)] : []), ...(k > 1 ? [against(k, 0)] : [])]),
    },
    detail: Object.fromEntries(
      models.map(({ model }, k) => [
        model,
        (scored[k] ?? []).map((scores, i) => ({ scores, measures: measured[k]?.[i] ?? {} })),
      ]),
    ),
  };
}

/** Rows of named numbers -> one list for each name. */
function columns(rows: readonly Scores[]): Readonly<Record<string, readonly number[]>> {
  const names = Object.keys(rows[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] as number)]));
}
