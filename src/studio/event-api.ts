/** @file What the workers tell the page without being asked: types only. */
import type { TrainReport } from "../spin/algorithm1.ts";
import type { Probe } from "../spin/probe.ts";
import type { NodeId, Picture } from "./api.ts";

/** Errors on draws that stay the same for the whole iteration. */
export interface ProbeReport extends Omit<Probe, "loser" | "loserStart"> {
  /** null: nothing is compared, as in supervised fine-tuning */
  readonly loser: number | null;
  readonly loserStart: number | null;
  /** what a person should do now, one sentence */
  readonly hint: string | null;
}

export interface StepReport extends Omit<TrainReport, "logit"> {
  /** mean of |inside|; missing in reports from before it was told */
  readonly logit?: number | null;
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

/** What the page is told: a job's events with their node, pictures of `draw` as they come, and news of storage. */
export type PageEvent =
  | (StudioEvent & { readonly node: NodeId })
  | {
      readonly kind: "drawn";
      readonly node: NodeId;
      readonly step: number;
      /** of the prompt in its request */
      readonly index: number;
      readonly picture: Picture;
    }
  /** what the model and its run hold on the device now, after a change; beside `ModelInfo.memory`, what a step takes at its peak */
  | { readonly kind: "memory"; readonly bytes: number }
  /** pictures of `score` that are drawn and scored */
  | { readonly kind: "scored"; readonly done: number; readonly of: number }
  /** a checkpoint that was to be loaded is damaged; one sentence: which, and why. What was used instead stands in the answer. */
  | { readonly kind: "damaged"; readonly node: NodeId; readonly sentence: string }
  /** another tab changed the project: what was read of it may be old */
  | { readonly kind: "changed"; readonly project: string }
  | DeviceNews;

/**
 * A lost device, or a worker that died. Whatever was asked for and not answered waits for a new one, so a run that was lost goes on
 * from its newest saved step; where three tries in a row come to nothing, or a person stops them, it is paused or fails.
 */
export type DeviceNews = { readonly kind: "device" } & (
  | {
      readonly state: "lost";
      /** `device-lost`, `worker`, or `no-webgpu` where a try found no device */
      readonly code: string;
      readonly message: string;
      /** this try's number in a row, from 1 */
      readonly tries: number;
      readonly of: number;
      /** until the try; 0: it has begun */
      readonly seconds: number;
    }
  /** `back`: the model is open again */
  | { readonly state: "back" | "stopped" }
);
