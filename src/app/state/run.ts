/** @file The iteration under way: start, pause, go on, and what it reports. */
import { nodeName } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo, PageEvent, Picture, SpinSettings } from "../../studio/api.ts";
import { iterationSpan, count } from "../format.ts";
import { CLOSE, problemFrom } from "../problem.ts";
import { NUMBER_FIELDS, parseNumber } from "../settings.ts";
import { drawSteps } from "./compare.ts";
import { pausedRun } from "./machine.ts";
import { keptNodes, type NextNode, nextNode, nodeOf, withNode } from "./nodes.ts";
import { isRunning, nextSettings, whyNotStart } from "./selectors.ts";
import type { Current, Deps, RunSlice, Slice, StudioState } from "./studio-state.ts";

export const SAVE_EVERY = 10;

export const createRun: Slice<RunSlice> = (set, get, deps) => {
  const { project } = deps;

  /** The next node, in the tree and under way. */
  const grown = async (next: NextNode, settings: SpinSettings): Promise<NodeId> => {
    const { parent, opponent, name } = next;
    const node = await deps.studio.call("grow", { project, parent, opponent, name, settings });
    set((state) => ({
      nodes: withNode(state.nodes, node),
      next: {},
      current: state.current && { ...state.current, node: node.id, name: nodeName(node), number: node.number },
    }));
    return node.id;
  };

  /** A node for which nothing was done yet goes again, so that its settings can be changed. */
  const stopped = async (error: unknown): Promise<void> => {
    const node = get().current?.node ?? null;
    set(failed(get(), error));
    if (get().current !== null || node === null) return;
    set((state) => ({ nodes: state.nodes.filter(({ id }) => id !== node) }));
    await deps.studio
      .call("deleteNode", { project, node })
      .then(() => deps.studio.call("purge", { project, node }))
      .catch(() => undefined);
  };

  return {
    current: null,
    finished: null,
    wanted: {},
    faults: {},
    sampling: false,

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

    async spin(wanted) {
      if (isRunning(get()) || whyNotStart(get()) !== null) return;
      const chosen = nodeOf(get(), wanted ?? null);
      if (chosen !== undefined && get().current?.node !== chosen.id) set({ current: pausedRun(chosen) });
      get().stopDrawing();
      const before = get().current;
      const next = nextNode(get());
      const settings = before?.settings ?? nextSettings(get());
      if (settings === null) return;
      const startedAt = deps.now();
      deps.metrics.begin();
      // claimed before the first wait, so that a second click finds it running
      set({
        current: { ...(before ?? fresh(next, settings)), phase: "running", startedAt, problem: null },
        finished: null,
      });
      deps.go({ screen: "iterate", iteration: null });
      await get().savePairs();
      if (get().unsaved) {
        set({ current: before });
        return;
      }
      try {
        const node = before?.node ?? (await grown(next, settings));
        const outcome = await deps.studio.call("spin", { project, node, saveEvery: SAVE_EVERY });
        if (outcome === "paused") {
          set((state) => ({ current: state.current && { ...state.current, phase: "paused" } }));
          await get().refresh();
          return;
        }
        const seconds = before === null ? (deps.now() - startedAt) / 1000 : null;
        const run = get().current;
        set((state) => ({ nodes: finishedIn(state.nodes, node), current: null, finished: { node, seconds } }));
        deps.pictures.drop(picturesOf(run));
        await get().refresh();
        await get().drawMissing();
      } catch (error) {
        await stopped(error);
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

    async stopAndKeep() {
      const { current } = get();
      if (current === null || current.node === null || isRunning(get())) return;
      try {
        const node = await deps.studio.call("keepNode", { project, node: current.node });
        set((state) => ({
          nodes: withNode(state.nodes, node),
          current: null,
          finished: { node: node.id, seconds: null },
        }));
        deps.pictures.drop(picturesOf(current));
        await get().drawMissing();
      } catch (error) {
        const what = `${current.name} could not be kept.`;
        set({ problem: problemFrom(error, { what, safe: "Its saved steps are safe.", remedy: CLOSE }) });
      }
    },

    async sampleNow() {
      const { current, model, prompts, sampling } = get();
      if (current?.node == null || model === null || prompts.length === 0 || sampling) return;
      set({ sampling: true });
      try {
        await deps.studio.call("draw", {
          project,
          node: current.node,
          prompts: prompts.map(({ text }) => text),
          negativePrompt: "",
          seeds: prompts.map(({ seed }) => seed),
          steps: drawSteps(model.large),
          guidance: model.guidance,
        });
      } catch (error) {
        const what = "The samples could not be drawn.";
        set({ problem: problemFrom(error, { what, safe: "The run goes on.", remedy: CLOSE }) });
      } finally {
        set({ sampling: false });
      }
    },
  };
};

function finishedIn(nodes: readonly NodeInfo[], id: NodeId): readonly NodeInfo[] {
  return nodes.map((node) => (node.id === id ? { ...node, state: "kept" as const, step: node.of } : node));
}

/** Of the run alone: opponents and samples. */
export function picturesOf(run: Current | null): readonly string[] {
  if (run === null) return [];
  return [...run.opponents.filter((id) => id !== null), ...run.samples.map((sample) => sample.picture)];
}

function fresh({ title, number, opponent }: NextNode, settings: SpinSettings): Current {
  return {
    node: null,
    name: title,
    number,
    opponent,
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
  const { current, pairs } = state;
  if (current === null) return {};
  const lastSaved = current.savedSteps.at(-1);
  const { name } = current;
  const upTo = lastSaved === undefined ? "" : `, and ${name} up to step ${lastSaved}`;
  const safe = `Safe: ${count(pairs.length, "pair")}, ${iterationSpan(keptNodes(state).map(nodeName))}${upTo}.`;
  const nothingDone = lastSaved === undefined && current.step === 0 && current.opponents.length === 0;
  const remedy = nothingDone ? CLOSE : ({ kind: "resume", label: `Continue ${name}` } as const);
  const problem = problemFrom(error, { what: `${name} stopped at step ${current.step}.`, safe, remedy });
  // nothing was done yet: back to where the settings can be changed
  return nothingDone ? { current: null, problem } : { current: { ...current, phase: "failed", problem } };
}

/** What the engine tells during a run, as state; drawings are the run's where they were asked of it. */
export function onRunEvent(event: PageEvent, state: StudioState, deps: Deps): Partial<StudioState> {
  const { current } = state;
  if (current === null || !("node" in event) || event.node !== current.node) return {};
  switch (event.kind) {
    case "stage":
      deps.metrics.tick(event.stage, event.done, deps.now() / 1000);
      return { current: { ...current, stage: event.stage, done: event.done, of: event.of } };
    case "step": {
      const { report } = event;
      deps.metrics.push(event.node, report);
      return { current: { ...current, stage: "train", step: report.step, done: report.step, of: report.of } };
    }
    case "probe":
    case "damaged":
      return {};
    case "saved": {
      const savedSteps = [...current.savedSteps.filter((step) => step < event.step), event.step];
      return { current: { ...current, saved: { step: event.step, at: deps.now() }, savedSteps } };
    }
    case "drawn":
      return state.sampling ? withSample(current, event.step, event.index, event.picture, deps) : {};
    case "picture": {
      const { index } = event;
      if (current.stage === "samples") return withSample(current, current.step, index, event.picture, deps);
      const picture = deps.pictures.keep(event.picture);
      const opponents = Array.from({ length: Math.max(current.of, index + 1, current.opponents.length) }, (_, at) =>
        at === index ? picture : (current.opponents[at] ?? null),
      );
      return { current: { ...current, opponents } };
    }
  }
}

function withSample(
  current: Current,
  step: number,
  index: number,
  { prompt, seed, ...pixels }: Picture,
  deps: Deps,
): Partial<StudioState> {
  const sample = { step, index, prompt, seed, picture: deps.pictures.keep(pixels) };
  return { current: { ...current, samples: [...current.samples, sample] } };
}
