/**
 * @file PNDM (Liu et al. 2022) without its Runge-Kutta steps (skip_prk_steps), as SD-1.5 is configured: the linear multistep
 * of Adams and Bashforth over the last four outputs. The first step is made twice, the second time with the mean of the
 * outputs at both of its ends (Heun), so n steps run the network n + 1 times.
 * Matches: diffusers schedulers/scheduling_pndm.py (`set_timesteps`, `step_plms`, `_get_prev_sample`).
 */
import { required } from "../lib/errors.ts";
import { levels } from "./noise-schedule.ts";
import { combine, predictedNoise } from "./prediction.ts";
import { alphaAt, type Sampler, type SamplerOptions } from "./sampler.ts";
import { spacedTimesteps } from "./timesteps.ts";

const f = Math.fround;

/** By how many outputs there are: the weights, the newest first, and what their sum is divided by. */
const multistep: readonly (readonly [weights: readonly number[], divisor: number])[] = [
  [[1], 1],
  [[3, -1], 2],
  [[23, -16, 5], 12],
  [[55, -59, 37, -9], 24],
];

export function pndm(options: SamplerOptions): Sampler {
  const { schedule, steps, stepsOffset, timestepSpacing } = options;
  const numTrainTimesteps = schedule.alphasCumprod.length;
  const spacing = timestepSpacing ?? "leading";
  const once = spacedTimesteps(steps, { spacing, stepsOffset, numTrainTimesteps });
  const timesteps = [...once.slice(0, 2), ...once.slice(1)];
  const stride = Math.floor(numTrainTimesteps / steps);
  return {
    timesteps,
    step(output, x, { index, outputs, held }) {
      const t = required(timesteps[index], `step ${index}`);
      if (index === 1) {
        const first = required(outputs[0], "the first output");
        const mean = output.map((value, i) => f(value + (first[i] as number)) / 2);
        const lower = transfer(options, mean, required(held, "the first sample"), t + stride, t);
        return { x: lower, state: { index: 2, outputs, held: null } };
      }
      const kept = [...outputs.slice(-3), output];
      const lower = transfer(options, mixed(kept), x, t, t - stride);
      return { x: lower, state: { index: index + 1, outputs: kept, held: index === 0 ? x : null } };
    },
  };
}

/** The multistep's output from up to four, the newest last. */
function mixed(outputs: readonly Float32Array[]): Float32Array {
  const [weights, divisor] = required(multistep[outputs.length - 1], "multistep weights");
  const newest = required(outputs.at(-1), "an output");
  return newest.map((_, i) => {
    const sum = weights.reduce((before, weight, k) => {
      const value = (outputs[outputs.length - 1 - k] as Float32Array)[i] as number;
      return f(before + f(weight * value));
    }, 0);
    return sum / divisor;
  });
}

/**
 * x from t to the lower level `to`, equation (9) of the paper with a = a_t, b = a_to:
 *   sqrt(b / a) x - (b - a) eps / (a sqrt(1 - b) + sqrt(a (1 - a) b)).
 */
function transfer(options: SamplerOptions, output: Float32Array, x: Float32Array, t: number, to: number): Float32Array {
  const { schedule } = options;
  const a = required(schedule.alphasCumprod[t], `alphasCumprod[${t}]`);
  const b = alphaAt(options, to);
  const eps = predictedNoise(schedule.predictionType, output, x, levels(schedule, t));
  const scale = f(Math.sqrt(f(b / a)));
  const divisor = f(f(a * f(Math.sqrt(f(1 - b)))) + f(Math.sqrt(f(f(a * f(1 - a)) * b))));
  const difference = f(b - a);
  const push = eps.map((value) => f(difference * value) / divisor);
  return combine(scale, x, -1, push);
}
