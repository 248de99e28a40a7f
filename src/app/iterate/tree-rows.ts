/**
 * @file The tree laid out in rows. A node's first child stands below it on the same line; its later ones are branches: indented, and
 * before the first, so that every line to the left of a branch runs past it.
 */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo } from "../../studio/api.ts";

/** The row of what would be grown next. */
export const NEXT = "next";

export interface Row {
  /** or NEXT */
  readonly id: NodeId;
  readonly parent: NodeId | null;
  /** from 1, of the tree as it grew */
  readonly level: number;
  /** the line it stands on, from 0 */
  readonly lane: number;
  /** from 1, among its parent's children */
  readonly place: number;
  readonly siblings: number;
  readonly children: number;
  /** all that came from it */
  readonly descendants: number;
  /** they are hidden */
  readonly folded: boolean;
  /** begins its line */
  readonly branch: boolean;
  /** the line goes on below it */
  readonly down: boolean;
}

/** @param next the parent of what would be grown next; null: nothing would */
export function treeRows(nodes: readonly NodeInfo[], next: NodeId | null, folded: ReadonlySet<NodeId>): readonly Row[] {
  const known = new Set([BASE, ...nodes.map(({ id }) => id)]);
  const children = new Map<NodeId, NodeId[]>();
  const hang = (id: NodeId, parent: NodeId): void => {
    const under = known.has(parent) ? parent : BASE;
    children.set(under, [...(children.get(under) ?? []), id]);
  };
  for (const { id, parent } of [...nodes].sort((a, b) => a.number - b.number)) hang(id, parent);
  if (next !== null) hang(NEXT, next);

  const descendants = (id: NodeId): number =>
    (children.get(id) ?? []).reduce((sum, child) => sum + 1 + descendants(child), 0);
  const rows: Row[] = [];
  const walk = (id: NodeId, from: Pick<Row, "parent" | "level" | "lane" | "place" | "siblings" | "branch">): void => {
    const [first, ...branches] = children.get(id) ?? [];
    const shut = first !== undefined && folded.has(id);
    const all = first === undefined ? [] : [...branches, first];
    rows.push({
      id,
      ...from,
      children: all.length,
      descendants: descendants(id),
      folded: shut,
      down: first !== undefined && !shut,
    });
    if (shut) return;
    for (const [at, child] of all.entries()) {
      const branch = child !== first;
      const lane = from.lane + (branch ? 1 : 0);
      walk(child, { parent: id, level: from.level + 1, lane, place: at + 1, siblings: all.length, branch });
    }
  };
  walk(BASE, { parent: null, level: 1, lane: 0, place: 1, siblings: 1, branch: false });
  return rows;
}

/** What a key does in the tree: the row it leads to, or a fold. Null: it is no key of the tree. */
export function treeKey(
  rows: readonly Row[],
  at: number,
  key: string,
): { readonly to: number } | { readonly fold: boolean } | null {
  const row = rows[at];
  if (row === undefined) return null;
  switch (key) {
    case "ArrowDown":
      return { to: Math.min(rows.length - 1, at + 1) };
    case "ArrowUp":
      return { to: Math.max(0, at - 1) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: rows.length - 1 };
    case "ArrowRight":
      if (row.folded) return { fold: false };
      return { to: row.children > 0 ? at + 1 : at };
    case "ArrowLeft":
      if (row.children > 0 && !row.folded) return { fold: true };
      return {
        to: Math.max(
          0,
          rows.findIndex(({ id }) => id === row.parent),
        ),
      };
    default:
      return null;
  }
}

/** The next row, around the end, whose name begins with what was typed; one letter again and again steps through. */
export function typedTo(names: readonly string[], at: number, typed: string): number | null {
  const wanted = typed.toLowerCase();
  const same = [...wanted].every((letter) => letter === wanted[0]);
  const start = wanted.length === 1 || same ? at + 1 : at;
  const prefix = same ? (wanted[0] ?? "") : wanted;
  for (let step = 0; step < names.length; step++) {
    const index = (start + step) % names.length;
    if (names[index]?.toLowerCase().startsWith(prefix)) return index;
  }
  return null;
}
