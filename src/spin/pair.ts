/**
 * @file A pair of the paper, and the batch that it becomes at its noise level: rows are [winners..., losers...], as
 * DiffusionDPO's train.py lays them out.
 */
import type { Landed } from "../diffusion/ddim-process.ts";
import { addNoise, type NoiseSchedule } from "../diffusion/noise-schedule.ts";
import { trainingTarget } from "../diffusion/prediction.ts";
import type { Noised, Text } from "./denoiser.ts";

/** Latents are scaled by the VAE's scaling factor, row-major [4, h, w]; text rows are [tokens, width]. */
export interface Pair {
  /** x_0, the winner: the user's picture. */
  readonly x0: Float32Array;
  /** x'_0, the loser: the opponent's picture (SPIN) or a given one (DPO). */
  readonly x0Prime: Float32Array;
  /** The caption's hidden states c. */
  readonly c: Float32Array;
  /** The empty caption's, for caption dropout. */
  readonly empty: Float32Array;
}

/** What is drawn for a pair: (t, eps) for the winner, (t', eps') for the loser. `diffusion/draws.ts` makes them. */
export interface PairDraw {
  readonly t: number;
  readonly eps: Float32Array;
  readonly tPrime: number;
  readonly epsPrime: Float32Array;
  readonly dropCaption: boolean;
  /** (C.5): the loser as it was met on the opponent's own trajectory, instead of x'_0 noised forward. */
  readonly xtPrime?: Float32Array;
  /** (C.5): what to predict there, instead of eps' or its v. */
  readonly targetPrime?: Float32Array;
}

/** One visit of a pair. */
export interface Met {
  readonly pair: Pair;
  readonly draw: PairDraw;
}

/** The part of it that SFT needs. */
export interface MetWinner {
  readonly pair: Pick<Pair, "x0" | "c" | "empty">;
  readonly draw: Pick<PairDraw, "t" | "eps" | "dropCaption">;
}

export interface PairBatch {
  readonly batch: Noised;
  readonly text: Text;
}

/** [channels, h, w] of one sample's latents, and [tokens, width] of its text. */
export interface SampleShape {
  readonly latents: readonly [number, number, number];
  readonly text: readonly [number, number];
}

/** B pairs and their draws -> 2B rows [winners..., losers...]; both players and both arms see the same caption. */
export function pairBatch(schedule: NoiseSchedule, shape: SampleShape, met: readonly Met[]): PairBatch {
  const text = met.map(caption);
  return {
    batch: noised(schedule, shape.latents, [...met.map(winnerArm), ...met.map(loserArm)]),
    text: { shape: [2 * met.length, ...shape.text], hidden: rows([...text, ...text]) },
  };
}

/** The winners' rows alone, [B, ...]: what SFT trains on, and one arm of the safeguard. */
export function winnerBatch(schedule: NoiseSchedule, shape: SampleShape, met: readonly MetWinner[]): PairBatch {
  return {
    batch: noised(schedule, shape.latents, met.map(winnerArm)),
    text: { shape: [met.length, ...shape.text], hidden: rows(met.map(caption)) },
  };
}

/** The losers' rows alone, [B, ...]. */
export function loserBatch(schedule: NoiseSchedule, shape: SampleShape, met: readonly Met[]): PairBatch {
  return {
    batch: noised(schedule, shape.latents, met.map(loserArm)),
    text: { shape: [met.length, ...shape.text], hidden: rows(met.map(caption)) },
  };
}

/** Steps of trajectories, one a row, with each row's text. */
export function landedBatch(
  { latents, text }: SampleShape,
  landed: readonly Landed[],
  texts: readonly Float32Array[],
): PairBatch {
  return {
    batch: {
      shape: [landed.length, ...latents],
      xt: rows(landed.map(({ xt }) => xt)),
      t: landed.map(({ t }) => t),
      target: rows(landed.map(({ target }) => target)),
    },
    text: { shape: [landed.length, ...text], hidden: rows(texts) },
  };
}

const winnerArm = ({ pair, draw }: MetWinner): Arm => ({ x0: pair.x0, t: draw.t, eps: draw.eps });

const loserArm = ({ pair, draw }: Met): Arm => ({
  x0: pair.x0Prime,
  t: draw.tPrime,
  eps: draw.epsPrime,
  xt: draw.xtPrime,
  target: draw.targetPrime,
});

const caption = ({ pair, draw }: MetWinner) => (draw.dropCaption ? pair.empty : pair.c);

export interface Arm {
  readonly x0: Float32Array;
  readonly t: number;
  readonly eps: Float32Array;
  readonly xt?: Float32Array | undefined;
  readonly target?: Float32Array | undefined;
}

/** x_t of each arm, and as its target eps or v, whichever the network predicts, unless the arm brings its own. */
export function noised(
  schedule: NoiseSchedule,
  latents: readonly [number, number, number],
  arms: readonly Arm[],
): Noised {
  return {
    shape: [arms.length, ...latents],
    xt: rows(arms.map(({ x0, t, eps, xt }) => xt ?? addNoise(schedule, x0, eps, t))),
    t: arms.map((arm) => arm.t),
    target: rows(arms.map(({ x0, t, eps, target }) => target ?? trainingTarget(schedule, x0, eps, t))),
  };
}

/** Equal rows, laid end to end. */
export function rows(parts: readonly Float32Array[]): Float32Array {
  const width = parts[0]?.length ?? 0;
  const out = new Float32Array(parts.length * width);
  parts.forEach((part, i) => out.set(part, i * width));
  return out;
}

/**
 * Cached VAE moments -> latents: (mean + exp(logvar / 2) eps) scalingFactor, with logvar clamped to [-30, 20].
 * `moments` is [8, h, w], mean then logvar; eps is [4, h, w].
 * Matches: diffusers models/autoencoders/vae.py `DiagonalGaussianDistribution.sample`.
 */
export function samplePosterior(moments: Float32Array, eps: Float32Array, scalingFactor: number): Float32Array {
  return eps.map((noise, i) => {
    const logvar = Math.min(20, Math.max(-30, moments[eps.length + i] as number));
    return ((moments[i] as number) + Math.exp(logvar / 2) * noise) * scalingFactor;
  });
}
