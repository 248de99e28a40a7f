/** @file What this computer can do: reads the project, measures the backends, opens the model. */
import type { ProjectState } from "../../studio/api.ts";
import { fingerprint } from "../pictures.ts";
import { problemFrom } from "../problem.ts";
import { promptsFrom } from "./compare.ts";
import { isRunning } from "./selectors.ts";
import type { BackendName, Current, Deps, MachineSlice, PairItem, Slice, StudioState } from "./studio-state.ts";

export const MODEL = "pocket";
const SAMPLES_ON_START = 9;

export const createMachine: Slice<MachineSlice> = (set, get, deps) => {
  const look = async (force: BackendName | null): Promise<void> => {
    set({ machine: "looking", force, preflight: null, problem: null });
    try {
      const preflight = await deps.studio.call("preflight", { force });
      set({ preflight, machine: "opening" });
      const model = await deps.studio.call("open", { backend: preflight.chosen, model: MODEL });
      set({ model, machine: "ready" });
    } catch (error) {
      const problem = problemFrom(error, {
        what: "The model could not be opened.",
        safe: "Your pairs and every saved step are safe.",
        remedy: { kind: "look-again", label: "Try again" },
      });
      set({ machine: "failed", problem });
    }
  };

  return {
    machine: "reading",
    preflight: null,
    force: deps.force,
    model: null,
    samples: [],

    async boot() {
      set({ machine: "reading", problem: null });
      try {
        const state = await deps.studio.call("project", { project: deps.project });
        set(await adopt(state, deps));
      } catch (error) {
        const problem = problemFrom(error, {
          what: "The project could not be read from this browser’s storage.",
          safe: "Nothing was changed.",
          remedy: { kind: "reload", label: "Load the page again" },
        });
        set({ machine: "failed", problem });
        return;
      }
      // before the measuring, which takes seconds: the first screen shows them
      if (get().pairs.length === 0) set({ samples: await samplePictures(deps) });
      await look(get().force);
    },

    async chooseBackend(force) {
      if (isRunning(get()) || get().machine === "looking" || get().machine === "opening") return;
      get().stopDrawing();
      await look(force);
    },
  };
};

/** What storage knows, as state. */
async function adopt(state: ProjectState, deps: Deps): Promise<Partial<StudioState>> {
  deps.metrics.load(state.reports);
  const stored = state.pairs.length === 0 ? [] : await deps.studio.call("pairPictures", { project: deps.project });
  const pairs = stored.map((pair): PairItem => {
    return {
      id: pair.id,
      caption: pair.caption,
      picture: deps.pictures.keep(pair),
      source: pair.id,
      size: null,
      print: fingerprint(pair),
      leftOut: false,
    };
  });
  return {
    pairs,
    unsaved: false,
    selected: pairs[0]?.id ?? null,
    kept: state.kept,
    current: state.interrupted === null ? null : interruptedRun(state.interrupted),
    prompts: promptsFrom(pairs),
  };
}

function interruptedRun(from: NonNullable<ProjectState["interrupted"]>): Current {
  return {
    iteration: from.iteration,
    phase: "paused",
    settings: from.settings,
    stage: from.step > 0 ? "train" : null,
    done: from.step,
    of: from.of,
    step: from.step,
    opponents: [],
    samples: [],
    saved: null,
    savedSteps: from.step > 0 ? [from.step] : [],
    startedAt: null,
    problem: null,
  };
}

/** A few of the sample pairs for the first screen; decoration, so a failure is silent here. */
async function samplePictures(deps: Deps): Promise<MachineSlice["samples"]> {
  try {
    const pairs = await deps.studio.call("samplePairs", { count: SAMPLES_ON_START });
    return pairs.map((pair) => ({ caption: pair.caption, picture: deps.pictures.keep(pair) }));
  } catch {
    return [];
  }
}
