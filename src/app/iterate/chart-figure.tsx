/** @file One curve with its words, and what a person may do with it: smooth, log scale, table, file. */
import { lazy, Suspense, useId, useMemo, useState } from "react";
import { nearestSpan, smooth, SPANS } from "../curves.ts";
import { Glyph } from "../parts/glyph.tsx";
import { fileName, saveFile } from "../save-file.ts";
import { curveCsv } from "./curve-csv.ts";
import type { Curve } from "./curve-list.ts";
import { StepTable } from "./step-table.tsx";

const Chart = lazy(async () => ({ default: (await import("./chart.tsx")).Chart }));

/** What was chosen for a chart. */
export interface View {
  /** a place in `SPANS`; null: what suits the run */
  readonly span: number | null;
  readonly log: boolean;
  readonly table: boolean;
  readonly open: boolean;
}

export const PLAIN_VIEW: View = { span: null, log: false, table: false, open: false };

export interface ChartFigureProps {
  readonly curve: Curve;
  /** of the node, for the file's name */
  readonly name: string;
  readonly of: number;
  readonly ticks: readonly number[];
  readonly view: View;
  readonly onView: (view: View) => void;
}

export function ChartFigure({ curve, name, of, ticks, view, onView }: ChartFigureProps) {
  const { title, note, steps, series, format } = curve;
  const [point, setPoint] = useState<number | null>(null);
  const place = view.span ?? nearestSpan(curve.span);
  const lines = useMemo(
    () => series.map(({ look, values }) => ({ look, values: smooth(values, SPANS[place] ?? 1) })),
    [series, place],
  );
  const at = point !== null && point < steps.length ? point : steps.length - 1;
  const [value = "", against] = lines.map(({ values }) => format(values[at] ?? 0));
  const id = useId();
  return (
    <figure className="chart">
      <figcaption>
        <b>{title}</b>
        <button
          type="button"
          className="button plain icon tiny"
          aria-label={`${title}: options`}
          aria-expanded={view.open}
          aria-controls={id}
          onClick={() => onView({ ...view, open: !view.open })}
        >
          <Glyph name="more" />
        </button>
        <span className="value">
          {point === null ? null : <span>step {steps[at]} </span>}
          {value}
          {against === undefined ? null : <span> to {against}</span>}
        </span>
      </figcaption>
      <p>{note}</p>
      <div id={id} hidden={!view.open} className="chart-tools">
        {view.open ? <Tools curve={curve} name={name} place={place} view={view} onView={onView} /> : null}
      </div>
      {view.table ? (
        <CurveTable curve={curve} />
      ) : (
        <Suspense fallback={<div className="plot" />}>
          <Chart
            label={`${title}: ${value}`}
            steps={steps}
            of={of}
            raw={curve.thin && place > 0 ? (series[0]?.values ?? null) : null}
            lines={lines}
            reference={curve.reference}
            axis={curve.axis}
            log={view.log}
            ticks={ticks}
            format={format}
            onPoint={setPoint}
          />
        </Suspense>
      )}
    </figure>
  );
}

type ToolsProps = Pick<ChartFigureProps, "curve" | "name" | "view" | "onView"> & { readonly place: number };

function Tools({ curve, name, place, view, onView }: ToolsProps) {
  const { title } = curve;
  const span = SPANS[place] ?? 1;
  const words = span === 1 ? "off" : `over ${span} steps`;
  return (
    <>
      <label className="smoothing">
        <span>
          Smoothing, <span className="num">{words}</span>
        </span>
        <input
          type="range"
          min={0}
          max={SPANS.length - 1}
          value={place}
          aria-label={`${title}: smoothing`}
          aria-valuetext={words}
          onChange={(event) => onView({ ...view, span: Number(event.target.value) })}
        />
      </label>
      <label className="check">
        <input type="checkbox" checked={view.log} onChange={() => onView({ ...view, log: !view.log })} />
        Log scale
      </label>
      <span className="row">
        <button
          type="button"
          className="button tiny"
          aria-pressed={view.table}
          aria-label={`${title}: ${view.table ? "show as curve" : "show as table"}`}
          onClick={() => onView({ ...view, table: !view.table })}
        >
          {view.table ? "Curve" : "Table"}
        </button>
        <button
          type="button"
          className="button tiny"
          aria-label={`${title}: download CSV`}
          onClick={() => saveFile(fileName([name, curve.id], "csv"), "text/csv", curveCsv(curve))}
        >
          CSV
        </button>
      </span>
    </>
  );
}

function CurveTable({ curve: { title, steps, series, format } }: { readonly curve: Curve }) {
  return (
    <StepTable
      caption={`${title}, every step`}
      head={
        <tr>
          <th scope="col">Step</th>
          {series.map(({ name }) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      }
      rows={steps.map((step, at) => ({ step, cells: series.map(({ values }) => format(values[at] ?? 0)) }))}
    />
  );
}
