/** @file Step reports and stage times of the runs: plain lists beside the store, so that a step costs no rendering. */
import { createListeners } from "../lib/listeners.ts";
import type { NodeId, Stage, StepReport } from "../studio/api.ts";

export interface Metrics {
  /** Reports of a node, by rising step. The array is replaced, never changed. */
  reports(node: NodeId | null): readonly StepReport[];
  load(all: { readonly [node: NodeId]: readonly StepReport[] }): void;
  /** Adds a report; steps done again after a resume replace the old ones. */
  push(node: NodeId, report: StepReport): void;
  /** A new run: what was counted of the iteration's stages is forgotten, its reports are not. */
  begin(): void;
  /** `done` parts of a stage are done now. */
  tick(stage: Stage, done: number): void;
  /** Seconds of each part of a stage since `begin`, oldest first: all that passed, samples and saving too. */
  durations(stage: Stage): readonly number[];
  /** Seconds of each step since `begin`, oldest first: its work alone, by the engine's clock. */
  worked(): readonly number[];
  subscribe(listener: () => void): () => void;
}

const NONE: readonly StepReport[] = [];

/** @param clock seconds that only ever rise: setting the computer's date must not be seen */
export function createMetrics(clock: () => number = () => performance.now() / 1000): Metrics {
  const reports = new Map<NodeId, readonly StepReport[]>();
  const durations = new Map<Stage, number[]>();
  const { tell, on: subscribe } = createListeners();
  let worked: number[] = [];
  let last: { stage: Stage; done: number; seconds: number } | null = null;

  const tick = (stage: Stage, done: number): void => {
    if (last?.stage === stage && last.done === done) return;
    const seconds = clock();
    if (last !== null && last.stage === stage && done > last.done) {
      const each = (seconds - last.seconds) / (done - last.done);
      const list = durations.get(stage) ?? [];
      for (let part = last.done; part < done; part++) list.push(each);
      durations.set(stage, list);
    }
    last = { stage, done, seconds };
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
      worked.push(report.seconds);
      tick("train", report.step);
      tell();
    },
    begin() {
      durations.clear();
      worked = [];
      last = null;
    },
    tick(stage, done) {
      tick(stage, done);
      tell();
    },
    durations: (stage) => durations.get(stage) ?? [],
    worked: () => worked,
    subscribe,
  };
}
