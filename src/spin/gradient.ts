/**
 * @file The gradient of one optimizer step: its pairs are met, a micro-batch at a time, by the method and with the losers that the
 * options name. Randomness is a function of (seed, iteration, epoch, pair) alone.
 */
import { type DdimProcess, forwardTrajectory, type Landed } from "../diffusion/ddim-process.ts";
import { type DrawKey, type DrawOptions, draw, stepNoise, type Visit, visitsOfStep } from "../diffusion/draws.ts";
import type { NoiseSchedule } from "../diffusion/noise-schedule.ts";
import { required } from "../lib/errors.ts";
import type { Adapter, Denoiser } from "./denoiser.ts";
import { exactStep, type Trajectories } from "./exact.ts";
import { landedBatch, loserBatch, type Met, type Pair, pairBatch, type SampleShape, winnerBatch } from "./pair.ts";
import { TwoGradients } from "./safeguard.ts";
import { type PairOutcome, type StepOptions, sftStep, spinStep, spinStepApart } from "./step.ts";

/**
 * Where a loser is met: `forward`, x'_0 noised (the last equation of C.3); `trajectory`, on the opponent's own way down, with what
 * the opponent predicts there as its target (C.5); `exact`, on all of it, the sum standing inside the loss (4.8).
 */
export const loserKinds = ["forward", "trajectory", "exact"] as const;
export type LoserKind = (typeof loserKinds)[number];

export interface GradientOptions
  extends StepOptions,
    DrawKey,
    Pick<DrawOptions, "independentNoise" | "captionDropout"> {
  /** `sft` meets the winners alone; Diffusion-DPO is `spin` with given losers. */
  readonly method?: "spin" | "sft";
  readonly noise: NoiseSchedule;
  readonly shape: SampleShape;
  /** B, the pairs of a micro-batch; an optimizer step sees B x accumulation pairs. */
  readonly pairsPerBatch: number;
  /** The safeguard's factor, 0.9 in Diffusion-SDPO's spirit; 0 or none: off. */
  readonly safeguard?: number;
  readonly loser?: LoserKind;
  /** T steps of DDIM: of trajectory and exact */
  readonly process?: DdimProcess;
}

/** The opponent's own way from x'_T down, unguided; step i = 0 .. T-1. */
export interface OpponentTrajectory {
  at(i: number): Promise<Landed>;
}

/** Where the pairs lie; both may depend on the visit (posterior samples), but on nothing else. */
export interface PairSource {
  readonly count: number;
  at(visit: Visit): Pair | Promise<Pair>;
  /** of trajectory and exact */
  trajectory?(visit: Visit): OpponentTrajectory;
}

/** What a pair contributed; SFT compares nothing. */
export type Outcome = PairOutcome | Pick<PairOutcome, "value" | "Lw">;

interface StepGradient {
  readonly outcomes: readonly Outcome[];
  /** undefined: left in the accumulators */
  readonly gradient: Float32Array | undefined;
  /** what the safeguard scaled the losers' part by */
  readonly safeguard: number | null;
}

/**
 * The gradient of the mean loss over all pairs of optimizer step `step`: left in the accumulators, or with the safeguard, which
 * scales the loser's part, read.
 */
export async function gradientOfStep(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  pairs: PairSource,
  options: GradientOptions,
  step: number,
  stop: AbortSignal | undefined,
): Promise<StepGradient> {
  const { pairsPerBatch, safeguard = 0, method = "spin" } = options;
  const visits = visitsOfStep(options, pairs.count, step, pairsPerBatch * options.accumulation);
  const outcomes: Outcome[] = [];
  const apart = safeguard > 0 && method === "spin" ? new TwoGradients(net) : null;
  const size = apart || method === "sft" ? 2 * pairsPerBatch : pairsPerBatch; // all fill the 2 B rows of a run
  for (let i = 0; i < visits.length; i += size) {
    stop?.throwIfAborted();
    const part = visits.slice(i, i + size);
    const share = { ...options, accumulation: visits.length / part.length };
    outcomes.push(...(await contribution({ net, theta, thetaK, pairs, options: share, apart }, part)));
  }
  if (!apart) return { outcomes, gradient: undefined, safeguard: null };
  const { gradient, scale } = await apart.combined(safeguard);
  return { outcomes, gradient, safeguard: scale };
}

interface Game {
  readonly net: Denoiser;
  readonly theta: Adapter;
  readonly thetaK: Adapter;
  readonly pairs: PairSource;
  readonly options: GradientOptions;
  readonly apart: TwoGradients | null;
}

async function contribution(game: Game, visits: readonly Visit[]): Promise<readonly Outcome[]> {
  const { net, theta, thetaK, pairs, options, apart } = game;
  const { noise, shape, method, loser = "forward" } = options;
  if (method !== "sft" && loser === "exact") {
    const scale = required(options.scale, "the scale inside the sum");
    return exactStep(net, theta, thetaK, await walks(visits, pairs, options), { ...options, scale }, apart);
  }
  const met = await Promise.all(visits.map((visit) => meet(visit, pairs, options)));
  if (method === "sft") return supervised(game, met);
  if (apart) {
    const arms = { winner: winnerBatch(noise, shape, met), loser: loserBatch(noise, shape, met) };
    return spinStepApart(net, theta, thetaK, arms, options, apart);
  }
  const { batch, text } = pairBatch(noise, shape, met);
  return spinStep(net, theta, thetaK, batch, text, options);
}

async function supervised({ net, theta, options }: Game, met: readonly Met[]): Promise<readonly Outcome[]> {
  const { noise, shape, scale = () => 1 } = options;
  const { batch, text } = winnerBatch(noise, shape, met);
  const errors = await sftStep(net, theta, batch, text, { ...options, scale });
  return Array.from(errors, (Lw, b) => ({ value: scale(required(batch.t[b], "t")) * Lw, Lw }));
}

const sizeOf = ({ shape }: GradientOptions): number => shape.latents.reduce((a, b) => a * b);

async function meet(visit: Visit, pairs: PairSource, options: GradientOptions): Promise<Met> {
  const pair = await pairs.at(visit);
  const drawn = { ...options, size: sizeOf(options) };
  if (options.loser !== "trajectory" || options.method === "sft")
    return { pair, draw: draw(options, visit, { ...drawn, numTrainTimesteps: options.noise.alphasCumprod.length }) };
  const { timesteps } = required(options.process, "the process of the trajectory");
  const { t: i, tPrime: iPrime, ...rest } = draw(options, visit, { ...drawn, numTrainTimesteps: timesteps.length });
  const landed = await trajectoryOf(pairs, visit).at(iPrime);
  const t = required(timesteps[i], `step ${i}`);
  return { pair, draw: { ...rest, t, tPrime: landed.t, xtPrime: landed.xt, targetPrime: landed.target } };
}

const trajectoryOf = (pairs: PairSource, visit: Visit): OpponentTrajectory =>
  required(pairs.trajectory, "the opponent's trajectories").call(pairs, visit);

/** Both arms' trajectories; the winners' lie in the host's memory, the losers' wherever they were kept. */
async function walks(visits: readonly Visit[], pairs: PairSource, options: GradientOptions): Promise<Trajectories> {
  const process = required(options.process, "the process of the trajectory");
  const size = sizeOf(options);
  const drawn = { ...options, size, numTrainTimesteps: 1 };
  const both = await Promise.all(
    visits.map(async (visit) => {
      const pair = await pairs.at(visit);
      const { eps, dropCaption } = draw(options, visit, drawn);
      const z = (i: number) => stepNoise(options, visit, i, size);
      const winner = [...forwardTrajectory(process, pair.x0, eps, z)];
      return { winner, loser: trajectoryOf(pairs, visit), c: dropCaption ? pair.empty : pair.c };
    }),
  );
  const texts = both.map(({ c }) => c);
  return {
    length: process.timesteps.length,
    at: async (i) => {
      const winners = both.map(({ winner }) => required(winner[i], `step ${i}`));
      const losers = await Promise.all(both.map(({ loser }) => loser.at(i)));
      return {
        winner: landedBatch(options.shape, winners, texts),
        loser: landedBatch(options.shape, losers, texts),
      };
    },
  };
}
