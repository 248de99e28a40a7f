/**
 * @file DDIM (Song et al. 2020, equation 12) as SD-1.5 configures it: eta 0, epsilon prediction, leading spacing,
 * steps_offset 1, set_alpha_to_one false, no clipping. Functions of plain arguments.
 * Matches: diffusers schedulers/scheduling_ddim.py (`set_timesteps`, `step`).
 */
import { required, StudioError } from "../lib/errors.ts";
import type { NoiseSchedule } from "./noise-schedule.ts";

/** The steps' t, descending: leading spacing, i floor(T / steps) + 1. For 50 steps of 1000: 981, 961, ..., 1. */
export function timesteps(steps: number, numTrainTimesteps = 1000, stepsOffset = 1): number[] {
  const ratio = Math.floor(numTrainTimesteps / steps);
  const largest = (steps - 1) * ratio + stepsOffset;
  if (!Number.isInteger(steps) || steps < 1 || largest >= numTrainTimesteps)
    throw new StudioError(
      "bad-argument",
      `steps must be a whole number from 1 to ${numTrainTimesteps - 1}, got ${steps}`,
    );
  return Array.from({ length: steps }, (_, i) => largest - i * ratio);
}

/** What a step needs besides its tensors; `steps` is the number of inference steps that `timesteps` was asked for. */
export interface DdimOptions {
  readonly schedule: NoiseSchedule;
  readonly steps: number;
}

/**
 * x_prev from eps = eps(x_t, t) and x = x_t, arrays of one length:
 *   x0     = (x - sqrt(1 - a_t) eps) / sqrt(a_t)
 *   x_prev = sqrt(a_prev) x0 + sqrt(1 - a_prev) eps,    prev = t - floor(T / steps), a_prev = a_0 below zero.
 */
export function step(eps: Float32Array, t: number, x: Float32Array, { schedule, steps }: DdimOptions): Float32Array {
  const { alphasCumprod } = schedule;
  const previous = t - Math.floor(alphasCumprod.length / steps);
  const alpha = required(alphasCumprod[t], `alphasCumprod[${t}]`);
  const alphaPrevious = required(alphasCumprod[Math.max(previous, 0)], "alphasCumprod of the step before");
  const f = Math.fround;
  const noise = f(Math.sqrt(f(1 - alpha)));
  const signal = f(Math.sqrt(alpha));
  const noisePrevious = f(Math.sqrt(f(1 - alphaPrevious)));
  const signalPrevious = f(Math.sqrt(alphaPrevious));
  const out = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const e = eps[i] as number;
    const x0 = f(f((x[i] as number) - f(noise * e)) / signal);
    out[i] = f(signalPrevious * x0) + f(noisePrevious * e);
  }
  return out;
}
