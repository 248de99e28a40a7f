/**
 * @file What every sampler is: the list of its t, and a step that is a function of its arguments alone. What a multistep
 * method remembers is in the state that goes in and comes out, so a drawing can be kept at any step and gone on with.
 */
import type { NoiseSchedule } from "./noise-schedule.ts";
import type { TimestepSpacing } from "./timesteps.ts";

export interface SamplerState {
  /** steps that were made */
  readonly index: number;
  /** earlier outputs, the newest last: the network's own (PNDM) or the x_0 that they say (DPM-Solver++) */
  readonly outputs: readonly Float32Array[];
  /** x of PNDM's first step, which its second goes on from; else null */
  readonly held: Float32Array | null;
}

export const beginning: SamplerState = { index: 0, outputs: [], held: null };

export interface Sampled {
  /** x at the next lower level */
  readonly x: Float32Array;
  readonly state: SamplerState;
}

export interface Sampler {
  /** t of every run of the network, in order; PNDM has one more than steps, and Karras sigmas may have a t twice. */
  readonly timesteps: readonly number[];
  /** From the network's output at x = x_t, t = timesteps[state.index], to x of the step after; arrays of one length. */
  step(output: Float32Array, x: Float32Array, state: SamplerState): Sampled;
}

/** The fields of a `scheduler_config.json` that samplers read, in diffusers' names, beside those of the schedule. */
export interface SamplerConfig {
  readonly stepsOffset: number;
  /** null: where the file has none, each sampler's own default */
  readonly timestepSpacing: TimestepSpacing | null;
  /** what stands below t = 0: true: alphasCumprod = 1; false: alphasCumprod[0]. DPM-Solver++ ends at sigma 0 in any case. */
  readonly setAlphaToOne: boolean;
}

export interface SamplerOptions extends SamplerConfig {
  readonly schedule: NoiseSchedule;
  /** 1 .. numTrainTimesteps - 1 */
  readonly steps: number;
}

/** alphasCumprod of a t that may be below zero. */
export function alphaAt({ schedule, setAlphaToOne }: SamplerOptions, t: number): number {
  if (t < 0 && setAlphaToOne) return 1;
  return schedule.alphasCumprod[Math.max(t, 0)] as number;
}
