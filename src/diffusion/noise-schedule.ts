/**
 * @file The forward process q(x_t | x_0) with torch's float32 rounding, so that every coefficient has the bits of diffusers'
 * `alphas_cumprod`.
 * Matches: diffusers schedulers/scheduling_ddpm.py (`__init__`, `betas_for_alpha_bar`, `add_noise`), torch.linspace and
 * torch.cumprod on the CPU.
 */
import { required } from "../lib/errors.ts";

export const betaSchedules = ["linear", "scaled_linear", "squaredcos_cap_v2"] as const;
export type BetaSchedule = (typeof betaSchedules)[number];

export const predictionTypes = ["epsilon", "v_prediction"] as const;
/** What the network gives, and is trained to give: the noise, or v = sqrt(a_t) eps - sqrt(1 - a_t) x_0. */
export type PredictionType = (typeof predictionTypes)[number];

/** betas[t], and alphasCumprod[t] = prod_{s<=t} (1 - betas[s]); both of length numTrainTimesteps. */
export interface NoiseSchedule {
  readonly betas: Float32Array;
  readonly alphasCumprod: Float32Array;
  readonly betaSchedule: BetaSchedule;
  readonly predictionType: PredictionType;
}

/** The fields of a `scheduler_config.json`, in diffusers' names. */
export interface ScheduleConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  readonly predictionType: PredictionType;
}

export const sd15Schedule: ScheduleConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  predictionType: "epsilon",
};

const f = Math.fround;

export function noiseSchedule(config: ScheduleConfig): NoiseSchedule {
  const betas = betasOf[config.betaSchedule](config);
  const alphasCumprod = new Float32Array(betas.length);
  let product = 1; // torch accumulates a float32 cumprod in float64
  betas.forEach((beta, t) => {
    product *= f(1 - beta);
    alphasCumprod[t] = product;
  });
  return { betas, alphasCumprod, betaSchedule: config.betaSchedule, predictionType: config.predictionType };
}

/** SD-1.5's own. */
export function scaledLinear(): NoiseSchedule {
  return noiseSchedule(sd15Schedule);
}

const betasOf: { readonly [S in BetaSchedule]: (config: ScheduleConfig) => Float32Array } = {
  linear: ({ betaStart, betaEnd, numTrainTimesteps }) => linspace(f(betaStart), f(betaEnd), numTrainTimesteps),
  scaled_linear: ({ betaStart, betaEnd, numTrainTimesteps }) =>
    linspace(f(Math.sqrt(betaStart)), f(Math.sqrt(betaEnd)), numTrainTimesteps).map((root) => root * root),
  squaredcos_cap_v2: ({ numTrainTimesteps: n }) =>
    Float32Array.from({ length: n }, (_, t) => Math.min(1 - alphaBar((t + 1) / n) / alphaBar(t / n), 0.999)),
};

/** Nichol and Dhariwal 2021, equation 17; time from 0 to 1. */
const alphaBar = (time: number): number => Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;

/** torch.linspace in float32: counted from the nearer end, so that both ends are exact. */
function linspace(start: number, end: number, count: number): Float32Array {
  const step = f(f(end - start) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < count / 2 ? start + step * i : end - step * (count - 1 - i),
  );
}

/** Signal and noise level: [sqrt(a), sqrt(1 - a)] in float32. */
export type Levels = readonly [signal: number, noise: number];

export function levelsOf(alpha: number): Levels {
  return [f(Math.sqrt(alpha)), f(Math.sqrt(f(1 - alpha)))];
}

/** Those of step t. */
export function levels(schedule: NoiseSchedule, t: number): Levels {
  return levelsOf(required(schedule.alphasCumprod[t], `alphasCumprod[${t}]`));
}

/**
 * x_t = sqrt(alphasCumprod[t]) x_0 + sqrt(1 - alphasCumprod[t]) eps, elementwise over arrays of one length;
 * the same float32 operations as `add_noise`. Writes into `out` where one is given.
 */
export function addNoise(
  schedule: NoiseSchedule,
  x0: Float32Array,
  eps: Float32Array,
  t: number,
  out: Float32Array = new Float32Array(x0.length),
): Float32Array {
  const [signal, noise] = levels(schedule, t);
  for (let i = 0; i < x0.length; i++) out[i] = f(signal * (x0[i] as number)) + f(noise * (eps[i] as number));
  return out;
}
