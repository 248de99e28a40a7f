/** @file The one store: slices put together, and the engine's events led into them. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { createCompare, onDrawEvent } from "./compare.ts";
import { createMachine } from "./machine.ts";
import { createPairs } from "./pairs.ts";
import { createRun, onRunEvent } from "./run.ts";
import type { Deps, StudioState } from "./studio-state.ts";
import { createUi } from "./ui.ts";

export type StudioStore = StoreApi<StudioState>;

export function createStudioStore(deps: Deps): StudioStore {
  const store = createStore<StudioState>()((set, get) => ({
    ...createUi(set, get, deps),
    ...createMachine(set, get, deps),
    ...createPairs(set, get, deps),
    ...createRun(set, get, deps),
    ...createCompare(set, get, deps),
  }));
  deps.studio.onEvent((event) => {
    store.setState(onRunEvent(event, store.getState(), deps));
    store.setState(onDrawEvent(event, store.getState(), deps));
  });
  return store;
}
