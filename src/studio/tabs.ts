/** @file The tabs of one browser: who may write a project, and who is told that it changed. */
import { StudioError } from "../lib/errors.ts";

export interface Tabs {
  /**
   * Runs `work` as the only writer under this name. `lost` is aborted, with a StudioError `taken-over`, when another tab steals the
   * name: from then on nothing may be written.
   * @throws StudioError `busy` where another tab holds it, unless it is to be stolen.
   */
  alone<T>(name: string, how: "if free" | "steal", work: (lost: AbortSignal) => Promise<T>): Promise<T>;
  /** Whether any tab writes under this name. */
  taken(name: string): Promise<boolean>;
  /** From now on until it is closed this tab has the name open, and the others can see that. */
  stay(name: string): Promise<void>;
  /** Whether another tab has it open. */
  shared(name: string): Promise<boolean>;
  /** Tells the other tabs. */
  announce(project: string): void;
  /** Hears of changes by other tabs. */
  listen(listener: (project: string) => void): void;
}

export const busy = (): StudioError =>
  new StudioError("busy", "SPIN Studio is training in another tab.", "Go on there, or take over here.");

export const takenOver = (): StudioError =>
  new StudioError(
    "taken-over",
    "Another tab has taken over.",
    "What was saved before is safe there. Close this tab, or take over again.",
  );

/** Tabs without a browser: each call gives the next one. */
export function memoryTabs(): () => Tabs & { close(): void } {
  const holders = new Map<string, AbortController>();
  const open: { readonly tab: Tabs; readonly name: string }[] = [];
  const ears: { readonly tab: Tabs; readonly listener: (project: string) => void }[] = [];
  return () => {
    const tab: Tabs & { close(): void } = {
      alone: async (name, how, work) => {
        const before = holders.get(name);
        if (before && how !== "steal") throw busy();
        before?.abort(takenOver());
        const mine = new AbortController();
        holders.set(name, mine);
        try {
          return await work(mine.signal);
        } finally {
          if (holders.get(name) === mine) holders.delete(name);
        }
      },
      taken: async (name) => holders.has(name),
      stay: async (name) => void open.push({ tab, name }),
      shared: async (name) => open.some((each) => each.name === name && each.tab !== tab),
      announce: (project) => {
        for (const ear of ears) if (ear.tab !== tab) ear.listener(project);
      },
      listen: (listener) => void ears.push({ tab, listener }),
      close: () => {
        open.splice(0, open.length, ...open.filter((each) => each.tab !== tab));
      },
    };
    return tab;
  };
}
