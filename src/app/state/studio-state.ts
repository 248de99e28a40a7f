/** @file The shape of the page's one store: plain data, and the actions that change it. */
import type {
  ExportedFile,
  ExportKind,
  Measured,
  ModelInfo,
  NodeId,
  NodeInfo,
  Precision,
  Preflight,
  SpinSettings,
  Stage,
  Studio,
  TokenCount,
  TakeLorasRequest,
} from "../../studio/api.ts";
import type { Metrics } from "../metrics.ts";
import type { ModelSource } from "../own-model/last-model.ts";
import type { Pictures, Pixels } from "../pictures.ts";
import type { Problem } from "../problem.ts";
import type { PairReader } from "../read-files.ts";
import type { Route } from "../route.ts";
import type { NumberKey } from "../settings.ts";
import type { DeviceSlice } from "./device.ts";
import type { OwnModelSlice } from "./own-model.ts";
import type { ReportSlice } from "./report-slice.ts";
import type { VoteSlice } from "./vote-slice.ts";

export type BackendName = Measured["backend"];

/** What the slices use and the store does not hold. */
export interface Deps {
  readonly studio: Studio;
  readonly project: string;
  /** the model that the project is of */
  readonly source: ModelSource;
  /** that model, where it is open already */
  readonly opened: Pick<MachineSlice, "preflight" | "model"> | null;
  /** puts a workbench of another model in place of this one */
  readonly enter: (source: ModelSource, opened: Deps["opened"]) => void;
  readonly pictures: Pictures;
  readonly metrics: Metrics;
  /** absent: no files are read here */
  readonly reader?: Pick<PairReader, "forget">;
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
  /** reading: what storage knows; looking: measuring backends; opening: loading the model; away: its files must be given again */
  readonly machine: "reading" | "looking" | "opening" | "away" | "ready" | "failed";
  readonly preflight: Preflight | null;
  readonly force: BackendName | null;
  readonly model: ModelInfo | null;
  /** of the backend that the model is open on; null: not measured yet */
  readonly precision: Precision | null;
  boot(): Promise<void>;
  /** What storage knows is here: pairs that came in before would be saved in its place. */
  whenRead(): Promise<void>;
  chooseBackend(force: BackendName | null): Promise<void>;
  /** Measured once for the open model's backend; where that fails nothing is said of it. */
  askPrecision(): Promise<void>;
}

/** A square, in pixels of the whole picture. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** Why a pair is not trained on until a person has looked. */
export type Fault =
  | { readonly kind: "caption" }
  | { readonly kind: "twin"; readonly of: string; readonly exact: boolean }
  | { readonly kind: "small"; readonly needs: number };

export interface PairItem {
  readonly id: string;
  readonly caption: string;
  /** the caption that its file came with */
  readonly came: string;
  readonly picture: string;
  /** of that picture, in pixels */
  readonly side: number;
  /** file name with its folders, or where it came from; the pairs stand in the order of these */
  readonly source: string;
  /** equal for equal files */
  readonly pictureHash: string;
  /** of the picture as it came; null where unknown */
  readonly whole: { readonly width: number; readonly height: number } | null;
  /** null: the square in the middle */
  readonly box: Box | null;
  readonly likeness: string | null;
  /** ids of pairs whose pictures look like this one's */
  readonly alike: readonly string[];
  readonly leftOut: boolean;
  /** faults that a person saw and takes */
  readonly accepted: readonly ("twin" | "small")[];
  readonly fault: Fault | null;
}

export interface NewPair extends Pick<PairItem, "id" | "caption" | "source" | "pictureHash" | "whole" | "likeness"> {
  readonly pixels: Pixels;
}

export interface Refusal {
  readonly path: string;
  readonly reason: string;
}

/** What an edit changes of a pair. */
export type Edit = Partial<Pick<PairItem, "caption" | "leftOut" | "accepted" | "box" | "picture">>;

/** An edit that can be undone. */
export interface Entry {
  /** "leave out 3 pairs" */
  readonly words: string;
  readonly changes: readonly { readonly id: string; readonly before: Edit; readonly after: Edit }[];
  /** edits with the same word in a row are one; null: stands alone */
  readonly merge: string | null;
}

export interface PairsSlice {
  /** in the order of their sources */
  readonly pairs: readonly PairItem[];
  readonly refused: readonly Refusal[];
  readonly reading: { readonly done: number; readonly of: number } | null;
  /** pairs differ from what the studio has */
  readonly unsaved: boolean;
  readonly selected: string | null;
  readonly past: readonly Entry[];
  readonly future: readonly Entry[];
  /** by caption */
  readonly tokens: ReadonlyMap<string, TokenCount>;
  setReading(reading: PairsSlice["reading"]): void;
  /** Gives the sources of those that are in already. Saves nothing yet. */
  addPairs(pairs: readonly NewPair[], refused: readonly Refusal[]): Promise<readonly string[]>;
  /** Captions that came after their pictures. */
  giveCaptions(captions: readonly { readonly id: string; readonly caption: string }[]): void;
  takeSamples(): Promise<void>;
  setCaption(id: string, caption: string): void;
  setLeftOut(id: string, leftOut: boolean): void;
  setCrop(id: string, box: Box, pixels: Pixels): void;
  /** Any edit of some pairs, undone as one. */
  edit(words: string, ids: readonly string[], edit: (pair: PairItem) => Edit): void;
  leaveOutFaulty(): void;
  /** One line is the selected pair's caption; several are for the pairs without one, in order. */
  pasteCaptions(text: string): void;
  undo(): void;
  redo(): void;
  /** Asks for the tokens of captions that were not counted yet. */
  countTokens(): Promise<void>;
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

/** From which node the next iteration starts, and against whom it plays. */
export interface Growth {
  readonly parent: NodeId;
  readonly opponent: NodeId;
  readonly name: string | null;
}

export type LorasTaken =
  | { readonly kind: "taken"; readonly name: string; readonly notes: readonly string[] }
  /** what is wrong with which file, and that nothing has changed */
  | { readonly kind: "refused"; readonly sentence: string };

export interface TreeSlice {
  /** the project's, by `number`; deleted ones too */
  readonly nodes: readonly NodeInfo[];
  /** what storage holds and cannot be used any more, a sentence each */
  readonly damaged: readonly string[];
  /** of these, what a person has read */
  readonly read: readonly string[];
  /** another tab trains or writes this project */
  readonly elsewhere: boolean;
  /** what the other tab kept this one from doing, a sentence */
  readonly turnedAway: string | null;
  /** deleted last, while its undoing is offered */
  readonly undoable: NodeId | null;
  /** what was chosen for the next iteration; the rest follows from the newest node */
  readonly next: Partial<Growth>;
  setNext(part: Partial<Growth>): void;
  clearNext(): void;
  /** The next iteration starts from this node, and can be set up; a run that waits is put aside. */
  growFrom(parent: NodeId, opponent?: NodeId): void;
  /** Ends a node that waits where it stands. */
  keepNode(node: NodeId): Promise<void>;
  /** A person's LoRAs as a node of the tree. */
  takeLoras(loras: TakeLorasRequest["loras"]): Promise<LorasTaken>;
  renameNode(node: NodeId, name: string | null): Promise<void>;
  /** Marks it; `restoreNode` takes it back until the page is loaded again or space is freed. */
  deleteNode(node: NodeId): Promise<void>;
  restoreNode(node: NodeId): Promise<void>;
  /** Frees what was deleted, or one node of it; gives the bytes. */
  purge(node?: NodeId): Promise<number>;
  /** Deletes these for good, and goes on with the run that the storage had no room for. */
  makeRoom(nodes: readonly NodeId[]): Promise<void>;
  /** Null: it could not be made, and that was told. */
  exportNode(node: NodeId, what: ExportKind): Promise<ExportedFile | null>;
  /** Draws prompt 1 for each node that lacks it, unless something else draws or runs. */
  drawFaces(): Promise<void>;
  stopFaces(): void;
  /** What another tab did: the tree, its runs and pairs are read again. */
  refresh(): Promise<void>;
  takeOver(): Promise<void>;
  /** The messages about the last deletion and about damage were read. */
  closeUndo(): void;
  closeDamaged(): void;
}

/** A node's training under way. */
export interface Current {
  /** null until it is grown */
  readonly node: NodeId | null;
  readonly name: string;
  readonly number: number;
  readonly opponent: NodeId;
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
  /** it was begun where the numbers are slightly others, and goes on when a person says so */
  readonly asks?: { readonly title: string; readonly safe: string } | null;
}

/** What is remembered of a node that was kept while the page was open. */
export interface Finished {
  readonly node: NodeId;
  readonly seconds: number | null;
  /** what was drawn on the way */
  readonly samples: readonly Sample[];
}

export interface RunSlice {
  readonly current: Current | null;
  readonly finished: Finished | null;
  /** Grows and trains the next node, or goes on with the one under way; with a node: goes on with that one. */
  spin(node?: NodeId, anyNumerics?: boolean): Promise<void>;
  pause(): Promise<void>;
  /** Ends the run where it stands; one that runs is paused first. */
  stopAndKeep(): Promise<void>;
  /** Forgets the run that stopped; its settings are the next one's. */
  discard(): Promise<void>;
}

/** What is wanted of the next iteration: a preset, and what was changed in it. */
export interface SettingsSlice {
  /** null: the newcomer's */
  readonly presetId: string | null;
  readonly wanted: Partial<SpinSettings>;
  readonly faults: { readonly [K in NumberKey]?: string };
  /** every setting is shown, not only the two that matter most */
  readonly advanced: boolean;
  /** counts the times that all of them were set at once: fields forget what was typed */
  readonly round: number;
  /** what came of a file, or of another node's settings */
  readonly taken: { readonly title: string; readonly refused: readonly string[] } | null;
  setNumber(key: NumberKey, text: string): void;
  setSetting(part: Partial<SpinSettings>): void;
  setAdvanced(advanced: boolean): void;
  choosePreset(id: string): void;
  /** Back to the preset. */
  resetSettings(): void;
  /** Settings from elsewhere. What is `refused` is told, a sentence each. */
  takeSettings(title: string, settings: Partial<SpinSettings>, refused?: readonly string[]): void;
  dismissTaken(): void;
  /** What was wanted when the project was last open. */
  recallSettings(): Promise<void>;
}

/** A prompt that was tried on a run that waits. */
export interface Trial extends Prompt {
  readonly step: number;
  /** pictures; null: being drawn */
  readonly player: string | null;
  readonly opponent: string | null;
}

export interface SamplesSlice {
  /** drawings of the run under way that were asked for */
  readonly sampling: boolean;
  /** samples are drawn as a run goes on; null: nobody chose, see `isFilming` */
  readonly filming: boolean | null;
  readonly trial: Trial | null;
  setFilming(filming: boolean): void;
  /** Ends a drawing that was asked for; its pictures so far stay. */
  stopSampling(): void;
  /** Draws the fixed prompts with the run's weights of now, between two of its steps. */
  sampleNow(): Promise<void>;
  /** Draws what the strip lacks: the models that the run started from, and now if it is time. */
  film(): Promise<void>;
  /** Draws one prompt with the run's weights of now and with its opponent's. */
  tryPrompt(text: string): Promise<void>;
}

export interface Prompt {
  readonly text: string;
  readonly seed: number;
}

/** Pictures of one node that are being drawn. */
export interface Drawing {
  readonly node: NodeId;
  readonly done: number;
  readonly of: number;
  /** milliseconds a picture so far; null: none has come */
  readonly pace: number | null;
  readonly startedAt: number;
}

export interface CompareSlice {
  /** each with its first seed */
  readonly prompts: readonly Prompt[];
  /** chosen by a person, now or in an earlier visit */
  readonly ownPrompts: boolean;
  /** rows of the grid that a prompt has */
  readonly seedsEach: number;
  /** columns that the grid leaves out */
  readonly hidden: readonly NodeId[];
  /** who stands left and right; null: Base, and the newest */
  readonly sides: { readonly left: NodeId | null; readonly right: NodeId | null };
  /** picture ids by `cellKey` */
  readonly cells: { readonly [key: string]: string };
  readonly drawing: Drawing | null;
  /** the models for which a person stopped the drawing, or it failed: `isHeld` */
  readonly held: string | null;
  /** Reads the prompts, seeds and columns of an earlier visit, once. */
  recallCompare(): Promise<void>;
  /** Takes the default prompts, unless a person chose others or there may be pictures of those that there are. */
  settlePrompts(): void;
  addPrompt(text: string): void;
  removePrompt(text: string): void;
  setSeedsEach(seedsEach: number): void;
  setHidden(node: NodeId, hidden: boolean): void;
  setSides(sides: Partial<CompareSlice["sides"]>): void;
  /** Shows what was drawn before, and draws what the grid still lacks, unless a run has the engine or that waits for a person. */
  drawMissing(): Promise<void>;
  stopDrawing(): void;
  /** A person stops the drawing, or asks for it. */
  holdDrawing(held: boolean): void;
}

export type StudioState = UiSlice &
  MachineSlice &
  OwnModelSlice &
  DeviceSlice &
  PairsSlice &
  TreeSlice &
  RunSlice &
  SettingsSlice &
  SamplesSlice &
  CompareSlice &
  VoteSlice &
  ReportSlice;
