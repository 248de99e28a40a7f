/**
 * @file Every random number of training, as a pure function of (seed, iteration, epoch, pair, purpose). Nothing is
 * carried from one draw to the next, so batch size, accumulation, workers and resuming cannot change them.
 * The key has the epoch where one might expect the step: a small set is met twice in one step, and must not meet the
 * same noise twice. Whence: DiffusionDPO's train.py (uniform t and one noise a pair, caption dropout).
 */
import { assert } from "../lib/errors.ts";
import { keyOf, normals, type Stream, uniform, words } from "./philox.ts";

/** One run's one iteration: what all of its draws have in common. */
export interface DrawKey {
  readonly seed: number | bigint;
  /** 1, 2, ... */
  readonly iteration: number;
}

/** The one time in an epoch at which a pair is met; both count from 0. */
export interface Visit {
  readonly epoch: number;
  readonly pair: number;
}

export interface DrawOptions {
  /** Numbers in one sample's latents: 4 h w. */
  readonly size: number;
  readonly numTrainTimesteps: number;
  /** false: winner and loser share t and noise (DiffusionDPO); true: drawn apart (the paper's last equation of C.3). */
  readonly independentNoise: boolean;
  /** Probability that both players see the empty caption. */
  readonly captionDropout: number;
}

/** What one visit of a pair draws: (t, eps) for the winner, (t', eps') for the loser. Noises have length 4 h w. */
export interface Draw {
  readonly t: number;
  readonly eps: Float32Array;
  readonly tPrime: number;
  readonly epsPrime: Float32Array;
  readonly dropCaption: boolean;
}

/** These numbers are part of what a seed means: never change one. */
const purposes = {
  order: 0,
  t: 1,
  eps: 2,
  tPrime: 3,
  epsPrime: 4,
  caption: 5,
  posterior: 6,
  posteriorPrime: 7,
  picture: 8,
  step: 9,
};

function stream(key: DrawKey, { epoch, pair }: Visit, purpose: keyof typeof purposes): Stream {
  assert(key.iteration >= 0 && key.iteration < 2 ** 24, `iteration ${key.iteration} does not fit its 24 bits`);
  return { key: keyOf(key.seed), place: [((key.iteration << 8) | purposes[purpose]) >>> 0, epoch, pair] };
}

/** t uniform over 0 .. T-1, eps standard normal. */
export function draw(key: DrawKey, visit: Visit, options: DrawOptions): Draw {
  const time = (purpose: "t" | "tPrime") =>
    Math.floor(uniform(stream(key, visit, purpose)) * options.numTrainTimesteps);
  const noise = (purpose: "eps" | "epsPrime") => normals(stream(key, visit, purpose), options.size);
  const t = time("t");
  const eps = noise("eps");
  return {
    t,
    eps,
    tPrime: options.independentNoise ? time("tPrime") : t,
    epsPrime: options.independentNoise ? noise("epsPrime") : eps,
    dropCaption: uniform(stream(key, visit, "caption")) < options.captionDropout,
  };
}

/** The noise with which cached VAE moments are sampled for this visit: [winner, loser], each of length `size`. */
export function posteriorNoise(key: DrawKey, visit: Visit, size: number): [Float32Array, Float32Array] {
  return [normals(stream(key, visit, "posterior"), size), normals(stream(key, visit, "posteriorPrime"), size)];
}

/** z of step i of the winner's trajectory; i has the upper bits of the pair's place, where no pair is. */
export function stepNoise(key: DrawKey, { epoch, pair }: Visit, i: number, size: number): Float32Array {
  assert(pair < 2 ** 20 && i < 2 ** 12, `step ${i} of pair ${pair} does not fit its bits`);
  return normals(stream(key, { epoch, pair: ((i << 20) | pair) >>> 0 }, "step"), size);
}

/** The order in which an epoch meets its `count` pairs: Fisher and Yates' shuffle of 0 .. count-1. */
export function order(key: DrawKey, epoch: number, count: number): Uint32Array {
  const out = Uint32Array.from({ length: count }, (_, i) => i);
  const bits = words(stream(key, { epoch, pair: 0 }, "order"), count);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((bits[i] as number) * 2 ** -32 * (i + 1));
    const kept = out[i] as number;
    out[i] = out[j] as number;
    out[j] = kept;
  }
  return out;
}

/**
 * The visits of optimizer step `step` (from 0) with `pairsPerStep` pairs: epochs laid end to end and cut in equal pieces,
 * so that no pair is dropped at an epoch's end.
 */
export function visitsOfStep(key: DrawKey, count: number, step: number, pairsPerStep: number): Visit[] {
  assert(count > 0, "no pairs to visit");
  const visits: Visit[] = [];
  let epoch = -1;
  let pairs: Uint32Array = new Uint32Array(0);
  for (let position = step * pairsPerStep; position < (step + 1) * pairsPerStep; position++) {
    const now = Math.floor(position / count);
    if (now !== epoch) {
      epoch = now;
      pairs = order(key, epoch, count);
    }
    visits.push({ epoch, pair: pairs[position % count] as number });
  }
  return visits;
}

/** The 32-bit seed of the opponent's picture for a pair; redrawn every iteration, `copy` counts several a pair. */
export function pictureSeed(key: DrawKey, pair: number, copy = 0): number {
  return words(stream(key, { epoch: copy, pair }, "picture"), 1)[0] as number;
}
