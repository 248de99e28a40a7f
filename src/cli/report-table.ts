/** @file What was found when models were compared, as people read it: means, then differences and wins with their intervals. */
import type { Interval } from "../lib/statistics.ts";
import type { Report, Scores } from "../studio/evaluate.ts";
import { table } from "./table.ts";

const signed = (value: number): string => (value < 0 ? "" : "+") + value.toFixed(3);
const percent = (share: number): string => (100 * share).toFixed(1);
const between = ([low, high]: Interval, show: (value: number) => string): string => `[${show(low)}, ${show(high)}]`;

export function reportTable({ models, comparisons }: Report): string {
  const compared = comparisons.flatMap(({ model, against, scores }) =>
    Object.entries(scores).map(([name, { difference, interval, winRate, winInterval }]) => [
      `${model} against ${against}`,
      name,
      `${signed(difference)} ${between(interval, signed)}`,
      `${percent(winRate)} ${between(winInterval, percent)}`,
    ]),
  );
  return [
    means(
      "measured",
      models.map(({ model, measures }) => [model, measures]),
    ),
    means(
      "score",
      models.map(({ model, scores }) => [model, scores]),
    ),
    table(["", "score", "difference, 95 %", "wins in %, 95 %"], compared),
  ].join("\n\n");
}

function means(head: string, rows: readonly (readonly [string, Scores])[]): string {
  const names = Object.keys(rows[0]?.[1] ?? {});
  return table(
    [head, ...names],
    rows.map(([model, values]) => [model, ...names.map((name) => (values[name] as number).toFixed(3))]),
  );
}
