/** @file Step reports and stage times of the runs: plain lists beside the store, so that a step costs no rendering. */
import type { NodeId, Stage, StepReport } from "../studio/api.ts";

export interface Metrics {
  /** Reports of a node, by rising step. The array is replaced, never changed. */
  reports(node: NodeId | null): readonly StepReport[];
  load(all: { readonly [node: NodeId]: readonly StepReport[] }): void;
  /** Adds a report; steps done again after a resume replace the old ones. */
  push(node: NodeId, report: StepReport): void;
  /** A new run: what was counted of the iteration's stages is forgotten, its reports are not. */
  begin(): void;
  /** `done` parts of a stage are done at `seconds` on some clock. */
  tick(stage: Stage, done: number, seconds: number): void;
  /** Seconds of each part of a stage since `begin`, oldest first. */
  durations(stage: Stage): readonly number[];
  subscribe(listener: () => void): () => void;
}

const NONE: readonly StepReport[] = [];

export function createMetrics(): Metrics {
  const reports = new Map<NodeId, readonly StepReport[]>();
  const durations = new Map<Stage, number[]>();
  const listeners = new Set<() => void>();
  let last: { stage: Stage; done: number; seconds: number } | null = null;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  return {
    reports: (node) => (node === null ? undefined : reports.get(node)) ?? NONE,
    load(all) {
      reports.clear();
      for (const [node, list] of Object.entries(all)) {
        reports.set(
          node,
          [...list].sort((a, b) => a.step - b.step),
        );
      }
      tell();
    },
    push(node, report) {
      const before = (reports.get(node) ?? NONE).filter((old) => old.step < report.step);
      reports.set(node, [...before, report]);
      tell();
    },
    begin() {
      durations.clear();
      last = null;
    },
    tick(stage, done, seconds) {
      if (last !== null && last.stage === stage && done > last.done) {
        const each = (seconds - last.seconds) / (done - last.done);
        const list = durations.get(stage) ?? [];
        for (let part = last.done; part < done; part++) list.push(each);
        durations.set(stage, list);
      }
      last = { stage, done, seconds };
      tell();
    },
    durations: (stage) => durations.get(stage) ?? [],
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
