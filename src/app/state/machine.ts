/** @file What this computer can do: reads the project, measures the backends, opens the model. */
import { nodeName } from "../../lib/node-name.ts";
import type { NodeInfo, ProjectState } from "../../studio/api.ts";
import { storedItem } from "./pair-about.ts";
import { inOrder, reviewed } from "./pair-review.ts";
import { problemFrom } from "../problem.ts";
import { isRunning } from "./selectors.ts";
import type { BackendName, Current, Deps, MachineSlice, PairItem, Slice, StudioState } from "./studio-state.ts";

export const createMachine: Slice<MachineSlice> = (set, get, deps) => {
  const begin = (opened: NonNullable<Deps["opened"]>): void => {
    set(opened);
    get().settlePrompts();
    set({ machine: "ready" });
  };

  const look = async (force: BackendName | null): Promise<void> => {
    const { source } = deps;
    set({ machine: "looking", force, preflight: null, model: null, precision: null, problem: null });
    try {
      const preflight = await deps.studio.call("preflight", { force });
      set({ preflight, machine: source.kind === "away" ? "away" : "opening" });
      if (source.kind === "away") return;
      const own = source.kind === "own" ? source.own : "pocket";
      const model = await deps.studio.call("open", { backend: preflight.chosen, model: own });
      // picked again, and not what it was
      if (source.kind === "own" && model.id !== source.last.id)
        deps.enter({ ...source, last: { ...source.last, id: model.id } }, { preflight, model });
      else begin({ preflight, model });
    } catch (error) {
      const problem = problemFrom(error, {
        what: "The model could not be opened.",
        safe: "Your pairs and every saved step are safe.",
        remedy: { kind: "look-again", label: "Try again" },
      });
      set({ machine: "failed", problem });
    }
  };

  let tellRead = (): void => {};
  const read = new Promise<void>((resolve) => (tellRead = resolve));

  return {
    machine: "reading",
    preflight: null,
    force: deps.force,
    model: null,
    precision: null,
    whenRead: () => read,

    async boot() {
      set({ machine: "reading", problem: null });
      // what was deleted before the page was loaded is not offered back any more, but in a tab that was open all the while
      await deps.studio.call("purge", { project: deps.project, node: null, ifAlone: true }).catch(() => undefined);
      try {
        const state = await deps.studio.call("project", { project: deps.project });
        set(await adopt(state, deps));
        tellRead();
      } catch (error) {
        const problem = problemFrom(error, {
          what: "The project could not be read from this browser’s storage.",
          safe: "Nothing was changed.",
          remedy: { kind: "reload", label: "Load the page again" },
        });
        set({ machine: "failed", problem });
        return;
      }
      if (deps.opened === null) await look(get().force);
      else begin(deps.opened);
      await get().recallSettings();
    },

    async chooseBackend(force) {
      if (isRunning(get()) || get().machine === "looking" || get().machine === "opening") return;
      get().stopDrawing();
      await look(force);
    },

    async askPrecision() {
      if (get().machine !== "ready" || get().precision !== null) return;
      const { model } = get();
      const precision = await deps.studio.call("precision", {}).catch(() => null);
      if (get().model === model) set({ precision });
    },
  };
};

/** What storage knows, as state. */
async function adopt(state: ProjectState, deps: Deps): Promise<Partial<StudioState>> {
  deps.metrics.load(state.reports);
  const pairs = await storedPairs(state, deps);
  return {
    pairs,
    unsaved: false,
    selected: pairs[0]?.id ?? null,
    nodes: state.nodes,
    damaged: state.damaged,
    elsewhere: state.elsewhere,
    current: interruptedRun(state.nodes),
  };
}

export async function storedPairs(state: ProjectState, deps: Deps): Promise<readonly PairItem[]> {
  const stored = state.pairs.length === 0 ? [] : await deps.studio.call("pairPictures", { project: deps.project });
  const pairs = stored.map((pair) => storedItem(pair, deps));
  deps.pictures.hold(stored.map(({ sha256 }, at) => [pairs[at]?.picture ?? "", sha256]));
  return reviewed(inOrder(pairs));
}

/** The newest node that was begun and not finished. */
export function interruptedRun(nodes: readonly NodeInfo[]): Current | null {
  const node = nodes.findLast(({ state, deleted }) => state === "begun" && deleted === null);
  return node === undefined ? null : pausedRun(node);
}

/** A begun node as it stands in storage. */
export function pausedRun(node: NodeInfo): Current {
  return {
    node: node.id,
    name: nodeName(node),
    number: node.number,
    opponent: node.opponent,
    phase: "paused",
    settings: node.settings,
    stage: node.step > 0 ? "train" : null,
    done: node.step,
    of: node.of,
    step: node.step,
    opponents: [],
    samples: [],
    saved: null,
    savedSteps: node.step > 0 ? [node.step] : [],
    startedAt: null,
    problem: null,
  };
}
