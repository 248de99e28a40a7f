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
  const some = useStudio((state) => rows.some((row) => columns.some((node) => cellKey(node, row) in state.cells)));
  const table = useGridKeys(props);
  return (
    <div
      className="sheetbox"
      role="region"
      aria-label="Prompts by models"
      // as long as no picture can be reached by keys, what scrolls must be
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={some ? undefined : 0}
    >
      <table className="sheetgrid" ref={table} style={{ "--columns": columns.length } as CSSProperties}>
        <thead>
          <tr>
            <th scope="col">Prompt, seed</th>
            {columns.map((node) => (
              <th key={node} scope="col" className={edgeOf(node, sides)}>
                <Side side={sideOf(node, sides)}>{nameOf({ nodes }, node)}</Side>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((prompt, row) => (
            <Row key={`${prompt.seed} ${prompt.text}`} {...props} prompt={prompt} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const sideOf = (node: NodeId, { left, right }: GridProps["sides"]): SideName =>
  node === left ? "opponent" : node === right ? "player" : "other";
const edgeOf = (node: NodeId, { left, right }: GridProps["sides"]): string | undefined =>
  node === left ? "is-left" : node === right ? "is-right" : undefined;

interface RowProps extends GridProps {
  readonly prompt: Prompt;
  readonly row: number;
}

function Row(props: RowProps) {
  const { columns, rows, sides, at, prompt, row } = props;
  const nodes = useStudio((state) => state.nodes);
  const cells = useStudio((state) => state.cells);
  const there = columns.filter((node) => cells[cellKey(node, prompt)] !== undefined);
  // Tab goes from row to row, arrows go within: so every row that scrolls by itself can be reached
  const tabbed = there.includes(at.node) ? at.node : there[0];
  return (
    <tr>
      <th scope="row">
        <span className={rows[row - 1]?.text === prompt.text ? "visually-hidden" : "prompt"}>{prompt.text}</span>
        <small>seed {prompt.seed}</small>
      </th>
      {columns.map((node) => (
        <td key={node} className={edgeOf(node, sides)}>
          <Cell {...props} node={node} picture={cells[cellKey(node, prompt)]} tabbed={node === tabbed} />
          <span className="who">
            <Side side={sideOf(node, sides)}>{nameOf({ nodes }, node)}</Side>
          </span>
        </td>
      ))}
    </tr>
  );
}

interface CellProps extends RowProps {
  readonly node: NodeId;
  readonly picture: string | undefined;
  readonly tabbed: boolean;
}

function Cell({ node, picture, tabbed, prompt, row, sides, setAt }: CellProps) {
  const nodes = useStudio((state) => state.nodes);
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
      tabIndex={tabbed ? 0 : -1}
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
function useGridKeys({ columns, rows, at, focus }: GridProps) {
  const { store } = useWorkbench();
  const table = useRef<HTMLTableElement>(null);
  const keys = useMemo((): KeyMap => {
    const focusOn = (element: HTMLElement): void => {
      element.focus();
      // past the heads too, which lie over what is scrolled
      element.scrollIntoView({ block: "nearest", inline: "nearest" });
    };
    const go = (byRow: number, byColumn: number) => (): void => {
      const here = cellIn(table.current, at.row, at.node);
      // the first key only shows where the keys are
      if (here !== null && !table.current?.contains(document.activeElement)) return focusOn(here);
      let [row, column] = [at.row, columns.indexOf(at.node)];
      do {
        row += byRow;
        column += byColumn;
        const next = cellIn(table.current, row, columns[column]);
        if (next !== null) return focusOn(next);
      } while (row >= 0 && row < rows.length && column >= 0 && column < columns.length);
    };
    return {
      ArrowLeft: go(0, -1),
      ArrowRight: go(0, 1),
      ArrowUp: go(-1, 0),
      ArrowDown: go(1, 0),
      setLeft: () => store.getState().setSides({ left: at.node }),
      setRight: () => store.getState().setSides({ right: at.node }),
    };
  }, [store, columns, rows, at]);
  useKeys(keys);

  const returned = useRef(focus ? at : null);
  useEffect(() => {
    if (returned.current !== null) cellIn(table.current, returned.current.row, returned.current.node)?.focus();
  }, []);
  return table;
}

function cellIn(table: HTMLElement | null, row: number, node: NodeId | undefined): HTMLElement | null {
  return table?.querySelector<HTMLElement>(`[data-row="${row}"][data-node="${CSS.escape(node ?? "")}"]`) ?? null;
}
