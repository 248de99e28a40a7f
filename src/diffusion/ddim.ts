/**
 * @file DDIM (Song et al. 2020, equation 12) with eta 0 and no clipping:
 *   x_prev = sqrt(a_prev) x_0 + sqrt(1 - a_prev) eps,    prev = t - floor(T / steps).
 * Matches: diffusers schedulers/scheduling_ddim.py (`set_timesteps`, `step`).
 */
import { required } from "../lib/errors.ts";
import { levels, levelsOf } from "./noise-schedule.ts";
import { combine, predictedNoise, predictedOriginal } from "./prediction.ts";
import { alphaAt, type Sampler, type SamplerOptions } from "./sampler.ts";
import { spacedTimesteps } from "./timesteps.ts";

export function ddim(options: SamplerOptions): Sampler {
  const { schedule, steps, stepsOffset, timestepSpacing } = options;
  const numTrainTimesteps = schedule.alphasCumprod.length;
  const spacing = timestepSpacing ?? "leading";
  const timesteps = spacedTimesteps(steps, { spacing, stepsOffset, numTrainTimesteps });
  const stride = Math.floor(numTrainTimesteps / steps);
  return {
    timesteps,
    step(output, x, { index }) {
      const t = required(timesteps[index], `step ${index}`);
      const level = levels(schedule, t);
      const x0 = predictedOriginal(schedule.predictionType, output, x, level);
      const eps = predictedNoise(schedule.predictionType, output, x, level);
      const [signal, noise] = levelsOf(alphaAt(options, t - stride));
      return { x: combine(signal, x0, noise, eps), state: { index: index + 1, outputs: [], held: null } };
    },
  };
}
