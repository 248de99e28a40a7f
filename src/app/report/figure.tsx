/** @file A chart with its words, its twin as a table, and its file. */
import { useId, useRef, useState, type ReactNode } from "react";
import { fileName, saveFile } from "../save-file.ts";
import { svgText } from "./save-svg.ts";

export interface Twin {
  readonly head: readonly string[];
  /** the first cell names the row */
  readonly rows: readonly (readonly string[])[];
}

export interface FigureProps {
  readonly title: string;
  readonly note: string;
  readonly twin: Twin;
  /** chooses what the chart shows */
  readonly choice?: ReactNode;
  readonly children: ReactNode;
}

export function Figure({ title, note, twin, choice, children }: FigureProps) {
  const [table, setTable] = useState(false);
  const figure = useRef<HTMLElement>(null);
  const id = useId();
  const save = (): void => {
    const svg = figure.current?.querySelector("svg");
    if (svg) saveFile(fileName(["report", title], "svg"), "image/svg+xml", svgText(svg));
  };
  return (
    <figure className="finding" ref={figure} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p>{note}</p>
      {choice === undefined ? null : <div className="row">{choice}</div>}
      {table ? <TwinTable title={title} twin={twin} /> : children}
      <div className="row tools">
        <button type="button" className="button plain tiny" onClick={() => setTable(!table)}>
          {table ? "Show as chart" : "Show as table"}
        </button>
        <button type="button" className="button plain tiny" disabled={table} onClick={save}>
          Save .svg
        </button>
      </div>
    </figure>
  );
}

function TwinTable({ title, twin: { head, rows } }: { readonly title: string; readonly twin: Twin }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="sideways" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
      <table className="results">
        <thead>
          <tr>
            {head.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name = "", ...cells]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {cells.map((cell, column) => (
                <td className="num" key={head[column + 1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
