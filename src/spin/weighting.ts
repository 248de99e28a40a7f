/**
 * @file What an error counts in the logit:
 *   inside = beta (s'_t (L_l - L_l0) - s_t (L_w - L_w0)),   L = means over C, H, W,   s_t = the error's scale at its t.
 * DiffusionDPO has s = 0.5. The paper (C.5) has squared norms and beta_t h_t^2 with one beta for all t: s_t = h_t^2 C H W,
 * without the half. h_t depends on T, the steps that the process is cut into: they are far apart for T = 50 and 1000.
 */
import { type DdimProcess, gain } from "../diffusion/ddim-process.ts";
import type { NoiseSchedule } from "../diffusion/noise-schedule.ts";
import { required } from "../lib/errors.ts";

export const weightings = ["mean", "paper"] as const;
export type Weighting = (typeof weightings)[number];

/** s_t */
export type ErrorScale = (t: number) => number;

export const halved: ErrorScale = () => 0.5;

/** h_t^2 of squared norms over `size` = C H W numbers; for a network that gives v, those of the eps that it means. */
export function squaredNorms({ at, schedule }: DdimProcess, size: number): ErrorScale {
  return (t) => size * gain(at(t), schedule.predictionType) ** 2;
}

export function errorScale(weighting: Weighting, process: DdimProcess, size: number): ErrorScale {
  return weighting === "paper" ? squaredNorms(process, size) : halved;
}

/** The same inside the exact objective's sum over T: with DiffusionDPO's constants the sum becomes the mean, so that beta keeps its meaning. */
export function sumScale(weighting: Weighting, process: DdimProcess, size: number): ErrorScale {
  return weighting === "paper" ? squaredNorms(process, size) : () => 0.5 / process.timesteps.length;
}

export const times =
  (a: ErrorScale, b: ErrorScale): ErrorScale =>
  (t) =>
    a(t) * b(t);

/**
 * Min-SNR-gamma: min(SNR_t, gamma) / SNR_t where the network gives eps, and min(SNR_t, gamma) / (SNR_t + 1) where it gives v.
 * Whence: Hang et al. 2023, equation 6; diffusers' training scripts, `--snr_gamma`.
 */
export function minSnr({ alphasCumprod, predictionType }: NoiseSchedule, gamma: number): ErrorScale {
  return (t) => {
    const alpha = required(alphasCumprod[t], `alphasCumprod[${t}]`);
    const snr = alpha / (1 - alpha);
    return Math.min(snr, gamma) / (predictionType === "epsilon" ? snr : snr + 1);
  };
}

/** A change of the mean error that an iteration makes: a thousandth is seen in good runs of large and small models. */
const TYPICAL_CHANGE = 1e-3;

/** The size that `inside` will typically have: beta times the mean scale over `timesteps` times a typical change. */
export function typicalLogit(beta: number, scale: ErrorScale, timesteps: readonly number[]): number {
  return (beta * TYPICAL_CHANGE * timesteps.reduce((sum, t) => sum + scale(t), 0)) / timesteps.length;
}

const FLAT = 0.01;
const SATURATED = 30;

/** A sentence where a logit of this size teaches nothing, or null. */
export function logitWarning(size: number, beta: number): string | null {
  if (size >= FLAT && size <= SATURATED) return null;
  const better = (beta / size).toPrecision(1);
  const now = `The logit is typically ${size.toPrecision(1)}`;
  return size < FLAT
    ? `${now}: so near 0 the loss is a straight line that tells no pair from another. A beta near ${Number(better)} would use its curve.`
    : `${now}: so far from 0 the loss is flat for one half of the pairs and never bends for the other. A beta near ${Number(better)} would use its curve.`;
}
