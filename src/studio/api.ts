/** @file What the page may ask of the workers, and what they tell it: types only. */
import type { BackendName } from "../runtime/backend.ts";
import type { PageEvent, StepReport } from "./event-api.ts";
import type { Examined, MemoryUse, OwnModel, Precision, Preflight, Scoring, SourceFile } from "./model-api.ts";
import type { Preset, SpinSettings } from "./settings-api.ts";

export type { DeviceNews, PageEvent, ProbeReport, Stage, StepReport, StudioEvent } from "./event-api.ts";
export type { Preset, SpinSettings } from "./settings-api.ts";
export type {
  Examined,
  Fit,
  Sides,
  Measured,
  MemoryUse,
  OwnModel,
  Precision,
  Preflight,
  ScoreInfo,
  Scoring,
  SourceFile,
} from "./model-api.ts";

export type { Hub, HubCallName, HubCalls, HubModel, HubNews } from "./hub-api.ts";

export interface ModelInfo {
  /** of a person's own model: by its content */
  readonly id: string;
  readonly title: string;
  readonly memory: MemoryUse;
  /** picture side in pixels */
  readonly resolution: number;
  readonly parameters: number;
  /** too large to train whole on a computer at home */
  readonly large: boolean;
  readonly guidance: number;
  /** never empty; the first is for a newcomer */
  readonly presets: readonly Preset[];
  /** null: its pictures can only be judged by people */
  readonly scoring: Scoring | null;
}

/** A node of the project's tree; `base` is the model as it came, the root, which has no `NodeInfo`. */
export type NodeId = string;

export interface NodeInfo {
  readonly id: NodeId;
  /** where its training started */
  readonly parent: NodeId;
  /** who drew the losers: the parent in the paper */
  readonly opponent: NodeId;
  /** its depth, 1, 2, …: the paper's k + 1, and the default name "SPIN k" */
  readonly iteration: number;
  /** counts the project's nodes from 1, in the order in which they were grown: for addresses, and to sort by */
  readonly number: number;
  /** null: not named by a person */
  readonly name: string | null;
  readonly settings: SpinSettings;
  /** ISO 8601 */
  readonly createdAt: string;
  /** on which it was begun; null: it was not yet, or nobody knows */
  readonly backend: BackendName | null;
  /** gone: deleted for good, and still named by nodes that came from it or played against it */
  readonly state: "begun" | "kept" | "gone";
  /** the step of its newest whole checkpoint; 0: none yet */
  readonly step: number;
  readonly of: number;
  /** what it costs in storage: checkpoints and its opponent's pictures */
  readonly bytes: number;
  /** when it was deleted, ISO 8601; null: it was not, or it was restored */
  readonly deleted: string | null;
  /** LoRAs that a person brought, in place of training; null: it was trained here */
  readonly brought: BroughtLoras | null;
}

export interface BroughtLoras {
  readonly loras: readonly { readonly name: string; readonly multiplier: number }[];
  /** merged into the weights; else there is one, and training goes on with it */
  readonly under: boolean;
}

/** RGBA bytes, side x side. */
export interface Picture {
  readonly prompt: string;
  readonly seed: number;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface DrawRequest {
  readonly project: string;
  /** any node: one that is begun draws from its newest saved step, the one that trains now from the step it is at */
  readonly node: NodeId;
  readonly prompts: readonly string[];
  readonly negativePrompt: string;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly guidance: number;
}

export interface Drawn {
  /** the step of the node's state that drew; 0: as it started */
  readonly step: number;
  readonly pictures: readonly Picture[];
}

/** What of a request was drawn before, in its order; null: to be drawn. */
export type Recalled = readonly (Picture | null)[];

/** A picture's scores by their ids, their `average`, and for the first prompts the `variety` of two pictures from different seeds. */
export type PictureScores = Readonly<Record<string, number>>;

export interface ScoreRequest extends Omit<DrawRequest, "node"> {
  readonly nodes: readonly NodeId[];
  /** what the average is measured by; null: how the first node's pictures score */
  readonly reference: readonly PictureScores[] | null;
}

/** By node, then prompt. */
export type Scored = Readonly<Record<NodeId, readonly PictureScores[]>>;

export interface PairInput {
  readonly id: string;
  readonly caption: string;
  /** RGBA bytes, side x side, cropped and resized to the model's resolution. */
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** a given loser, of the same side: for Diffusion-DPO */
  readonly loser?: Uint8ClampedArray<ArrayBuffer>;
  /** kept, but not trained on */
  readonly out?: boolean;
  /** what the page remembers of it (file, crop, …), kept as it is given */
  readonly about?: unknown;
}

/** A pair that the studio keeps: its pixels have a name, by which they need not be sent again. */
export interface KeptPair extends PairInput {
  /** of the pixels */
  readonly sha256: string;
}

/** A pair on its way in: with its pixels, or with the name of some that a pair of the project has. */
export type PairGiven = PairInput | Omit<KeptPair, "rgba">;

/** Of a caption, as CLIP reads it: at most 77 tokens, with the two marks around the text. */
export interface TokenCount {
  /** with the marks; more than `most` where the end is cut off */
  readonly count: number;
  readonly most: number;
  readonly kept: string;
  readonly cut: string;
}

export interface GrowRequest {
  readonly project: string;
  /** `base` or a kept node */
  readonly parent: NodeId;
  /** `base` or a kept node */
  readonly opponent: NodeId;
  readonly name: string | null;
  readonly settings: SpinSettings;
}

export interface TakeLorasRequest {
  readonly project: string;
  /** added up, each times its multiplier; 1 is as it was trained */
  readonly loras: readonly { readonly file: SourceFile; readonly multiplier: number }[];
  /** null: after its files */
  readonly name: string | null;
}

export interface TakenLoras {
  readonly node: NodeInfo;
  /** what of the files is of no use, and whether training goes on with them; a sentence each */
  readonly notes: readonly string[];
}

export interface NodeRequest {
  readonly project: string;
  readonly node: NodeId;
}

export interface SpinRequest extends NodeRequest {
  readonly saveEvery: number;
  /** go on although the numbers will differ from those where it was begun; otherwise that is refused with code `other-numerics` */
  readonly anyNumerics?: boolean;
}

export type SpinOutcome = "kept" | "paused";

/** `lora`: for most programs; `lora-diffusers`: as diffusers saves it */
export type ExportKind = "lora" | "lora-diffusers" | "weights" | "checkpoint";

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Vote {
  readonly id: string;
  /** the nodes that drew the two pictures */
  readonly a: NodeId;
  readonly b: NodeId;
  readonly prompt: string;
  readonly seed: number;
  /** where a's picture stood */
  readonly side: "left" | "right";
  readonly choice: "a" | "b" | "tie" | "skip";
  /** ISO 8601 */
  readonly at: string;
}

/** What storage knows of a project; read on start. */
export interface ProjectState {
  readonly project: string;
  /** in the order in which they are trained on */
  readonly pairs: readonly Pick<KeptPair, "id" | "caption" | "sha256">[];
  /** by `number` */
  readonly nodes: readonly NodeInfo[];
  readonly reports: { readonly [node: NodeId]: readonly StepReport[] };
  /** what storage holds and cannot be used any more, a sentence each */
  readonly damaged: readonly string[];
  /** another tab trains or writes: this one reads, and can take over */
  readonly elsewhere: boolean;
}

/**
 * Every call: name -> parameters and result. Calls that use the device or the pairs are answered in order; `draw` is answered
 * between two steps of a running `spin`, `pause` acts on it, and what only concerns the tree is answered at once.
 * Whatever writes is refused with code `busy` while another tab writes the project.
 */
export interface Calls {
  preflight: { params: { readonly force: BackendName | null }; result: Preflight };
  /** what is known of a person's model before anything is loaded; refused in words where it is none of ours */
  examine: { params: { readonly model: OwnModel }; result: Examined };
  open: { params: { readonly backend: BackendName; readonly model: string | OwnModel }; result: ModelInfo };
  /** of the backend of the open model; measured at most once a day */
  precision: { params: Record<string, never>; result: Precision };
  project: { params: { readonly project: string }; result: ProjectState };
  /**
   * In place of those that the project has. Their order decides their seeds. Refused with code `no-pixels` where pixels that are
   * only named are not there, as when another tab has changed the pairs: then they are to be sent.
   */
  setPairs: { params: { readonly project: string; readonly pairs: readonly PairGiven[] }; result: ProjectState };
  /** Pixels of at most 32 MB, ahead of the list of pairs that names them; what no list names is given up. Their names. */
  putPixels: {
    params: { readonly project: string; readonly pixels: readonly PairInput["rgba"][] };
    result: readonly string[];
  };
  pairPictures: { params: { readonly project: string }; result: readonly KeptPair[] };
  countTokens: { params: { readonly captions: readonly string[] }; result: readonly TokenCount[] };
  samplePairs: { params: { readonly count: number }; result: readonly PairInput[] };
  draw: { params: DrawRequest; result: Drawn };
  /** looked up without the device, so at once; nothing is told as an event */
  recall: { params: DrawRequest; result: Recalled };
  /** draws and scores, a few pictures at a time, so that others get their turn between them */
  score: { params: ScoreRequest; result: Scored };
  /** a new node, begun at step 0; nothing runs yet */
  grow: { params: GrowRequest; result: NodeInfo };
  /** a person's LoRAs as a finished node: to start from, to play against, to draw with. Nothing is stored where one cannot be used. */
  takeLoras: { params: TakeLorasRequest; result: TakenLoras };
  /** trains a begun node to its end, or until `pause`; goes on from its newest saved step */
  spin: { params: SpinRequest; result: SpinOutcome };
  /** ends the wait for a new device: try now, try now on the processor instead, or stop trying and pause what waits */
  revive: { params: { readonly how: "now" | "wasm" | "stop" }; result: null };
  /** the run stops after this step, saved; the model stays loaded */
  pause: { params: Record<string, never>; result: null };
  /** ends a begun node that is not running at its newest saved step: stop and keep */
  keepNode: { params: NodeRequest; result: NodeInfo };
  /** null: back to "SPIN k" */
  renameNode: { params: NodeRequest & { readonly name: string | null }; result: NodeInfo };
  deleteNode: { params: NodeRequest; result: NodeInfo };
  /** takes a deletion back, unless it was purged */
  restoreNode: { params: NodeRequest; result: NodeInfo };
  /**
   * Frees what was deleted; `node`: only this one. A node whose weights an unfinished one needs waits for it. `ifAlone`: nothing as
   * long as another tab has the project open, which may still take back what it has deleted. `living`: the node goes at once, without
   * having been deleted, which a full storage may have no room to write.
   */
  purge: {
    params: {
      readonly project: string;
      readonly node: NodeId | null;
      readonly ifAlone?: boolean;
      readonly living?: boolean;
    };
    result: { readonly freed: number };
  };
  /** a LoRA where one was trained, else the UNet's weights, both safetensors in diffusers' names; or the checkpoint's files as a zip */
  exportNode: { params: NodeRequest & { readonly what: ExportKind }; result: ExportedFile };
  /** everything as one zip */
  exportProject: { params: { readonly project: string }; result: ExportedFile };
  /** in place of what the project has; what was damaged in the file is left out and told in `damaged` */
  importProject: {
    params: { readonly project: string; readonly bytes: Uint8Array<ArrayBuffer> };
    result: ProjectState;
  };
  /** oldest first */
  votes: { params: { readonly project: string }; result: readonly Vote[] };
  addVote: { params: { readonly project: string; readonly vote: Omit<Vote, "id"> }; result: Vote };
  dropVote: { params: { readonly project: string; readonly id: string }; result: null };
  /** small state of a screen, plain data by a name of its own; null: none was written */
  readNote: { params: { readonly project: string; readonly name: string }; result: unknown };
  writeNote: { params: { readonly project: string; readonly name: string; readonly value: unknown }; result: null };
  takeOver: { params: { readonly project: string }; result: ProjectState };
  forget: { params: { readonly project: string }; result: null };
}

export type CallName = keyof Calls;

export type ToWorker =
  | { readonly id: number; readonly name: CallName; readonly params: unknown }
  /** the caller no longer wants the answer of this id */
  | { readonly abort: number };

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly hint: string | null;
  readonly stack: string | null;
}

export type FromWorker =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: WireError }
  | { readonly event: PageEvent };

/** The engine as the page sees it; implemented by the worker client, and by fakes in tests. */
export interface Studio {
  call<N extends CallName>(name: N, params: Calls[N]["params"], signal?: AbortSignal): Promise<Calls[N]["result"]>;
  onEvent(listener: (event: PageEvent) => void): () => void;
}
