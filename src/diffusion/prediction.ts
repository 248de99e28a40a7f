/**
 * @file What a network predicts, turned into what a sampler or a loss needs. With x = x_t = signal x_0 + noise eps,
 * signal = sqrt(a_t), noise = sqrt(1 - a_t):
 *   v = signal eps - noise x_0,   x_0 = (x - noise eps) / signal = signal x - noise v,   eps = signal v + noise x.
 * Whence: v is Salimans and Ho 2022, appendix D.
 * Matches: diffusers schedulers/scheduling_ddpm.py (`get_velocity`), scheduling_ddim.py (`step`), in float32.
 */
import { type Levels, levels, type NoiseSchedule, type PredictionType } from "./noise-schedule.ts";

const f = Math.fround;

/** What the network is trained to give at (x_0, eps, t): eps itself, or v. */
export function trainingTarget(schedule: NoiseSchedule, x0: Float32Array, eps: Float32Array, t: number): Float32Array {
  if (schedule.predictionType === "epsilon") return eps;
  const [signal, noise] = levels(schedule, t);
  return combine(signal, eps, -noise, x0);
}

/** x_0 as the network's output says it, at x = x_t. */
export function predictedOriginal(
  type: PredictionType,
  output: Float32Array,
  x: Float32Array,
  [signal, noise]: Levels,
): Float32Array {
  if (type === "v_prediction") return combine(signal, x, -noise, output);
  return x.map((value, i) => f(value - f(noise * (output[i] as number))) / signal);
}

/** eps as the network's output says it, at x = x_t. */
export function predictedNoise(
  type: PredictionType,
  output: Float32Array,
  x: Float32Array,
  [signal, noise]: Levels,
): Float32Array {
  return type === "epsilon" ? output : combine(signal, output, noise, x);
}

/** a x + b y, elementwise, each operation rounded to float32. */
export function combine(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  return x.map((value, i) => f(a * value) + f(b * (y[i] as number)));
}
