/** @file The iteration under way: start, pause, go on, and what it reports. */
import type { StudioEvent } from "../../studio/api.ts";
import { iterationName, iterationSpan, count } from "../format.ts";
import { CLOSE, problemFrom } from "../problem.ts";
import { NUMBER_FIELDS, parseNumber } from "../settings.ts";
import { isRunning, nextIteration, nextSettings, whyNotStart } from "./selectors.ts";
import type { Current, Deps, RunSlice, Slice, StudioState } from "./studio-state.ts";

export const SAVE_EVERY = 10;

export const createRun: Slice<RunSlice> = (set, get, deps) => ({
  kept: [],
  current: null,
  finished: null,
  wanted: {},
  faults: {},

  setNumber(key, text) {
    const field = NUMBER_FIELDS.find((candidate) => candidate.key === key);
    if (field === undefined) return;
    const parsed = parseNumber(field, text);
    const { [key]: _, ...faults } = get().faults;
    if ("fault" in parsed) set({ faults: { ...faults, [key]: parsed.fault } });
    else set({ faults, wanted: { ...get().wanted, [key]: parsed.value } });
  },
  setLoss: (loss) => set((state) => ({ wanted: { ...state.wanted, loss } })),
  resetSettings: () => set({ wanted: {}, faults: {} }),

  async spin() {
    if (isRunning(get()) || whyNotStart(get()) !== null) return;
    get().stopDrawing();
    const before = get().current;
    const iteration = nextIteration(get());
    const settings = before?.settings ?? nextSettings(get());
    if (settings === null) return;
    const startedAt = deps.now();
    deps.metrics.begin();
    // claimed before the first wait, so that a second click finds it running
    set({
      current: { ...(before ?? fresh(iteration, settings)), phase: "running", startedAt, problem: null },
      finished: null,
    });
    deps.go({ screen: "iterate", iteration: null });
    await get().savePairs();
    if (get().unsaved) {
      set({ current: before });
      return;
    }
    try {
      const params = { project: deps.project, iteration, settings, saveEvery: SAVE_EVERY };
      const outcome = await deps.studio.call("spin", params);
      if (outcome === "paused") {
        set((state) => ({ current: state.current && { ...state.current, phase: "paused" } }));
        return;
      }
      const seconds = before === null ? (deps.now() - startedAt) / 1000 : null;
      const run = get().current;
      set((state) => ({ kept: [...state.kept, iteration], current: null, finished: { iteration, seconds } }));
      deps.pictures.drop(picturesOf(run));
      await get().drawMissing();
    } catch (error) {
      set(failed(get(), error));
    }
  },

  async pause() {
    const { current } = get();
    if (current?.phase !== "running") return;
    set({ current: { ...current, phase: "pausing" } });
    try {
      await deps.studio.call("pause", {});
    } catch (error) {
      const what = "The run could not be paused.";
      set({ problem: problemFrom(error, { what, safe: "It goes on.", remedy: CLOSE }) });
      set((state) => ({ current: state.current && { ...state.current, phase: "running" } }));
    }
  },
});

/** Of the run alone: opponents and samples. */
export function picturesOf(run: Current | null): readonly string[] {
  if (run === null) return [];
  return [...run.opponents.filter((id) => id !== null), ...run.samples.map((sample) => sample.picture)];
}

function fresh(iteration: number, settings: Current["settings"]): Current {
  return {
    iteration,
    phase: "running",
    settings,
    stage: null,
    done: 0,
    of: 0,
    step: 0,
    opponents: [],
    samples: [],
    saved: null,
    savedSteps: [],
    startedAt: null,
    problem: null,
  };
}

function failed(state: StudioState, error: unknown): Partial<StudioState> {
  const { current, kept, pairs } = state;
  if (current === null) return {};
  const lastSaved = current.savedSteps.at(-1);
  const name = iterationName(current.iteration);
  const upTo = lastSaved === undefined ? "" : `, and ${name} up to step ${lastSaved}`;
  const safe = `Safe: ${count(pairs.length, "pair")}, ${iterationSpan(kept)}${upTo}.`;
  const nothingDone = lastSaved === undefined && current.step === 0;
  const remedy = nothingDone ? CLOSE : ({ kind: "resume", label: `Continue ${name}` } as const);
  const problem = problemFrom(error, { what: `${name} stopped at step ${current.step}.`, safe, remedy });
  // nothing was done yet: back to where the settings can be changed
  return nothingDone ? { current: null, problem } : { current: { ...current, phase: "failed", problem } };
}

/** What the engine tells during a run, as state; pictures of `draw` are not the run's. */
export function onRunEvent(event: StudioEvent, state: StudioState, deps: Deps): Partial<StudioState> {
  const { current } = state;
  if (current === null || !isRunning(state)) return {};
  switch (event.kind) {
    case "stage":
      deps.metrics.tick(event.stage, event.done, deps.now() / 1000);
      return { current: { ...current, stage: event.stage, done: event.done, of: event.of } };
    case "step": {
      const { report } = event;
      deps.metrics.push(current.iteration, report);
      return { current: { ...current, stage: "train", step: report.step, done: report.step, of: report.of } };
    }
    case "probe":
      return {};
    case "saved": {
      if (event.iteration !== current.iteration) return {};
      const savedSteps = [...current.savedSteps.filter((step) => step < event.step), event.step];
      return { current: { ...current, saved: { step: event.step, at: deps.now() }, savedSteps } };
    }
    case "picture": {
      const { index } = event;
      if (current.stage === null) return {}; // of a `draw` that was stopped for this run
      if (current.stage !== "opponents") {
        if (event.iteration !== current.iteration) return {};
        const { prompt, seed } = event.picture;
        const sample = { step: current.step, index, prompt, seed, picture: deps.pictures.keep(event.picture) };
        return { current: { ...current, samples: [...current.samples, sample] } };
      }
      const picture = deps.pictures.keep(event.picture);
      const opponents = Array.from({ length: Math.max(current.of, index + 1, current.opponents.length) }, (_, at) =>
        at === index ? picture : (current.opponents[at] ?? null),
      );
      return { current: { ...current, opponents } };
    }
  }
}
