/** @file Numbers of steps as a table: the twin of the curves. Long runs by pages, so that no table is too much at once. */
import { useState, type ReactNode } from "react";

const PAGE = 500;

export interface StepTableProps {
  readonly caption: string;
  readonly head: ReactNode;
  readonly rows: readonly { readonly step: number; readonly cells: readonly string[] }[];
}

export function StepTable({ caption, head, rows }: StepTableProps) {
  const [page, setPage] = useState(0);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const at = Math.min(page, pages - 1);
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
        <table className="figures">
          <caption className="visually-hidden">{caption}</caption>
          <thead>{head}</thead>
          <tbody>
            {rows.slice(at * PAGE, (at + 1) * PAGE).map(({ step, cells }) => (
              <tr key={step}>
                <th scope="row">{step}</th>
                {cells.map((cell, column) => (
                  // oxlint-disable-next-line no-array-index-key -- a cell is its column
                  <td key={column}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages === 1 ? null : (
        <p className="row small">
          <button type="button" className="button small" disabled={at === 0} onClick={() => setPage(at - 1)}>
            Earlier steps
          </button>
          <span>
            page {at + 1} of {pages}
          </span>
          <button type="button" className="button small" disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
            Later steps
          </button>
        </p>
      )}
    </>
  );
}
