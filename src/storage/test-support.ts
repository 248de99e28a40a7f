/** @file For tests: stores that fail at a chosen write, and nodes to keep in them. */
import type { KeyValue } from "./key-value.ts";
import type { NodeRecord } from "./nodes.ts";

/** A crash before or after a write took place, so that no later one does; or a write that fails alone, as on a full disk. */
export type When = "before" | "after" | "alone";

/** Fails at the n-th write. */
export function failingAt(inner: KeyValue, n: number, when: When): KeyValue & { writes: number } {
  const faulty = {
    ...inner,
    writes: 0,
    setMany: (...write: Parameters<KeyValue["setMany"]>) => attempt(() => inner.setMany(...write)),
    deleteMany: (keys: readonly string[]) => attempt(() => inner.deleteMany(keys)),
  };
  async function attempt(work: () => Promise<void>): Promise<void> {
    faulty.writes += 1;
    const spared = faulty.writes < n || (faulty.writes > n && when === "alone");
    if (spared || (faulty.writes === n && when === "after")) await work();
    if (!spared) throw new Error(`fault at write ${n}`);
  }
  return faulty;
}

/** Runs `work` once for every write that it makes, with a fault there; `check` sees what is left. */
export async function atEveryWrite(
  prepared: () => Promise<KeyValue>,
  work: (store: KeyValue) => Promise<unknown>,
  when: When,
  check: (store: KeyValue, n: number, outcome: unknown) => Promise<void>,
): Promise<number> {
  const counter = failingAt(await prepared(), Number.POSITIVE_INFINITY, when);
  await work(counter);
  for (let n = 1; n <= counter.writes; n++) {
    const inner = await prepared();
    const outcome = await work(failingAt(inner, n, when)).then((result) => result ?? "done", String);
    await check(inner, n, outcome);
  }
  return counter.writes;
}

/** The node "<number>", child of the one before it. */
export function nodeAt(number: number, change: Partial<NodeRecord> = {}): NodeRecord {
  const parent = number > 1 ? String(number - 1) : "base";
  return {
    id: String(number),
    parent,
    opponent: change.parent ?? parent,
    iteration: number,
    number,
    name: null,
    settings: { steps: 4, seed: 7 },
    pairs: null,
    createdAt: "2026-11-24T00:00:00.000Z",
    deleted: null,
    gone: false,
    ...change,
  };
}
