/**
 * @file The DDIM process of T steps (Song et al. 2020, equation 12), with the paper's names. With a = alphasCumprod and
 * t-1 the next lower step:
 *   q(x_{t-1} | x_t, x_0):  x_{t-1} = sqrt(a_{t-1}) x_0 + sqrt(1 - a_{t-1} - sigma_t^2) eps_t + sigma_t z,
 *                           eps_t = (x_t - sqrt(a_t) x_0) / sqrt(1 - a_t)
 *   p_theta(x_{t-1} | x_t): the same with the network's eps and x_0, so that its mean mu_theta has
 *                           mu(x_t, eps_t) - mu_theta = h_t (eps_theta - eps_t),
 *   h_t = sqrt(a_{t-1} / a_t) sqrt(1 - a_t) - sqrt(1 - a_{t-1} - sigma_t^2).
 * sigma_t = eta sqrt((1 - a_{t-1}) / (1 - a_t)) sqrt(1 - a_t / a_{t-1}): 0 is deterministic, 1 is DDPM.
 * Whence: equations (C.1) to (C.4) of the paper; h_t follows from (C.2), whose print has a_{t-1} in its second root.
 */
import { type Levels, levelsOf, type NoiseSchedule, type PredictionType } from "./noise-schedule.ts";
import { combine, predictedNoise, predictedOriginal, trainingTarget } from "./prediction.ts";
import { alphaAt, type SamplerOptions } from "./sampler.ts";
import { spacedTimesteps } from "./timesteps.ts";

export interface DdimStep {
  readonly t: number;
  /** a_t and a_{t-1} */
  readonly alpha: number;
  readonly alphaPrev: number;
  readonly sigma: number;
  readonly h: number;
}

export interface DdimProcess {
  /** T values, descending */
  readonly timesteps: readonly number[];
  readonly schedule: NoiseSchedule;
  /** The step down from any t of the schedule, by the process's stride. */
  at(t: number): DdimStep;
}

export function ddimProcess(options: SamplerOptions, eta = 0): DdimProcess {
  const { schedule, steps, stepsOffset, timestepSpacing } = options;
  const numTrainTimesteps = schedule.alphasCumprod.length;
  const spacing = timestepSpacing ?? "leading";
  const stride = Math.floor(numTrainTimesteps / steps);
  return {
    timesteps: spacedTimesteps(steps, { spacing, stepsOffset, numTrainTimesteps }),
    schedule,
    at: (t) => ddimStep(t, alphaAt(options, t), alphaAt(options, t - stride), eta),
  };
}

/** One step from a_t to a_{t-1}. */
export function ddimStep(t: number, alpha: number, alphaPrev: number, eta = 0): DdimStep {
  const sigma = eta * Math.sqrt((1 - alphaPrev) / (1 - alpha)) * Math.sqrt(1 - alpha / alphaPrev);
  const h = Math.sqrt(alphaPrev / alpha) * Math.sqrt(1 - alpha) - Math.sqrt(1 - alphaPrev - sigma ** 2);
  return { t, alpha, alphaPrev, sigma, h };
}

/** What the output's error weighs in mu_theta: h_t where the network gives eps, sqrt(a_t) h_t where it gives v. */
export function gain({ alpha, h }: DdimStep, type: PredictionType): number {
  return type === "epsilon" ? h : Math.sqrt(alpha) * h;
}

/** mu_theta(x_t) from the network's output. */
export function ddimMean(step: DdimStep, type: PredictionType, output: Float32Array, xt: Float32Array): Float32Array {
  const level = levelsOf(step.alpha);
  const x0 = predictedOriginal(type, output, xt, level);
  const eps = predictedNoise(type, output, xt, level);
  return combine(Math.fround(Math.sqrt(step.alphaPrev)), x0, direction(step), eps);
}

/** The output at which mu_theta(x_t) lands on x_{t-1}. Where the step goes nowhere (h_t = 0) every output does: zeros. */
export function landing(step: DdimStep, type: PredictionType, xt: Float32Array, xPrevious: Float32Array): Float32Array {
  const g = gain(step, type);
  const [signal, noise] = [Math.sqrt(step.alpha), Math.sqrt(1 - step.alpha)];
  const root = Math.sqrt(step.alphaPrev);
  const a = type === "epsilon" ? root / signal : root * signal + direction(step) * noise;
  return xt.map((x, i) => (g === 0 ? 0 : (a * x - (xPrevious[i] as number)) / g));
}

/** An output moved by what sigma_t z moves x_{t-1}: landing of mu(x_t, output) + sigma_t z, without the cancellation. */
export function shifted(step: DdimStep, type: PredictionType, output: Float32Array, z: Float32Array): Float32Array {
  const g = gain(step, type);
  return step.sigma === 0 || g === 0 ? output : combine(1, output, -step.sigma / g, z);
}

/** One step of a trajectory: where it stood at t, and the output that leads from there to x_{t-1}. */
export interface Landed {
  readonly t: number;
  readonly xt: Float32Array;
  readonly target: Float32Array;
}

/**
 * x_T .. x_1 of q(x_{1:T} | x_0), from x_T = x_0 noised by `eps` down; `z` gives the noise of step i = 0 .. T-1, and is asked
 * only where sigma_t > 0.
 */
export function* forwardTrajectory(
  { timesteps, schedule, at }: DdimProcess,
  x0: Float32Array,
  eps: Float32Array,
  z: (i: number) => Float32Array,
): Generator<Landed, void, void> {
  let epsT = eps;
  for (const [i, t] of timesteps.entries()) {
    const step = at(t);
    const [signal, noise]: Levels = levelsOf(step.alpha);
    const target = trainingTarget(schedule, x0, epsT, t);
    const zT = step.sigma > 0 ? z(i) : null;
    const landed = zT === null ? target : shifted(step, schedule.predictionType, target, zT);
    yield { t, xt: combine(signal, x0, noise, epsT), target: landed };
    if (zT === null || step.alphaPrev === 1) continue;
    const below = Math.sqrt(1 - step.alphaPrev);
    epsT = combine(direction(step) / below, epsT, step.sigma / below, zT);
  }
}

const direction = ({ alphaPrev, sigma }: DdimStep): number => Math.fround(Math.sqrt(1 - alphaPrev - sigma ** 2));
