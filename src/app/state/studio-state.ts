/** @file The shape of the page's one store: plain data, and the actions that change it. */
import type { Measured, ModelInfo, Preflight, SpinSettings, Stage, Studio } from "../../studio/api.ts";
import type { Metrics } from "../metrics.ts";
import type { Pictures, Pixels } from "../pictures.ts";
import type { Problem } from "../problem.ts";
import type { Route } from "../route.ts";
import type { NumberKey } from "../settings.ts";

export type BackendName = Measured["backend"];

/** What the slices use and the store does not hold. */
export interface Deps {
  readonly studio: Studio;
  readonly project: string;
  readonly pictures: Pictures;
  readonly metrics: Metrics;
  /** milliseconds */
  readonly now: () => number;
  /** a backend that the address asks for */
  readonly force: BackendName | null;
  readonly go: (route: Route) => void;
}

export type Slice<T> = (
  set: (part: Partial<StudioState> | ((state: StudioState) => Partial<StudioState>)) => void,
  get: () => StudioState,
  deps: Deps,
) => T;

export type Theme = "system" | "light" | "dark";

export interface UiSlice {
  readonly route: Route;
  readonly theme: Theme;
  /** What stands in the way, shown above the screen; problems of a run stand in the run. */
  readonly problem: Problem | null;
  setRoute(route: Route): void;
  setTheme(theme: Theme): void;
  setProblem(problem: Problem | null): void;
}

export interface MachineSlice {
  /** reading: what storage knows; looking: measuring backends; opening: loading the model */
  readonly machine: "reading" | "looking" | "opening" | "ready" | "failed";
  readonly preflight: Preflight | null;
  readonly force: BackendName | null;
  readonly model: ModelInfo | null;
  readonly samples: readonly { readonly caption: string; readonly picture: string }[];
  boot(): Promise<void>;
  chooseBackend(force: BackendName | null): Promise<void>;
}

export interface PairItem {
  readonly id: string;
  readonly caption: string;
  readonly picture: string;
  /** file name, or where it came from */
  readonly source: string;
  /** of the picture as it came, e.g. "1536 × 1024"; null where unknown */
  readonly size: string | null;
  readonly print: string;
  readonly leftOut: boolean;
}

export interface NewPair {
  readonly id: string;
  readonly caption: string;
  readonly source: string;
  readonly size: string | null;
  readonly pixels: Pixels;
}

export interface Refusal {
  readonly path: string;
  readonly reason: string;
}

export interface PairsSlice {
  readonly pairs: readonly PairItem[];
  readonly refused: readonly Refusal[];
  readonly reading: { readonly done: number; readonly of: number } | null;
  /** pairs differ from what the studio has */
  readonly unsaved: boolean;
  readonly selected: string | null;
  setReading(reading: PairsSlice["reading"]): void;
  addPairs(pairs: readonly NewPair[], refused: readonly Refusal[]): Promise<void>;
  takeSamples(): Promise<void>;
  setCaption(id: string, caption: string): void;
  setLeftOut(id: string, leftOut: boolean): void;
  leaveOutFaulty(): void;
  select(id: string): void;
  clearRefused(): void;
  savePairs(): Promise<void>;
  /** Forgets pairs and iterations. */
  startOver(): Promise<void>;
}

export interface Sample {
  readonly step: number;
  readonly index: number;
  readonly prompt: string;
  readonly seed: number;
  readonly picture: string;
}

/** An iteration under way. */
export interface Current {
  readonly iteration: number;
  readonly phase: "running" | "pausing" | "paused" | "failed";
  readonly settings: SpinSettings;
  readonly stage: Stage | null;
  /** of the stage */
  readonly done: number;
  readonly of: number;
  readonly step: number;
  readonly opponents: readonly (string | null)[];
  readonly samples: readonly Sample[];
  readonly saved: { readonly step: number; readonly at: number } | null;
  readonly savedSteps: readonly number[];
  readonly startedAt: number | null;
  readonly problem: Problem | null;
}

/** What is remembered of an iteration that was kept while the page was open. */
export interface Finished {
  readonly iteration: number;
  readonly seconds: number | null;
}

export interface RunSlice {
  readonly kept: readonly number[];
  readonly current: Current | null;
  readonly finished: Finished | null;
  /** what was changed from the defaults, for the next iteration */
  readonly wanted: Partial<SpinSettings>;
  readonly faults: { readonly [K in NumberKey]?: string };
  setNumber(key: NumberKey, text: string): void;
  setLoss(loss: SpinSettings["loss"]): void;
  resetSettings(): void;
  /** Starts the next iteration, or goes on with the one under way. */
  spin(): Promise<void>;
  pause(): Promise<void>;
}

export interface Prompt {
  readonly text: string;
  readonly seed: number;
}

export interface CompareSlice {
  readonly prompts: readonly Prompt[];
  /** picture ids by `cellKey` */
  readonly cells: { readonly [key: string]: string };
  readonly drawing: { readonly iteration: number; readonly done: number; readonly of: number } | null;
  addPrompt(text: string): void;
  /** Draws what the grid lacks, unless a run has the engine. */
  drawMissing(): Promise<void>;
  stopDrawing(): void;
}

export type StudioState = UiSlice & MachineSlice & PairsSlice & RunSlice & CompareSlice;
