/**
 * @file DPM-Solver++ 2M (Lu et al. 2022, algorithm 2): the multistep solver of second order in x_0, midpoint, with sigma 0 at
 * its end; its first and its last step are of first order. Levels may be Karras et al.'s (2022, equation 5, rho 7).
 * Notation: sigma = sqrt((1 - a) / a), signal = 1 / sqrt(sigma^2 + 1), noise = sigma signal, lambda = ln(signal / noise).
 * Matches: diffusers schedulers/scheduling_dpmsolver_multistep.py (algorithm_type dpmsolver++, solver_order 2, solver_type
 * midpoint, final_sigmas_type zero, lower_order_final), in float32.
 */
import { required } from "../lib/errors.ts";
import type { Levels, NoiseSchedule } from "./noise-schedule.ts";
import { combine, predictedOriginal } from "./prediction.ts";
import type { Sampler, SamplerOptions } from "./sampler.ts";
import { roundHalfToEven, spacedTimesteps } from "./timesteps.ts";

const f = Math.fround;

/** A sigma of the way down, and the t that the network is told there. */
interface Stop {
  readonly t: number;
  readonly sigma: number;
}

export const dpmSolver2m = (options: SamplerOptions): Sampler => multistep(options.schedule, evenStops(options));

export const dpmSolver2mKarras = (options: SamplerOptions): Sampler =>
  multistep(options.schedule, karrasStops(options.schedule, options.steps));

function multistep({ predictionType }: NoiseSchedule, stops: readonly Stop[]): Sampler {
  const levels = [...stops.map(({ sigma }) => levelOf(f(sigma))), levelOf(0)];
  return {
    timesteps: stops.map(({ t }) => t),
    step(output, x, { index, outputs }) {
      const from = required(levels[index], `step ${index}`);
      const to = required(levels[index + 1], `step ${index + 1}`);
      const x0 = predictedOriginal(predictionType, output, x, [from.signal, from.noise]);
      const state = { index: index + 1, outputs: [x0], held: null };
      const h = f(to.lambda - from.lambda);
      const decay = f(to.noise / from.noise);
      const pull = f(to.signal * f(f(Math.exp(-h)) - 1));
      const first = combine(decay, x, -pull, x0);
      const earlier = outputs[0];
      if (earlier === undefined || index === stops.length - 1) return { x: first, state };
      const before = required(levels[index - 1], `step ${index - 1}`);
      const ratio = f(f(from.lambda - before.lambda) / h);
      const difference = x0.map((value, i) => f(1 / ratio) * f(value - (earlier[i] as number)));
      return { x: combine(1, first, -f(0.5 * pull), difference), state };
    },
  };
}

interface Level {
  readonly signal: Levels[0];
  readonly noise: Levels[1];
  /** half the logarithm of the signal-to-noise ratio; Infinity at sigma 0 */
  readonly lambda: number;
}

function levelOf(sigma: number): Level {
  const signal = f(1 / f(Math.sqrt(f(f(sigma * sigma) + 1))));
  const noise = f(sigma * signal);
  return { signal, noise, lambda: f(f(Math.log(signal)) - f(Math.log(noise))) };
}

function sigmasOf({ alphasCumprod }: NoiseSchedule): Float32Array {
  return alphasCumprod.map((alpha) => Math.sqrt(f(f(1 - alpha) / alpha)));
}

/** One t more than the steps is spaced out where the last would be 0, whose place sigma 0 takes. */
function evenStops({ schedule, steps, stepsOffset, timestepSpacing }: SamplerOptions): Stop[] {
  const sigmas = sigmasOf(schedule);
  const spacing = timestepSpacing ?? "linspace";
  const count = spacing === "trailing" ? steps : steps + 1;
  const timesteps = spacedTimesteps(count, { spacing, stepsOffset, numTrainTimesteps: sigmas.length });
  return timesteps.slice(0, steps).map((t) => ({ t, sigma: sigmas[t] as number }));
}

const RHO = 7;

function karrasStops(schedule: NoiseSchedule, steps: number): Stop[] {
  const sigmas = sigmasOf(schedule);
  const logSigmas = sigmas.map(Math.log);
  const lowest = (sigmas[0] as number) ** (1 / RHO);
  const highest = (sigmas.at(-1) as number) ** (1 / RHO);
  const whole = schedule.betaSchedule === "squaredcos_cap_v2" ? Math.trunc : roundHalfToEven;
  return Array.from({ length: steps }, (_, i) => {
    const ramp = steps > 1 ? i / (steps - 1) : 0;
    const sigma = (highest + ramp * (lowest - highest)) ** RHO;
    return { t: whole(timeOf(Math.log(sigma), logSigmas)), sigma };
  });
}

/** The t, not whole, at which the schedule has this sigma: linear between logarithms. */
function timeOf(logSigma: number, logSigmas: Float32Array): number {
  const below = logSigmas.findLastIndex((value) => value <= logSigma);
  const low = Math.min(Math.max(below, 0), logSigmas.length - 2);
  const [from, to] = [logSigmas[low] as number, logSigmas[low + 1] as number];
  const share = Math.min(Math.max((from - logSigma) / f(from - to), 0), 1);
  return (1 - share) * low + share * (low + 1);
}
