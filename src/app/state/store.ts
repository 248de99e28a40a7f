/** @file The one store: slices put together, and the engine's events led into them. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { createCompare, onDrawEvent } from "./compare.ts";
import { createDevice, onDeviceNews } from "./device.ts";
import { createMachine } from "./machine.ts";
import { createOwnModel } from "./own-model.ts";
import { createPairs } from "./pairs.ts";
import { createReport, onScoreEvent } from "./report.ts";
import { createRun, onRunEvent } from "./run.ts";
import { createSamples } from "./samples.ts";
import { isRunning } from "./selectors.ts";
import { createSettings } from "./settings.ts";
import type { Deps, StudioState } from "./studio-state.ts";
import { createTree } from "./tree.ts";
import { createUi } from "./ui.ts";
import { createVote } from "./vote.ts";

export interface StudioStore extends StoreApi<StudioState> {
  /** hears the engine no more */
  readonly leave: () => void;
}

export function createStudioStore(deps: Deps): StudioStore {
  const store = createStore<StudioState>()((set, get) => ({
    ...createUi(set, get, deps),
    ...createMachine(set, get, deps),
    ...createOwnModel(set, get, deps),
    ...createDevice(set, get, deps),
    ...createPairs(set, get, deps),
    ...createTree(set, get, deps),
    ...createRun(set, get, deps),
    ...createSettings(set, get, deps),
    ...createSamples(set, get, deps),
    ...createCompare(set, get, deps),
    ...createVote(set, get, deps),
    ...createReport(set, get, deps),
  }));
  const leave = deps.studio.onEvent((event) => {
    store.setState(onRunEvent(event, store.getState(), deps));
    store.setState(onDrawEvent(event, store.getState(), deps));
    store.setState(onScoreEvent(event, store.getState()));
    if (event.kind === "device") store.setState(onDeviceNews(event, store.getState()));
    if (event.kind === "memory") store.setState({ deviceBytes: event.bytes });
    if (event.kind === "step" || event.kind === "stage") void store.getState().film();
    // a pause that was asked for before the engine had begun reached nobody
    if (event.kind === "stage" && store.getState().current?.phase === "pausing")
      void deps.studio.call("pause", {}).catch(() => undefined);
    if (event.kind === "damaged") store.setState(({ damaged }) => ({ damaged: [...damaged, event.sentence] }));
    // what another tab did is seen here; a run of ours has the lock, so then there is nothing to see but damage
    if (event.kind === "damaged" || (event.kind === "changed" && !isRunning(store.getState())))
      void store
        .getState()
        .refresh()
        .catch(() => undefined);
  });
  return { ...store, leave };
}
