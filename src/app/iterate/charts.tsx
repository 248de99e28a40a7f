/** @file The curves of a run: four that tell how it goes, the others on demand; all as one table, and as a file. */
import { Fragment, useMemo, useState } from "react";
import type { SpinSettings, StepReport } from "../../studio/api.ts";
import { percent, thousandths } from "../format.ts";
import { Side } from "../parts/mark.tsx";
import { fileName, saveFile } from "../save-file.ts";
import { ChartFigure, PLAIN_VIEW, type View } from "./chart-figure.tsx";
import { reportsCsv } from "./curve-csv.ts";
import { curveList, type Curve } from "./curve-list.ts";
import { StepTable } from "./step-table.tsx";

export interface ChartsProps {
  /** of the node, for the names of files */
  readonly name: string;
  readonly reports: readonly StepReport[];
  readonly savedSteps: readonly number[];
  /** null where it is not known any more: the first loss tells */
  readonly lossName: SpinSettings["loss"] | null;
}

export function Charts({ name, reports, savedSteps, lossName }: ChartsProps) {
  const [table, setTable] = useState(false);
  const [more, setMore] = useState(false);
  const [views, setViews] = useState<{ readonly [id: string]: View }>({});
  const curves = useMemo(() => curveList(reports, lossName), [reports, lossName]);
  const of = reports.at(-1)?.of ?? 1;
  const figure = (curve: Curve) => (
    <ChartFigure
      key={curve.id}
      curve={curve}
      name={name}
      of={of}
      ticks={savedSteps}
      view={views[curve.id] ?? PLAIN_VIEW}
      onView={(view) => setViews((all) => ({ ...all, [curve.id]: view }))}
    />
  );
  return (
    <aside className="charts" aria-label="Training curves">
      <h2>
        <Side side="player">player</Side>
        <Side side="opponent">opponent</Side>
        <span className="row push">
          <button type="button" className="button plain small" aria-pressed={table} onClick={() => setTable(!table)}>
            {table ? "Show as curves" : "Show as table"}
          </button>
          <button
            type="button"
            className="button plain small"
            aria-label="Download all steps as CSV"
            onClick={() => saveFile(fileName([name, "steps"], "csv"), "text/csv", reportsCsv(reports))}
          >
            CSV
          </button>
        </span>
      </h2>
      {table ? (
        <AllSteps reports={reports} />
      ) : (
        <>
          {curves.main.map(figure)}
          {more ? curves.more.map(figure) : null}
          <p className="more">
            <button type="button" className="button plain small" aria-expanded={more} onClick={() => setMore(!more)}>
              {more ? "Fewer curves" : `${curves.more.length} more: ${titles(curves.more)}`}
            </button>
          </p>
        </>
      )}
    </aside>
  );
}

/** "fixed probe, gradient norm, learning rate" */
function titles(curves: readonly Curve[]): string {
  return curves.map(({ title }) => title.toLowerCase()).join(", ");
}

function AllSteps({ reports }: { readonly reports: readonly StepReport[] }) {
  return (
    <StepTable
      caption="Loss, told apart, and the four errors × 10⁻³ of every step"
      head={
        <>
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
        </>
      }
      rows={reports.map((report) => ({
        step: report.step,
        cells: [
          report.loss.toFixed(3),
          orDash(report.accuracy, percent),
          thousandths(report.errorWinner),
          orDash(report.errorWinnerOpponent, thousandths),
          orDash(report.errorLoser, thousandths),
          orDash(report.errorLoserOpponent, thousandths),
        ],
      }))}
    />
  );
}

/** Supervised fine-tuning compares nothing. */
const orDash = (value: number | null, format: (value: number) => string): string =>
  value === null ? "–" : format(value);
