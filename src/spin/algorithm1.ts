/**
 * @file Algorithm 1, self-play fine-tuning of diffusion models, with the approximate objective (4.9):
 *   for k = 0, 1, ...: the opponent theta_k draws x'_0 for every prompt; theta_{k+1} = argmin_theta E l(inside).
 * The argmin is `steps` AdamW steps from theta_k. Randomness is a function of (seed, iteration, epoch, pair) and all that
 * carries over a step is a TrainState, so a run that is stopped anywhere and resumed ends in the same bits.
 */
import { type DrawKey, type DrawOptions, draw, type Visit, visitsOfStep } from "../diffusion/draws.ts";
import type { NoiseSchedule } from "../diffusion/noise-schedule.ts";
import { freshState, keptOf, type TrainState } from "./adamw.ts";
import type { Adapter, Denoiser } from "./denoiser.ts";
import { learningRateAt, type RateOptions } from "./lr.ts";
import { HostOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { loserBatch, type Met, type Pair, pairBatch, type SampleShape, winnerBatch } from "./pair.ts";
import { TwoGradients } from "./safeguard.ts";
import { type PairOutcome, type StepOptions, spinStep, spinStepApart } from "./step.ts";

export interface TrainOptions
  extends StepOptions,
    RateOptions,
    OptimizerOptions,
    DrawKey,
    Pick<DrawOptions, "independentNoise" | "captionDropout"> {
  readonly noise: NoiseSchedule;
  readonly shape: SampleShape;
  /** Optimizer steps of the iteration. */
  readonly steps: number;
  /** B, the pairs of a micro-batch; an optimizer step sees B x accumulation pairs. */
  readonly pairsPerBatch: number;
  /** The safeguard's factor, 0.9 in Diffusion-SDPO's spirit; 0 or none: off. */
  readonly safeguard?: number;
}

/** Where the pairs lie; `at` may depend on the visit (posterior samples), but on nothing else. */
export interface PairSource {
  readonly count: number;
  at(visit: Visit): Pair | Promise<Pair>;
}

/** Means over the pairs of one optimizer step. */
export interface TrainReport {
  /** 1 .. of */
  readonly step: number;
  readonly of: number;
  readonly loss: number;
  /** Implicit accuracy: the share of inside > 0; a tie, as in a first step, counts one half. */
  readonly accuracy: number;
  readonly errorWinner: number;
  readonly errorLoser: number;
  readonly errorWinnerOpponent: number;
  readonly errorLoserOpponent: number;
  /** What the loser's gradient was scaled by, 1 where it was left as it is; null without the safeguard. */
  readonly safeguard: number | null;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/**
 * One iteration from `state` to its end, a report after each optimizer step. Between two reports `state` is the
 * consumer's to copy or save; it is changed in place by the next step. Stop by not asking for more, or by `stop` in the
 * middle of a step: what that step had accumulated is thrown away here on the next start.
 */
export function trainIteration(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  pairs: PairSource,
  options: TrainOptions,
  state: TrainState,
  stop?: AbortSignal,
): AsyncGenerator<TrainReport, void, void> {
  return train(net, theta, thetaK, pairs, options, new HostOptimizer(net, theta, state, options), stop);
}

/** The same with the policy's weights wherever `optimizer` has them. */
export async function* train(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  pairs: PairSource,
  options: TrainOptions,
  optimizer: Optimizer,
  stop?: AbortSignal,
): AsyncGenerator<TrainReport, void, void> {
  await optimizer.begin();
  for (let { step } = optimizer; step < options.steps; step = optimizer.step) {
    const { outcomes, gradient, safeguard } = await gradientOfStep(net, theta, thetaK, pairs, options, step, stop);
    const learningRate = learningRateAt(step, options.steps, options);
    const gradientNorm = await optimizer.apply(learningRate, gradient);
    yield { ...summary(outcomes), safeguard, step: step + 1, of: options.steps, gradientNorm, learningRate };
  }
}

/**
 * The gradient of the mean loss over all pairs of optimizer step `step`: left in the accumulators, or with the safeguard, which
 * scales the loser's part, read.
 */
async function gradientOfStep(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  pairs: PairSource,
  options: TrainOptions,
  step: number,
  stop: AbortSignal | undefined,
) {
  const { noise, shape, pairsPerBatch, safeguard = 0 } = options;
  const visits = visitsOfStep(options, pairs.count, step, pairsPerBatch * options.accumulation);
  const outcomes: PairOutcome[] = [];
  const apart = safeguard > 0 ? new TwoGradients(net) : null;
  const size = apart ? 2 * pairsPerBatch : pairsPerBatch; // both fill the 2 B rows of a run
  for (let i = 0; i < visits.length; i += size) {
    stop?.throwIfAborted();
    const met = await meet(visits.slice(i, i + size), pairs, options);
    if (apart) {
      const arms = { winner: winnerBatch(noise, shape, met), loser: loserBatch(noise, shape, met) };
      const share = { ...options, accumulation: visits.length / met.length };
      outcomes.push(...(await spinStepApart(net, theta, thetaK, arms, share, apart)));
    } else {
      const { batch, text } = pairBatch(noise, shape, met);
      outcomes.push(...(await spinStep(net, theta, thetaK, batch, text, options)));
    }
  }
  if (!apart) return { outcomes, gradient: undefined, safeguard: null };
  const { gradient, scale } = await apart.combined(safeguard);
  return { outcomes, gradient, safeguard: scale };
}

async function meet(visits: readonly Visit[], pairs: PairSource, options: TrainOptions): Promise<Met[]> {
  const size = options.shape.latents.reduce((a, b) => a * b);
  const drawn = { ...options, size, numTrainTimesteps: options.noise.alphasCumprod.length };
  return Promise.all(visits.map(async (visit) => ({ pair: await pairs.at(visit), draw: draw(options, visit, drawn) })));
}

function summary(outcomes: readonly PairOutcome[]) {
  // A running mean: that of equal numbers is that number, so a first step shows exactly l(0).
  const mean = (of: (outcome: PairOutcome) => number) =>
    outcomes.reduce((before, outcome, i) => before + (of(outcome) - before) / (i + 1), 0);
  return {
    loss: mean((o) => o.value),
    accuracy: mean((o) => (Math.sign(o.inside) + 1) / 2),
    errorWinner: mean((o) => o.Lw),
    errorLoser: mean((o) => o.Ll),
    errorWinnerOpponent: mean((o) => o.Lw0),
    errorLoserOpponent: mean((o) => o.Ll0),
  };
}

/** Where a whole run stands: iteration k+1 is being trained against theta_k. */
export interface RunState {
  /** k + 1 = 1, 2, ... */
  iteration: number;
  /** theta_k */
  opponent: Float32Array;
  train: TrainState;
}

export function freshRun(base: Float32Array, emaDecay = 0): RunState {
  return { iteration: 1, opponent: base.slice(), train: freshState(base, emaDecay) };
}

/**
 * Iterations `run.iteration` .. K. `play` draws the opponent's pictures of an iteration with thetaK as it then lies on
 * the device. `run` is kept current, and belongs to the consumer between two reports, as in `trainIteration`; after an
 * iteration's last report it still holds that iteration's end.
 */
export async function* algorithm1(
  net: Denoiser,
  players: { readonly theta: Adapter; readonly thetaK: Adapter },
  play: (iteration: number, opponent: Adapter) => Promise<PairSource>,
  options: Omit<TrainOptions, "iteration"> & { readonly iterations: number },
  run: RunState,
  stop?: AbortSignal,
): AsyncGenerator<TrainReport & { readonly iteration: number }, void, void> {
  const { theta, thetaK } = players;
  for (;;) {
    const { iteration } = run;
    if (run.train.step < options.steps) {
      await net.update(thetaK, run.opponent);
      const pairs = await play(iteration, thetaK);
      for await (const report of trainIteration(net, theta, thetaK, pairs, { ...options, iteration }, run.train, stop))
        yield { ...report, iteration };
    }
    if (iteration >= options.iterations) return;
    run.opponent = keptOf(run.train);
    run.train = freshState(run.opponent, options.emaDecay);
    run.iteration = iteration + 1;
  }
}
