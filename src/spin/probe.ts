/**
 * @file The probe: the same draws (t, eps, pair) from an iteration's start to its end, so that the errors can be compared from
 * step to step. The errors of the steps themselves cannot: each step has its own t, and t alone moves an error tenfold.
 *
 * Training never meets the probe's draws: their epochs begin where no run will get to. t is stratified (draw i of n has the
 * middle of the i-th of n equal parts of 0 .. T-1), no caption is dropped, winner and loser share t and noise. The opponent is
 * the start, so the start's errors are asked of it, and a resumed run needs nothing but its weights to know them.
 */
import { draw, order } from "../diffusion/draws.ts";
import { deviation, mean } from "../lib/statistics.ts";
import type { GradientOptions, PairSource } from "./gradient.ts";
import type { Adapter, Denoiser } from "./denoiser.ts";
import { type PairBatch, pairBatch } from "./pair.ts";

/** Epochs count from 0, a step at a time: no run has 2^31 of them. */
const FIRST_EPOCH = 2 ** 31;

/** Errors are means over the draws. */
export interface Probe {
  /** optimizer steps made; 0 is the start */
  readonly step: number;
  readonly winner: number;
  readonly loser: number;
  readonly winnerStart: number;
  readonly loserStart: number;
  readonly draws: number;
  /** Standard error of winner - winnerStart: the draws are the same, so it is that of the mean of their differences. */
  readonly winnerNoise: number;
}

export type ProbeOptions = Pick<GradientOptions, "seed" | "iteration" | "noise" | "shape" | "pairsPerBatch">;

/** The probe's draws as batches of at most `pairsPerBatch` pairs. */
export async function probeBatches(pairs: PairSource, options: ProbeOptions, draws: number): Promise<PairBatch[]> {
  const { noise, shape, pairsPerBatch } = options;
  const numTrainTimesteps = noise.alphasCumprod.length;
  const size = shape.latents.reduce((a, b) => a * b);
  const drawn = { size, numTrainTimesteps, independentNoise: false, captionDropout: 0 };
  const met = [];
  for (let i = 0; i < draws; i++) {
    const epoch = FIRST_EPOCH + Math.floor(i / pairs.count);
    const visit = { epoch, pair: order(options, epoch, pairs.count)[i % pairs.count] as number };
    const t = Math.floor(((i + 0.5) / draws) * numTrainTimesteps);
    met.push({ pair: await pairs.at(visit), draw: { ...draw(options, visit, drawn), t, tPrime: t } });
  }
  const batches = [];
  for (let i = 0; i < draws; i += pairsPerBatch) batches.push(pairBatch(noise, shape, met.slice(i, i + pairsPerBatch)));
  return batches;
}

export interface ProbeErrors {
  /** one a draw */
  readonly winner: readonly number[];
  readonly loser: readonly number[];
}

/** Errors of an adapter on the draws; the gradient is not touched. @throws the signal's reason. */
export async function probeErrors(
  net: Denoiser,
  adapter: Adapter,
  batches: readonly PairBatch[],
  stop?: AbortSignal,
): Promise<ProbeErrors> {
  const [winner, loser]: [number[], number[]] = [[], []];
  for (const { batch, text } of batches) {
    stop?.throwIfAborted();
    const errors = await net.errors(adapter, batch, text);
    winner.push(...errors.subarray(0, errors.length / 2));
    loser.push(...errors.subarray(errors.length / 2));
  }
  return { winner, loser };
}

/** Errors after `step` steps beside those of the start. */
export function compareProbe(step: number, start: ProbeErrors, now: ProbeErrors): Probe {
  const draws = start.winner.length;
  const rises = now.winner.map((error, i) => error - (start.winner[i] as number));
  return {
    step,
    winner: mean(now.winner),
    loser: mean(now.loser),
    winnerStart: mean(start.winner),
    loserStart: mean(start.loser),
    draws,
    winnerNoise: deviation(rises) / Math.sqrt(draws),
  };
}

/** A rise of the winner's error that is too much. */
const TOO_MUCH = 0.15;
/** Standard errors within which a rise may be chance. */
const CHANCE = 3;

/**
 * What a person should do now, or null. In the runs of the study behind the safeguard, good iterations raised the winner's
 * error by up to 11 % of its start, and those that burnt by 29 % and more, within 25 steps: so a rise counts from 15 %, and
 * when it is more than three standard errors of itself (one such probe in 700 is chance). One probe is enough, and earlier
 * ones are not asked: each is compared with the start, and a resumed run says the same as one that was not stopped.
 */
export function stopHint({ winner, winnerStart, winnerNoise }: Probe): string | null {
  const rise = winner - winnerStart;
  if (!(rise > TOO_MUCH * winnerStart && rise > CHANCE * winnerNoise)) return null;
  const percent = Math.round((100 * rise) / winnerStart);
  return `The error on your pictures has risen by ${percent} % since the start: stop here or lower the learning rate.`;
}
