/**
 * @file The forward process q(x_t | x_0) of SD-1.x: the scaled_linear schedule with torch's float32 rounding, so that
 * every coefficient has the bits of diffusers' `alphas_cumprod`.
 * Matches: diffusers schedulers/scheduling_ddpm.py (`__init__`, `add_noise`), torch.linspace and torch.cumprod on the CPU.
 */
import { required } from "../lib/errors.ts";

/** betas[t], and alphasCumprod[t] = prod_{s<=t} (1 - betas[s]); both of length numTrainTimesteps. */
export interface NoiseSchedule {
  readonly betas: Float32Array;
  readonly alphasCumprod: Float32Array;
}

/** The fields of a `scheduler_config.json`, in diffusers' names. */
export interface ScheduleConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
}

export const sd15Schedule: ScheduleConfig = { numTrainTimesteps: 1000, betaStart: 0.00085, betaEnd: 0.012 };

const f = Math.fround;

/** beta_schedule = "scaled_linear": linear in sqrt(beta). */
export function scaledLinear(config: ScheduleConfig = sd15Schedule): NoiseSchedule {
  const n = config.numTrainTimesteps;
  const roots = linspace(f(Math.sqrt(config.betaStart)), f(Math.sqrt(config.betaEnd)), n);
  const betas = roots.map((root) => root * root);
  const alphasCumprod = new Float32Array(n);
  let product = 1; // torch accumulates a float32 cumprod in float64
  betas.forEach((beta, t) => {
    product *= f(1 - beta);
    alphasCumprod[t] = product;
  });
  return { betas, alphasCumprod };
}

/** torch.linspace in float32: counted from the nearer end, so that both ends are exact. */
function linspace(start: number, end: number, count: number): Float32Array {
  const step = f(f(end - start) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < count / 2 ? start + step * i : end - step * (count - 1 - i),
  );
}

/** [sqrt(alphasCumprod[t]), sqrt(1 - alphasCumprod[t])] in float32: signal and noise level at step t. */
export function levels(schedule: NoiseSchedule, t: number): readonly [signal: number, noise: number] {
  const alpha = required(schedule.alphasCumprod[t], `alphasCumprod[${t}]`);
  return [f(Math.sqrt(alpha)), f(Math.sqrt(f(1 - alpha)))];
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
