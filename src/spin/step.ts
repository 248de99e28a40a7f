/**
 * @file One gradient contribution of B pairs: equation (4.9) of the paper with DiffusionDPO's constants (errors are
 * means over C, H, W; factor 0.5; constant beta). SFT and DPO are the same few lines.
 * With L = errors, l = loss, and 0 for the opponent:
 *   inside = -0.5 beta ((L_w - L_l) - (L_w0 - L_l0)),   d l / d L_w = -0.5 beta l',   d l / d L_l = +0.5 beta l'.
 */
import { assert, required } from "../lib/errors.ts";
import type { Adapter, Denoiser, Noised, Text } from "./denoiser.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";

export interface StepOptions {
  /** 2000 to 5000 with mean errors */
  readonly beta: number;
  readonly loss: ObjectiveName;
  /** Micro-batches to one optimizer step: the gradient is that of the mean over all their pairs. */
  readonly accumulation: number;
}

/** What one pair contributed; errors are means over C, H, W. */
export interface PairOutcome {
  /** l(inside) */
  readonly value: number;
  readonly inside: number;
  readonly Lw: number;
  readonly Ll: number;
  readonly Lw0: number;
  readonly Ll0: number;
}

/**
 * Adds the gradient of mean_b l(inside_b) / accumulation to the gradient vector. `batch` and `text` have 2B rows,
 * [winners..., losers...] (`pairBatch`); targets other than the noise (C.5) need nothing here.
 * Policy = opponent gives exactly l(0): `errors` and `forward` run the same programs.
 */
export async function spinStep(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  batch: Noised,
  text: Text,
  { beta, loss, accumulation }: StepOptions,
): Promise<PairOutcome[]> {
  const pairs = batch.shape[0] / 2;
  assert(Number.isInteger(pairs), `a batch of pairs has an even number of rows, got ${batch.shape[0]}`);
  const opponent = await net.errors(thetaK, batch, text);
  const pass = await net.forward(theta, batch, text);
  const pushing: number[] = [];
  const outcomes = Array.from({ length: pairs }, (_, b) => {
    const [Lw, Ll] = arms(pass.errors, b);
    const [Lw0, Ll0] = arms(opponent, b);
    const inside = 0.5 * beta * (Ll - Ll0 - (Lw - Lw0));
    const [value, slope] = objectives[loss](inside);
    pushing.push((0.5 * beta * slope) / (pairs * accumulation));
    return { value, inside, Lw, Ll, Lw0, Ll0 };
  });
  const matching = pushing.map((seed) => -seed);
  await pass.backward([...matching, ...pushing]);
  return outcomes;
}

/** Diffusion-DPO (Wallace et al. 2023): SPIN with a given loser and a reference that never changes. */
export const dpoStep = spinStep;

/**
 * Supervised fine-tuning: adds the gradient of mean_n L_n / accumulation, and returns L. All N rows are pictures to
 * learn (`winnerBatch`).
 */
export async function sftStep(
  net: Denoiser,
  theta: Adapter,
  batch: Noised,
  text: Text,
  { accumulation }: Pick<StepOptions, "accumulation">,
): Promise<Float32Array> {
  const pass = await net.forward(theta, batch, text);
  await pass.backward(batch.t.map(() => 1 / (batch.t.length * accumulation)));
  return pass.errors;
}

function arms(errors: Float32Array, b: number): [winner: number, loser: number] {
  const half = errors.length / 2;
  return [required(errors[b], "a winner's error"), required(errors[half + b], "a loser's error")];
}
