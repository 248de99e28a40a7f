/** @file A node of the tree: the lines it hangs on, its sign, its picture, two lines of words, its menu. */
import { useId, type CSSProperties, type KeyboardEvent } from "react";
import { Menu } from "../parts/menu.tsx";
import { PictureView } from "../parts/picture.tsx";
import type { SideName } from "../parts/mark.tsx";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { faceOf } from "../state/faces.ts";
import { nodeOf } from "../state/nodes.ts";
import { nodeActions, type TreeHands } from "./node-actions.ts";
import { NEXT, type Row } from "./tree-rows.ts";
import { nodeWords } from "./tree-words.ts";

export interface TreeNodeProps {
  readonly row: Row;
  readonly name: string;
  readonly side: SideName;
  /** looked at */
  readonly selected: boolean;
  /** where Tab comes to */
  readonly reached: boolean;
  readonly hands: TreeHands;
  readonly onOpen: () => void;
  readonly onReach: () => void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/** Branches deeper than this stand on one line. */
const MOST_LANES = 3;

export function TreeNode({ row, name, side, selected, reached, hands, onOpen, onReach, onKeyDown }: TreeNodeProps) {
  const { store } = useWorkbench();
  const id = useId();
  const node = useStudio((state) => nodeOf(state, row.id));
  const growing = useStudio((state) => state.current !== null && state.current.node === null);
  const picture = useStudio((state) => faceOf(state, row.id));
  const [first, second] = useStudio((state) => nodeWords(state, row.id, side === "opponent").join("\n")).split("\n");
  const next = row.id === NEXT && !growing;
  const lost = node !== undefined && (node.state === "gone" || node.deleted !== null);
  const lane = Math.min(row.lane, MOST_LANES);
  const names = [
    "node",
    side === "player" ? "is" : side === "opponent" ? "was" : "",
    next ? "next" : "",
    lost ? "lost" : "",
    row.branch ? "branch" : "",
    lane > 0 ? "aside" : "",
    row.level === 1 ? "first" : "",
    row.down ? "" : "last",
  ];
  const expanded = row.children > 0 ? { "aria-expanded": !row.folded } : {};
  return (
    <div
      role="treeitem"
      data-node={row.id}
      className={names.filter((each) => each !== "").join(" ")}
      style={css("--lane", lane)}
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-selected={selected}
      {...expanded}
      aria-labelledby={`${id}-name`}
      aria-describedby={`${id}-words`}
      tabIndex={reached ? 0 : -1}
      onClick={onOpen}
      onFocus={onReach}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => {
        if (openMenu(event.currentTarget)) event.preventDefault();
      }}
    >
      {Array.from({ length: lane }, (_, at) => (
        <i key={at} className="rail" style={css("--at", at)} />
      ))}
      <i className="dot" />
      {picture === undefined ? <span className={next ? "hole" : "picture"} /> : <PictureView id={picture} label="" />}
      <span className="words">
        <b id={`${id}-name`}>{name}</b>
        <span id={`${id}-words`}>
          <small>{first}</small>
          {second === "" ? null : <small>{second}</small>}
          {row.folded ? <small>{row.descendants} hidden</small> : null}
        </span>
      </span>
      {row.id === NEXT || (node?.state === "gone" && row.children === 0) ? null : (
        <Menu
          label={`Actions of ${name}`}
          items={() => nodeActions(store.getState(), row, hands)}
          tabIndex={reached ? 0 : -1}
        />
      )}
    </div>
  );
}

const css = (property: `--${string}`, value: number): CSSProperties => ({ [property]: value }) as CSSProperties;

/** False: this node has no menu. */
export function openMenu(node: HTMLElement): boolean {
  const button = node.querySelector<HTMLElement>(".menu-button");
  button?.click();
  return button !== null;
}
