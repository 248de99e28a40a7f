/** @file What a pair lacks, in order of weight: a caption, being the only one of its kind, pixels. A person's word settles the last two. */
import type { Fault, PairItem } from "./studio-state.ts";

/** The pairs in their order, which is that of their files' names: it does not tell which came first. */
export function inOrder(pairs: Iterable<PairItem>): readonly PairItem[] {
  return [...pairs].sort((a, b) => order(a.source, b.source) || order(a.id, b.id));
}

/** The order in which they are trained on, so that seeds depend on what they are: on neither their names nor which came first. */
export function inTraining(pairs: Iterable<PairItem>): readonly PairItem[] {
  return [...pairs].sort(
    (a, b) => order(a.pictureHash, b.pictureHash) || order(a.caption.trim(), b.caption.trim()) || order(a.id, b.id),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same pairs with their faults; those whose fault is as it was stay the same objects. */
export function reviewed(pairs: readonly PairItem[]): readonly PairItem[] {
  const place = new Map(pairs.map((pair, at) => [pair.id, at]));
  /** the first one before it that looks like it and is in */
  const firstTwin = new Map<string, PairItem>();
  const meet = (one: PairItem, other: PairItem): void => {
    const [early, late] = (place.get(one.id) ?? 0) < (place.get(other.id) ?? 0) ? [one, other] : [other, one];
    const known = firstTwin.get(late.id);
    if (known === undefined || (place.get(early.id) ?? 0) < (place.get(known.id) ?? 0)) firstTwin.set(late.id, early);
  };
  for (const pair of pairs) {
    if (pair.leftOut) continue;
    for (const id of pair.alike) {
      const other = pairs[place.get(id) ?? -1];
      if (other !== undefined && !other.leftOut) meet(pair, other);
    }
  }
  let changed = false;
  const all = pairs.map((pair) => {
    const fault = faultOf(pair, firstTwin.get(pair.id));
    if (sameFault(fault, pair.fault)) return pair;
    changed = true;
    return { ...pair, fault };
  });
  return changed ? all : pairs;
}

function faultOf(pair: PairItem, twin: PairItem | undefined): Fault | null {
  if (pair.leftOut) return null;
  if (pair.caption.trim() === "") return { kind: "caption" };
  if (twin !== undefined && !pair.accepted.includes("twin")) {
    return { kind: "twin", of: twin.source, exact: twin.pictureHash === pair.pictureHash };
  }
  const { whole, side } = pair;
  if (whole !== null && Math.min(whole.width, whole.height) < side && !pair.accepted.includes("small")) {
    return { kind: "small", needs: side };
  }
  return null;
}

function sameFault(a: Fault | null, b: Fault | null): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
