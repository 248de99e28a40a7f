/** @file Rows are prompts with their seed, columns are Base and the iterations. */
import { useEffect, useMemo, useRef, type CSSProperties } from "react";
import type { NodeId } from "../../studio/api.ts";
import { useKeys, type KeyMap } from "../keys.ts";
import { Side, type SideName } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { printRoute } from "../route.ts";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { nameOf, numberOf } from "../state/nodes.ts";
import { cellKey } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";

/** The cell that has the keys. */
export interface At {
  readonly row: number;
  readonly node: NodeId;
}

export interface GridProps {
  readonly columns: readonly NodeId[];
  readonly rows: readonly Prompt[];
  readonly sides: { readonly left: NodeId; readonly right: NodeId };
  readonly at: At;
  readonly setAt: (at: At) => void;
  /** the keys come back from the viewer */
  readonly focus: boolean;
}

export function Grid(props: GridProps) {
  const { columns, rows, sides } = props;
  const nodes = useStudio((state) => state.nodes);
  const table = useGridKeys(props);
  const side = (node: NodeId): SideName =>
    node === sides.left ? "opponent" : node === sides.right ? "player" : "other";
  const edge = (node: NodeId): string | undefined =>
    node === sides.left ? "is-left" : node === sides.right ? "is-right" : undefined;
  return (
    <div className="sheetbox">
      <table className="sheetgrid" ref={table} style={{ "--columns": columns.length } as CSSProperties}>
        <thead>
          <tr>
            <th scope="col">Prompt, seed</th>
            {columns.map((node) => (
              <th key={node} scope="col" className={edge(node)}>
                <Side side={side(node)}>{nameOf({ nodes }, node)}</Side>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((prompt, row) => (
            <tr key={`${prompt.seed} ${prompt.text}`}>
              <th scope="row">
                <span className={rows[row - 1]?.text === prompt.text ? "visually-hidden" : "prompt"}>
                  {prompt.text}
                </span>
                <small>seed {prompt.seed}</small>
              </th>
              {columns.map((node) => (
                <td key={node} className={edge(node)}>
                  <Cell {...props} node={node} prompt={prompt} row={row} />
                  <span className="who">
                    <Side side={side(node)}>{nameOf({ nodes }, node)}</Side>
                  </span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps extends GridProps {
  readonly node: NodeId;
  readonly prompt: Prompt;
  readonly row: number;
}

function Cell({ node, prompt, row, sides, at, setAt }: CellProps) {
  const nodes = useStudio((state) => state.nodes);
  const picture = useStudio((state) => state.cells[cellKey(node, prompt)]);
  const drawing = useStudio((state) => state.drawing?.node === node);
  if (picture === undefined) return <PictureView id={null} label="" waiting={drawing} />;
  // the left model is looked at beside the right one, every other beside the left one
  const right = node === sides.left ? sides.right : node;
  const viewer = { prompt: row, left: numberOf({ nodes }, sides.left), right: numberOf({ nodes }, right) };
  return (
    <button
      type="button"
      data-row={row}
      data-node={node}
      tabIndex={at.row === row && at.node === node ? 0 : -1}
      onFocus={() => setAt({ row, node })}
      onClick={() => {
        globalThis.location.hash = printRoute({ screen: "compare", viewer });
      }}
    >
      <PictureView id={picture} label={`${nameOf({ nodes }, node)}: ${prompt.text}`} />
    </button>
  );
}

/** Arrows go from picture to picture, past places that have none yet; A and B set the sides. */
function useGridKeys({ columns, rows, at, setAt, focus }: GridProps) {
  const { store } = useWorkbench();
  const table = useRef<HTMLTableElement>(null);
  const keys = useMemo((): KeyMap => {
    const cell = (row: number, node: NodeId | undefined): HTMLElement | null =>
      table.current?.querySelector<HTMLElement>(`[data-row="${row}"][data-node="${CSS.escape(node ?? "")}"]`) ?? null;
    const go = (byRow: number, byColumn: number) => (): void => {
      const here = cell(at.row, at.node);
      // the first key only shows where the keys are
      if (here !== null && !table.current?.contains(document.activeElement)) return here.focus();
      let [row, column] = [at.row, columns.indexOf(at.node)];
      do {
        row += byRow;
        column += byColumn;
        const next = cell(row, columns[column]);
        if (next !== null) return next.focus();
      } while (row >= 0 && row < rows.length && column >= 0 && column < columns.length);
    };
    return {
      ArrowLeft: go(0, -1),
      ArrowRight: go(0, 1),
      ArrowUp: go(-1, 0),
      ArrowDown: go(1, 0),
      a: () => store.getState().setSides({ left: at.node }),
      b: () => store.getState().setSides({ right: at.node }),
    };
  }, [store, columns, rows, at]);
  useKeys(keys);

  // one cell is always in the order of the tab key: the one that had the keys, else the first that has a picture
  useEffect(() => {
    const element = table.current;
    if (element === null || element.querySelector('button[tabindex="0"]') !== null) return;
    const first = element.querySelector<HTMLElement>("button[data-node]");
    if (first !== null) setAt({ row: Number(first.dataset["row"]), node: first.dataset["node"] ?? "" });
  });
  const returned = useRef(focus);
  useEffect(() => {
    if (returned.current) table.current?.querySelector<HTMLElement>('button[tabindex="0"]')?.focus();
  }, []);
  return table;
}
