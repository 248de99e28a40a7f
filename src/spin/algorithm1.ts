/**
 * @file Algorithm 1, self-play fine-tuning of diffusion models, with the approximate objective (4.9):
 *   for k = 0, 1, ...: the opponent theta_k draws x'_0 for every prompt; theta_{k+1} = argmin_theta E l(inside).
 * The argmin is `steps` AdamW steps from theta_k. Randomness is a function of (seed, iteration, epoch, pair) and all that
 * carries over a step is a TrainState, so a run that is stopped anywhere and resumed ends in the same bits.
 */
import type { PairOutcome } from "./step.ts";
import { freshState, keptOf, type TrainState } from "./adamw.ts";
import type { Adapter, Denoiser } from "./denoiser.ts";
import { learningRateAt, type RateOptions } from "./lr.ts";
import { HostOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { type GradientOptions, gradientOfStep, type Outcome, type PairSource } from "./gradient.ts";

export interface TrainOptions extends GradientOptions, RateOptions, OptimizerOptions {
  /** Optimizer steps of the iteration. */
  readonly steps: number;
}

/** Means over the pairs of one optimizer step. */
export interface TrainReport {
  /** 1 .. of */
  readonly step: number;
  readonly of: number;
  readonly loss: number;
  /** Implicit accuracy: the share of inside > 0; a tie, as in a first step, counts one half. SFT has none, nor what else compares. */
  readonly accuracy: number | null;
  /** The logit's size: the mean of |inside|. */
  readonly logit: number | null;
  readonly errorWinner: number;
  readonly errorLoser: number | null;
  readonly errorWinnerOpponent: number | null;
  readonly errorLoserOpponent: number | null;
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

function summary(outcomes: readonly Outcome[]) {
  // A running mean: that of equal numbers is that number, so a first step shows exactly l(0).
  const mean = (values: readonly number[]) =>
    values.reduce((before, value, i) => before + (value - before) / (i + 1), 0);
  const compared = (of: (outcome: PairOutcome) => number): number | null => {
    const values = outcomes.flatMap((outcome) => ("inside" in outcome ? [of(outcome)] : []));
    return values.length > 0 ? mean(values) : null;
  };
  return {
    loss: mean(outcomes.map((o) => o.value)),
    accuracy: compared((o) => (Math.sign(o.inside) + 1) / 2),
    logit: compared((o) => Math.abs(o.inside)),
    errorWinner: mean(outcomes.map((o) => o.Lw)),
    errorLoser: compared((o) => o.Ll),
    errorWinnerOpponent: compared((o) => o.Lw0),
    errorLoserOpponent: compared((o) => o.Ll0),
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
