/** @file Undo and redo of edits: each entry knows what it changed, and nothing of the pairs that came or went since. */
import type { Edit, Entry, PairItem } from "./studio-state.ts";

const most = 200;

export interface Past {
  readonly past: readonly Entry[];
  readonly future: readonly Entry[];
}

/** The entry that brings each pair to its edit; null where nothing would change. */
export function entryOf(
  words: string,
  pairs: readonly PairItem[],
  edit: (pair: PairItem) => Edit,
  merge: string | null = null,
): Entry | null {
  const changes = pairs.flatMap((pair) => {
    const after = edit(pair);
    const fields = (Object.keys(after) as (keyof Edit)[]).filter((field) => after[field] !== pair[field]);
    if (fields.length === 0) return [];
    const before = Object.fromEntries(fields.map((field) => [field, pair[field]])) as Edit;
    return [{ id: pair.id, before, after }];
  });
  return changes.length === 0 ? null : { words, changes, merge };
}

/** Typing goes on in the entry that it began. */
export function remember({ past }: Past, entry: Entry): Past {
  const last = past.at(-1);
  if (last === undefined || entry.merge === null || last.merge !== entry.merge) {
    return { past: [...past, entry].slice(-most), future: [] };
  }
  const changes = entry.changes.map((change, i) => ({ ...change, before: last.changes[i]?.before ?? change.before }));
  return { past: [...past.slice(0, -1), { ...entry, changes }], future: [] };
}

/** What was typed next is an entry of its own. */
export function sealed(past: readonly Entry[]): readonly Entry[] {
  const last = past.at(-1);
  return last === undefined || last.merge === null ? past : [...past.slice(0, -1), { ...last, merge: null }];
}

export function applied(pairs: readonly PairItem[], entry: Entry, to: "before" | "after"): readonly PairItem[] {
  const edits = new Map(entry.changes.map((change) => [change.id, change[to]]));
  return pairs.map((pair) => {
    const edit = edits.get(pair.id);
    return edit === undefined ? pair : { ...pair, ...edit };
  });
}
