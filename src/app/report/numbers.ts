/** @file The report's numbers from scores by prompt: means, differences and shares of wins, each with its interval of 95 %. */
import { type Bootstrapped, pairedBootstrap } from "../../lib/statistics.ts";
import type { NodeId, PictureScores, ScoreInfo, Scoring } from "../../studio/api.ts";
import type { ScoreBook } from "../state/report-slice.ts";
import { type Share, shareOf } from "../state/tally.ts";

/** In deviations of Base's scores above its mean, over all scores. */
export const AVERAGE: ScoreInfo = {
  id: "average",
  title: "Average",
  unit: "",
  digits: 2,
  help: "mean of all, in standard deviations above Base",
};

/** The scores, and their average last. */
export function scoreColumns(scoring: Scoring): readonly ScoreInfo[] {
  return [...scoring.scores, AVERAGE];
}

const RESAMPLES = 1000;

/** Uniform in [0, 1) and the same every time: Park and Miller's minimal standard. */
function random(): () => number {
  let state = 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const valuesOf = (rows: readonly PictureScores[], id: string): readonly number[] => rows.map((row) => row[id] ?? 0);

export interface TableRow {
  readonly node: NodeId;
  /** by the columns' ids */
  readonly means: Readonly<Record<string, Bootstrapped>>;
}

/** A row for every node that was scored, in the order of `nodes`. */
export function tableOf(book: ScoreBook, nodes: readonly NodeId[], columns: readonly ScoreInfo[]): readonly TableRow[] {
  return nodes.flatMap((node) => {
    const rows = book.nodes[node] ?? [];
    if (rows.length === 0) return [];
    const means = columns.map(({ id }) => [id, pairedBootstrap(valuesOf(rows, id), random(), RESAMPLES)] as const);
    return [{ node, means: Object.fromEntries(means) }];
  });
}

/** The nodes' places in one column by their means, as they are shown: 0 is best, and equals share a place. */
export function placesOf(rows: readonly TableRow[], { id, digits }: ScoreInfo): readonly number[] {
  const shown = rows.map(({ means }) => Number((means[id]?.mean ?? 0).toFixed(digits)));
  const order = [...new Set(shown)].sort((a, b) => b - a);
  return shown.map((value) => order.indexOf(value));
}

export interface Comparison {
  readonly share: Share;
  readonly prompts: number;
}

/** A score of both nodes, prompt by prompt; null where one of them was not scored. */
function differencesOf(id: string, book: ScoreBook | null, later: NodeId, earlier: NodeId): readonly number[] | null {
  const [ours, theirs] = [valuesOf(book?.nodes[later] ?? [], id), valuesOf(book?.nodes[earlier] ?? [], id)];
  return ours.length === 0 || ours.length !== theirs.length ? null : ours.map((value, at) => value - (theirs[at] ?? 0));
}

/** In how many prompts one node is above another by one score. */
export function compareBy(id: string, book: ScoreBook | null, later: NodeId, earlier: NodeId): Comparison | null {
  const differences = differencesOf(id, book, later, earlier);
  if (differences === null) return null;
  const wins = differences.filter((difference) => difference > 0).length;
  const ties = differences.filter((difference) => difference === 0).length;
  return { share: shareOf(wins, ties, differences.length), prompts: differences.length };
}

/** How much two pictures of one caption differ, as a share of how much the other node's do; null where that was not measured. */
export function varietyBy(book: ScoreBook | null, later: NodeId, earlier: NodeId): Bootstrapped | null {
  const [ours, theirs] = [later, earlier].map((node) => {
    return (book?.nodes[node] ?? []).flatMap(({ variety }) => (variety === undefined ? [] : [variety]));
  }) as [number[], number[]];
  const before = theirs.reduce((sum, value) => sum + value, 0) / theirs.length;
  if (ours.length === 0 || ours.length !== theirs.length || before === 0) return null;
  return pairedBootstrap(
    ours.map((value, at) => (value - (theirs[at] ?? 0)) / before),
    random(),
    RESAMPLES,
  );
}

/** How far one node's score is above another's, prompt by prompt. */
export function changeBy(id: string, book: ScoreBook | null, later: NodeId, earlier: NodeId): Bootstrapped | null {
  const differences = differencesOf(id, book, later, earlier);
  return differences && pairedBootstrap(differences, random(), RESAMPLES);
}
