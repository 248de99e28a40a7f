/** @file The iteration under way: start, pause, go on, and what it reports. */
import { nodeName } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo, PageEvent, SpinSettings } from "../../studio/api.ts";
import { iterationSpan, count } from "../format.ts";
import { CLOSE, messageOf, problemFrom, type Problem } from "../problem.ts";
import { pausedRun } from "./machine.ts";
import { keptNodes, type NextNode, nextNode, nodeOf, withNode } from "./nodes.ts";
import { askedFirst } from "./other-numbers.ts";
import { dropTrial, onSampleEvent, withSample } from "./samples.ts";
import { isRunning, nextSettings, whyNotStart } from "./selectors.ts";
import type { Current, Deps, RunSlice, Slice, StudioState } from "./studio-state.ts";
import { yielded } from "./yielded.ts";

export const SAVE_EVERY = 10;

export const createRun: Slice<RunSlice> = (set, get, deps) => {
  const { project } = deps;
  /** the run is kept as soon as it has paused */
  let keeping = false;

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

  /** The node goes for good, so that its settings can be changed. */
  const forgotten = async (node: NodeId): Promise<void> => {
    set((state) => ({ nodes: state.nodes.filter(({ id }) => id !== node) }));
    await deps.studio
      .call("deleteNode", { project, node })
      .then(() => deps.studio.call("purge", { project, node }))
      .catch(() => undefined);
  };

  /** A node for which nothing was done yet goes again. */
  const stopped = async (error: unknown): Promise<void> => {
    const other = yielded(error, get());
    if (other !== null) {
      set(other);
      await get()
        .refresh()
        .catch(() => undefined);
      return;
    }
    const question = askedFirst(error, get());
    if (question !== null) {
      // where it was begun stands in its node, which may have been read before
      await get()
        .refresh()
        .catch(() => undefined);
      return set(question);
    }
    const node = get().current?.node ?? null;
    set(failed(get(), error));
    if (get().current === null && node !== null) await forgotten(node);
  };

  return {
    current: null,
    finished: null,

    async spin(wanted, anyNumerics = false) {
      if (isRunning(get()) || whyNotStart(get()) !== null) return;
      const chosen = nodeOf(get(), wanted ?? null);
      if (chosen !== undefined && get().current?.node !== chosen.id) set({ current: pausedRun(chosen) });
      get().stopDrawing();
      get().stopFaces();
      const before = get().current;
      const next = nextNode(get());
      const settings = before?.settings ?? nextSettings(get());
      if (settings === null) return;
      const startedAt = deps.now();
      keeping = false;
      deps.metrics.begin();
      deps.pictures.drop(samplesOf(get().finished));
      dropTrial(get(), deps);
      // claimed before the first wait, so that a second click finds it running
      set({
        current: { ...(before ?? fresh(next, settings)), phase: "running", startedAt, problem: null, asks: null },
        finished: null,
        trial: null,
      });
      deps.go({ screen: "iterate", iteration: null });
      await get().savePairs();
      if (get().unsaved) {
        set({ current: before });
        return;
      }
      try {
        const node = before?.node ?? (await grown(next, settings));
        const outcome = await deps.studio.call("spin", { project, node, saveEvery: SAVE_EVERY, anyNumerics });
        if (outcome === "paused") {
          set((state) => ({ current: state.current && { ...state.current, phase: "paused" } }));
          await get().refresh();
          if (keeping) await get().stopAndKeep();
          return;
        }
        const seconds = before === null ? (deps.now() - startedAt) / 1000 : null;
        const run = get().current;
        set((state) => ({
          nodes: finishedIn(state.nodes, node),
          current: null,
          finished: { node, seconds, samples: run?.samples ?? [] },
        }));
        deps.pictures.drop(opponentsOf(run));
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
      get().stopSampling();
      try {
        await deps.studio.call("pause", {});
      } catch (error) {
        const what = "The run could not be paused.";
        set({ problem: problemFrom(error, { what, safe: "It goes on.", remedy: CLOSE }) });
        set((state) => ({ current: state.current && { ...state.current, phase: "running" } }));
      }
    },

    async stopAndKeep() {
      if (isRunning(get())) {
        keeping = true;
        return get().pause();
      }
      const { current } = get();
      if (current === null || current.node === null) return;
      try {
        const node = await deps.studio.call("keepNode", { project, node: current.node });
        set((state) => ({
          nodes: withNode(state.nodes, node),
          current: null,
          finished: { node: node.id, seconds: null, samples: current.samples },
        }));
        deps.pictures.drop(opponentsOf(current));
        await get().drawMissing();
      } catch (error) {
        const what = `${current.name} could not be kept.`;
        set({ problem: problemFrom(error, { what, safe: "Its saved steps are safe.", remedy: CLOSE }) });
      }
    },

    async discard() {
      const { current } = get();
      if (current === null || isRunning(get())) return;
      get().takeSettings(`These are the settings of ${current.name}.`, current.settings);
      set({ current: null });
      deps.pictures.drop(picturesOf(current));
      if (current.node !== null) await forgotten(current.node);
    },
  };
};

function finishedIn(nodes: readonly NodeInfo[], id: NodeId): readonly NodeInfo[] {
  return nodes.map((node) => (node.id === id ? { ...node, state: "kept" as const, step: node.of } : node));
}

/** Of the run alone: opponents and samples. */
export function picturesOf(run: Current | null): readonly string[] {
  if (run === null) return [];
  return [...opponentsOf(run), ...samplesOf(run)];
}

function opponentsOf(run: Current | null): readonly string[] {
  return run?.opponents.filter((id) => id !== null) ?? [];
}

function samplesOf(run: Pick<Current, "samples"> | null): readonly string[] {
  return run?.samples.map((sample) => sample.picture) ?? [];
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
  const what = `${name} stopped at step ${current.step}.`;
  const told = problemFrom(error, { what, safe, remedy });
  const { code } = messageOf(error);
  const problem =
    code === "not-finite" ? notFinite(current, safe, told) : code === "quota" ? full(current, safe, told) : told;
  // nothing was done yet: back to where the settings can be changed
  return nothingDone ? { current: null, problem } : { current: { ...current, phase: "failed", problem } };
}

/** What could not be saved is made again once there is room. */
function full({ name, step, stage }: Current, safe: string, problem: Problem): Problem {
  const lost = stage === "train" ? `Step ${step} of ${name}` : `What ${name} draws and trains`;
  return {
    ...problem,
    title: "This page’s storage is full.",
    safe: `${lost} could not be saved. ${safe}`,
    remedy: { kind: "make-room", label: "Make room" },
  };
}

/** A run is the same numbers again, so to go on would stop at the same step: it is kept where it was good, or begun anew. */
function notFinite({ name, step, savedSteps, settings }: Current, safe: string, problem: Problem): Problem {
  const last = savedSteps.at(-1);
  const cause =
    settings.loss === "logistic"
      ? "The usual cause is a learning rate that is too high for this beta: halve it."
      : `The usual cause is a learning rate that is too high for the ${settings.loss} loss: halve it, or take the logistic one.`;
  return {
    ...problem,
    title: `${name} stopped after step ${step}: its numbers grew past all bounds.`,
    safe: `${safe} ${cause}`,
    // weights of the step at which it stopped are those whose gradient is not finite
    remedy:
      last === undefined || last >= step
        ? { kind: "discard", label: "Change the settings" }
        : { kind: "keep", label: `Keep it as of step ${last}` },
  };
}

/** What the engine tells during a run, as state; drawings are the run's where they were asked of it. */
export function onRunEvent(event: PageEvent, state: StudioState, deps: Deps): Partial<StudioState> {
  const { current } = state;
  if (current === null || !("node" in event) || event.node !== current.node) return {};
  switch (event.kind) {
    case "stage":
      deps.metrics.tick(event.stage, event.done);
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
      return onSampleEvent(event, state, deps);
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
