/** @file Curves as CSV: every step as it was measured, in full precision. */
import type { StepReport } from "../../studio/api.ts";
import type { Curve } from "./curve-list.ts";

/** One chart: its steps and what was measured at them. */
export function curveCsv({ steps, series }: Curve): string {
  return csv(
    ["step", ...series.map(({ field }) => field)],
    steps.map((step, at) => [step, ...series.map(({ values }) => values[at] ?? null)]),
  );
}

/** All that the run told of its steps. */
export function reportsCsv(reports: readonly StepReport[]): string {
  const columns: readonly (readonly [string, (report: StepReport) => number | null])[] = [
    ["step", (report) => report.step],
    ["of", (report) => report.of],
    ["loss", (report) => report.loss],
    ["implicit_accuracy", (report) => report.accuracy],
    ["logit", (report) => report.logit ?? null],
    ["error_winner", (report) => report.errorWinner],
    ["error_winner_opponent", (report) => report.errorWinnerOpponent],
    ["error_loser", (report) => report.errorLoser],
    ["error_loser_opponent", (report) => report.errorLoserOpponent],
    ["gradient_norm", (report) => report.gradientNorm],
    ["learning_rate", (report) => report.learningRate],
    ["safeguard", (report) => report.safeguard],
    ["probe_winner", (report) => report.probe?.winner ?? null],
    ["probe_winner_start", (report) => report.probe?.winnerStart ?? null],
    ["probe_loser", (report) => report.probe?.loser ?? null],
    ["probe_loser_start", (report) => report.probe?.loserStart ?? null],
    ["seconds", (report) => report.seconds],
  ];
  return csv(
    columns.map(([name]) => name),
    reports.map((report) => columns.map(([, value]) => value(report))),
  );
}

/** Numbers and names of our own: nothing to quote. RFC 4180's line ends. */
function csv(head: readonly string[], rows: readonly (readonly (number | null)[])[]): string {
  return [head, ...rows].map((row) => `${row.map((cell) => cell ?? "").join(",")}\r\n`).join("");
}
