/** @file Lifetimes to slots: tensors that are never alive at the same time share a buffer. Largest first, first fit. */

/** Alive from call `first` to call `last` of a timeline, both included. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

export interface Lifetime {
  readonly name: string;
  readonly bytes: number;
  readonly intervals: readonly Interval[];
}

export interface Slots {
  /** tensor -> slot */
  readonly of: ReadonlyMap<string, string>;
  /** slot -> bytes */
  readonly bytes: Readonly<Record<string, number>>;
}

const overlap = (a: readonly Interval[], b: readonly Interval[]): boolean =>
  a.some((x) => b.some((y) => x.first <= y.last && y.first <= x.last));

export function assignSlots(lifetimes: readonly Lifetime[]): Slots {
  const slots: { readonly name: string; readonly bytes: number; readonly busy: Interval[] }[] = [];
  const of = new Map<string, string>();
  const ordered = [...lifetimes].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  for (const { name, bytes, intervals } of ordered) {
    let slot = slots.find((s) => !overlap(s.busy, intervals));
    if (!slot) {
      slot = { name: `slot.${slots.length}`, bytes, busy: [] };
      slots.push(slot);
    }
    slot.busy.push(...intervals);
    of.set(name, slot.name);
  }
  return { of, bytes: Object.fromEntries(slots.map((s) => [s.name, s.bytes])) };
}
