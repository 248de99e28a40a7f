/** @file How components reach the store, the pictures and the metrics. */
import { createContext, use, type ReactNode } from "react";
import { useStore } from "zustand";
import type { HubState, HubStore } from "../own-model/hub-store.ts";
import type { Metrics } from "../metrics.ts";
import type { ModelSource } from "../own-model/last-model.ts";
import type { Pictures } from "../pictures.ts";
import type { PairReader } from "../read-files.ts";
import type { StudioStore } from "./store.ts";
import type { StudioState } from "./studio-state.ts";

export interface Workbench {
  readonly store: StudioStore;
  readonly pictures: Pictures;
  readonly metrics: Metrics;
  readonly reader: PairReader;
  readonly hub: HubStore;
  readonly source: ModelSource;
  /** nothing is trained: pictures and numbers are made up */
  readonly pretend: boolean;
}

const WorkbenchContext = createContext<Workbench | null>(null);

export function WorkbenchProvider(props: { readonly workbench: Workbench; readonly children: ReactNode }) {
  return <WorkbenchContext value={props.workbench}>{props.children}</WorkbenchContext>;
}

export function useWorkbench(): Workbench {
  const workbench = use(WorkbenchContext);
  if (workbench === null) throw new Error("internal: no workbench around this component");
  return workbench;
}

/** A part of the state; renders again when that part changes. Select stored values, not new objects. */
export function useStudio<T>(select: (state: StudioState) => T): T {
  return useStore(useWorkbench().store, select);
}

/** The same of the hub's models, which all workbenches share. */
export function useHub<T>(select: (state: HubState) => T): T {
  return useStore(useWorkbench().hub, select);
}

/** The actions, which never change: the first state has them all, and is the same object at every render. */
export function useActions(): StudioState {
  return useWorkbench().store.getInitialState();
}
