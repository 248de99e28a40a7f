/** @file The four curves of a run, and their table. */
import { Fragment, lazy, Suspense, useMemo, useState } from "react";
import type { SpinSettings, StepReport } from "../../studio/api.ts";
import { smooth, spanFor } from "../curves.ts";
import { percent, thousandths } from "../format.ts";
import { Side } from "../parts/mark.tsx";
import { LOSS_AT_START } from "../settings.ts";
import type { ChartProps } from "./chart.tsx";

const Chart = lazy(async () => ({ default: (await import("./chart.tsx")).Chart }));

export interface ChartsProps {
  readonly reports: readonly StepReport[];
  readonly savedSteps: readonly number[];
  /** null where it is not known any more: the first loss tells */
  readonly lossName: SpinSettings["loss"] | null;
}

export function Charts({ reports, savedSteps, lossName }: ChartsProps) {
  const [table, setTable] = useState(false);
  const charts = useMemo(() => curves(reports, lossName), [reports, lossName]);
  const steps = reports.map((report) => report.step);
  const of = reports.at(-1)?.of ?? 1;
  return (
    <aside className="charts" aria-label="Training curves">
      <h2>
        <Side side="player">player</Side>
        <Side side="opponent">opponent</Side>
        <button type="button" className="button plain small push" aria-pressed={table} onClick={() => setTable(!table)}>
          {table ? "Show as curves" : "Show as table"}
        </button>
      </h2>
      {table ? (
        <Table reports={reports} />
      ) : (
        charts.map(({ title, note, value, against, ...lines }) => (
          <figure key={title} className="chart">
            <figcaption>
              <b>{title}</b>
              <output>
                {value}
                {against === null ? null : <span> to {against}</span>}
              </output>
            </figcaption>
            <p>{note}</p>
            <Suspense fallback={<div className="plot" />}>
              <Chart {...lines} label={`${title}: ${value}`} steps={steps} of={of} ticks={savedSteps} />
            </Suspense>
          </figure>
        ))
      )}
    </aside>
  );
}

type Lines = Pick<ChartProps, "raw" | "player" | "opponent" | "reference" | "axis" | "format">;
type Curve = Lines & {
  readonly title: string;
  readonly note: string;
  readonly value: string;
  readonly against: string | null;
};

function curves(reports: readonly StepReport[], lossName: SpinSettings["loss"] | null): readonly Curve[] {
  const of = reports.at(-1)?.of ?? reports.length;
  const span = spanFor(of);
  // a step's own timesteps move both errors far more than the sides differ
  const long = 2.5 * span;
  const list = (key: Exclude<keyof StepReport, "step" | "of" | "safeguard" | "probe">): number[] =>
    reports.map((report) => report[key]);
  const last = (values: readonly number[]): number => values.at(-1) ?? 0;
  const loss = smooth(list("loss"), span);
  const told = smooth(list("accuracy"), span);
  const start = lossName === null ? startOf(reports) : LOSS_AT_START[lossName];
  const sides = (title: string, note: string, player: number[], opponent: number[]): Curve => ({
    title,
    note,
    value: thousandths(last(player)),
    against: thousandths(last(opponent)),
    raw: null,
    player,
    opponent,
    reference: null,
    axis: null,
    format: thousandths,
  });
  return [
    {
      title: "Loss",
      note: `starts at ${start.name === "ln 2" ? "ln 2 = 0.693" : start.name}, lower is better`,
      value: last(loss).toFixed(3),
      against: null,
      raw: list("loss"),
      player: loss,
      opponent: null,
      reference: start,
      axis: null,
      format: (value) => value.toFixed(2),
    },
    {
      title: "Told apart",
      note: "implicit accuracy, a coin would get 50 %",
      value: percent(last(told)),
      against: null,
      raw: list("accuracy"),
      player: told,
      opponent: null,
      reference: { value: 0.5, name: "50 %" },
      axis: { low: Math.min(0.4, Math.floor(10 * Math.min(...list("accuracy"))) / 10), high: 1 },
      format: percent,
    },
    sides(
      "Error on your pictures",
      "winner, ×10⁻³, the player should go below",
      smooth(list("errorWinner"), long),
      smooth(list("errorWinnerOpponent"), long),
    ),
    sides(
      "Error on the opponent’s",
      "loser, ×10⁻³, the player should go above",
      smooth(list("errorLoser"), long),
      smooth(list("errorLoserOpponent"), long),
    ),
  ];
}

/** The first loss is l(0): ln 2 for the logistic loss, else 1. */
function startOf(reports: readonly StepReport[]): { readonly value: number; readonly name: string } {
  const first = reports[0]?.loss ?? Math.LN2;
  return Math.abs(first - 1) < Math.abs(first - Math.LN2) ? LOSS_AT_START.hinge : LOSS_AT_START.logistic;
}

function Table({ reports }: { readonly reports: readonly StepReport[] }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="scroll" tabIndex={0} role="region" aria-label="Steps">
      <table className="figures">
        <caption className="visually-hidden">Loss, told apart, and the four errors × 10⁻³ of every step</caption>
        <thead>
          <tr>
            <th scope="colgroup" colSpan={3}>
              Run
            </th>
            <th scope="colgroup" colSpan={2}>
              Yours
            </th>
            <th scope="colgroup" colSpan={2}>
              Opponent’s
            </th>
          </tr>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Loss</th>
            <th scope="col">Told apart</th>
            {["yours", "opponent’s"].map((pictures) => (
              <Fragment key={pictures}>
                <th scope="col" aria-label={`player on ${pictures}`}>
                  <Side side="player">{null}</Side>
                </th>
                <th scope="col" aria-label={`opponent on ${pictures}`}>
                  <Side side="opponent">{null}</Side>
                </th>
              </Fragment>
            ))}
          </tr>
        </thead>
        <tbody>
          {reports.map((report) => (
            <tr key={report.step}>
              <th scope="row">{report.step}</th>
              <td>{report.loss.toFixed(3)}</td>
              <td>{percent(report.accuracy)}</td>
              <td>{thousandths(report.errorWinner)}</td>
              <td>{thousandths(report.errorWinnerOpponent)}</td>
              <td>{thousandths(report.errorLoser)}</td>
              <td>{thousandths(report.errorLoserOpponent)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
