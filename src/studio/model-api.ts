/** @file What the page is told of backends, scores and models before and after they are opened: types only. */
import type { BackendName, Float16 } from "../runtime/backend.ts";
import type { SourceFile } from "./data-api.ts";

export type { SourceFile };

export interface Measured {
  readonly backend: BackendName;
  readonly description: string;
  /** one UNet forward, milliseconds; null where the backend could not run it */
  readonly forwardMs: number | null;
  readonly problem: string | null;
  /** what it makes of float16; null where it could not run */
  readonly float16: Float16 | null;
}

export interface Preflight {
  readonly chosen: BackendName;
  /** One sentence for people: which backend was chosen and why. */
  readonly reason: string;
  readonly measured: readonly Measured[];
}

/** How far the numbers of a training step can be trusted on a device. */
export interface Precision {
  /** what rounding does to the logit of two unlike players at beta 5000, against float64 */
  readonly logitNoise: number;
  /** whether a step that was made twice gave the same bits */
  readonly repeats: boolean;
}

/** One number of a picture's quality: more is better. */
export interface ScoreInfo {
  readonly id: string;
  readonly title: string;
  /** after the number; "": a bare number */
  readonly unit: string;
  /** after the point */
  readonly digits: number;
  /** one line */
  readonly help: string;
}

/** How a model's pictures are scored, where that is possible. */
export interface Scoring {
  /** in the order of a table's columns */
  readonly scores: readonly ScoreInfo[];
  /** captions that no training sees; any first n are a fair sample */
  readonly prompts: readonly string[];
}

/** A model that a person has, with how it is to run. Its files are read where they lie. */
export interface OwnModel {
  /** a diffusers folder, or one file */
  readonly files: readonly SourceFile[];
  readonly title: string;
  /** picture side in pixels; null: the model's own */
  readonly resolution: number | null;
  /** bytes that a step may take on the device; null: as few as possible */
  readonly memory: number | null;
}

/** Bytes on the device at the peak of a step. */
export interface MemoryUse {
  readonly bytes: number;
  /** of these, the model as it came */
  readonly weights: number;
  /** pairs of one run of the UNet */
  readonly pairs: number;
  /** whether activations are computed twice, to hold fewer */
  readonly recomputes: boolean;
}

/** What a way to train takes. */
export interface Fit extends MemoryUse {
  /** no: it is the least that it can do with, and more than may be used */
  readonly fits: boolean;
}

/** Sides that a picture may have, in pixels. */
export interface Sides {
  readonly least: number;
  readonly most: number;
  /** a side is a multiple of this */
  readonly step: number;
}

/** A model by its headers alone. */
export interface Examined {
  readonly parameters: number;
  readonly large: boolean;
  /** picture side in pixels */
  readonly resolution: number;
  readonly sides: Sides;
  /** what had to be assumed, a sentence each */
  readonly notes: readonly string[];
  /** to train a LoRA of rank 16, and the whole UNet; of a large model the latter fits only where a person allows what it takes */
  readonly lora: Fit;
  readonly full: Fit;
}
