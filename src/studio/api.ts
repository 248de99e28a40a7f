/** @file What the page may ask of the workers, and what they tell it: types only. */
import type { BackendName } from "../runtime/backend.ts";
import type { TrainReport } from "../spin/algorithm1.ts";
import type { Probe } from "../spin/probe.ts";

export interface Measured {
  readonly backend: BackendName;
  readonly description: string;
  /** one UNet forward, milliseconds; null where the backend could not run it */
  readonly forwardMs: number | null;
  readonly problem: string | null;
}

export interface Preflight {
  readonly chosen: BackendName;
  /** One sentence for people: which backend was chosen and why. */
  readonly reason: string;
  readonly measured: readonly Measured[];
}

export interface ModelInfo {
  readonly id: string;
  readonly title: string;
  /** picture side in pixels */
  readonly resolution: number;
  readonly parameters: number;
  /** too large to train whole on a computer at home */
  readonly large: boolean;
  readonly guidance: number;
  /** never empty; the first is for a newcomer */
  readonly presets: readonly Preset[];
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
  /** 0 is the base; k is the checkpoint kept after SPIN k. */
  readonly iteration: number;
  readonly prompts: readonly string[];
  readonly negativePrompt: string;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly guidance: number;
}

export interface PairInput {
  readonly id: string;
  readonly caption: string;
  /** RGBA bytes, side x side, cropped and resized to the model's resolution. */
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface SpinSettings {
  readonly steps: number;
  readonly pairsPerStep: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly beta: number;
  readonly loss: "logistic" | "hinge" | "correlation";
  readonly captionDropout: number;
  readonly independentNoise: boolean;
  readonly opponentSteps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly train: "full" | "lora";
  readonly rank: number;
  /** the safeguard's factor, 0.9 where nothing speaks against it; 0: off */
  readonly safeguard: number;
  /** optimizer steps between two probes; 0: none */
  readonly probeEvery: number;
  /** pairs that an iteration uses, the first of the project's; 0: all */
  readonly usedPairs: number;
}

export interface Preset {
  readonly id: string;
  readonly title: string;
  /** one line */
  readonly help: string;
  /** one for each iteration, the last for all that follow */
  readonly settings: readonly SpinSettings[];
}

/** Errors on draws that stay the same for the whole iteration. */
export interface ProbeReport extends Probe {
  /** what a person should do now, one sentence */
  readonly hint: string | null;
}

export interface StepReport extends TrainReport {
  /** the probe after this step, where there was one; it is told as an event too */
  readonly probe: ProbeReport | null;
  readonly seconds: number;
}

export type Stage = "opponents" | "encode" | "train" | "samples";

export type StudioEvent =
  | { readonly kind: "stage"; readonly stage: Stage; readonly done: number; readonly of: number }
  | { readonly kind: "step"; readonly report: StepReport }
  | { readonly kind: "probe"; readonly iteration: number; readonly report: ProbeReport }
  | { readonly kind: "picture"; readonly iteration: number; readonly index: number; readonly picture: Picture }
  | { readonly kind: "saved"; readonly iteration: number; readonly step: number; readonly complete: boolean };

export interface SpinRequest {
  readonly project: string;
  /** the iteration to make, 1, 2, …; goes on from a saved step of it where there is one */
  readonly iteration: number;
  readonly settings: SpinSettings;
  readonly saveEvery: number;
}

export type SpinOutcome = "kept" | "paused";

/** What storage knows of a project; read on start. */
export interface ProjectState {
  readonly project: string;
  readonly pairs: readonly { readonly id: string; readonly caption: string }[];
  /** iterations whose checkpoint is complete, ascending */
  readonly kept: readonly number[];
  /** an iteration that was interrupted */
  readonly interrupted: {
    readonly iteration: number;
    readonly step: number;
    readonly of: number;
    readonly settings: SpinSettings;
  } | null;
  readonly reports: { readonly [iteration: number]: readonly StepReport[] };
}

/** Every call: name -> parameters and result. All are answered in order; `pause` and `stop` act on the running `spin`. */
export interface Calls {
  preflight: { params: { readonly force: BackendName | null }; result: Preflight };
  open: { params: { readonly backend: BackendName; readonly model: string }; result: ModelInfo };
  project: { params: { readonly project: string }; result: ProjectState };
  setPairs: { params: { readonly project: string; readonly pairs: readonly PairInput[] }; result: ProjectState };
  pairPictures: { params: { readonly project: string }; result: readonly PairInput[] };
  samplePairs: { params: { readonly count: number }; result: readonly PairInput[] };
  draw: { params: DrawRequest; result: readonly Picture[] };
  spin: { params: SpinRequest; result: SpinOutcome };
  pause: { params: Record<string, never>; result: null };
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
  | { readonly event: StudioEvent };

/** The engine as the page sees it; implemented by the worker client, and by fakes in tests. */
export interface Studio {
  call<N extends CallName>(name: N, params: Calls[N]["params"], signal?: AbortSignal): Promise<Calls[N]["result"]>;
  onEvent(listener: (event: StudioEvent) => void): () => void;
}
