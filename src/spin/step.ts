/**
 * @file One gradient contribution of B pairs: equation (4.9) of the paper with DiffusionDPO's constants (errors are
 * means over C, H, W; factor 0.5; constant beta). SFT and DPO are the same few lines.
 * With L = errors, l = loss, and 0 for the opponent:
 *   inside = -0.5 beta ((L_w - L_l) - (L_w0 - L_l0)),   d l / d L_w = -0.5 beta l',   d l / d L_l = +0.5 beta l'.
 */
import { assert, required } from "../lib/errors.ts";
import type { Adapter, Denoiser, Noised, Text } from "./denoiser.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";
import type { PairBatch } from "./pair.ts";
import type { Arm, TwoGradients } from "./safeguard.ts";

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
  options: StepOptions,
): Promise<PairOutcome[]> {
  const pairs = batch.shape[0] / 2;
  assert(Number.isInteger(pairs), `a batch of pairs has an even number of rows, got ${batch.shape[0]}`);
  const opponent = await net.errors(thetaK, batch, text);
  const pass = await net.forward(theta, batch, text);
  const errors = [...halves(pass.errors), ...halves(opponent)] as const;
  const { outcomes, pushing } = judge(errors, options);
  await pass.backward([...pushing.map(pull), ...pushing]);
  return outcomes;
}

/**
 * The same with the two arms' gradients apart, for the safeguard. Winners and losers are batches of their own, of B rows
 * each: so the rows of two micro-batches fill one run an arm, each row is still differentiated once, and all that is paid
 * is one more forward of the arm that comes second (9 units of work for 8). Twice backward over one batch would cost half as
 * much again as a whole step, and keeping what it reads until then costs memory.
 */
export async function spinStepApart(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  arms: Readonly<Record<Arm, PairBatch>>,
  options: StepOptions,
  gradients: TwoGradients,
): Promise<PairOutcome[]> {
  const first = gradients.lying;
  const second = first === "winner" ? "loser" : "winner";
  const errors = (arm: Arm, of: Adapter) => net.errors(of, arms[arm].batch, arms[arm].text);
  const forward = (arm: Arm) => net.forward(theta, arms[arm].batch, arms[arm].text);
  const opponent = [await errors("winner", thetaK), await errors("loser", thetaK)] as const;
  const later = await errors(second, theta);
  let pass = await forward(first);
  const policy = first === "winner" ? ([pass.errors, later] as const) : ([later, pass.errors] as const);
  const { outcomes, pushing } = judge([...policy, ...opponent], options);
  const seeds = { winner: pushing.map(pull), loser: pushing };
  await pass.backward(seeds[first]);
  await gradients.turn(second);
  pass = await forward(second);
  await pass.backward(seeds[second]);
  return outcomes;
}

/** Diffusion-DPO (Wallace et al. 2023): SPIN with a given loser and a reference that never changes. */
export const dpoStep = spinStep;
export const dpoStepApart = spinStepApart;

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

type Errors = readonly [Lw: Float32Array, Ll: Float32Array, Lw0: Float32Array, Ll0: Float32Array];

/** What the pairs contribute, and d (mean of l) / d L_l of each; that of L_w is its opposite. */
function judge([Lw, Ll, Lw0, Ll0]: Errors, { beta, loss, accumulation }: StepOptions) {
  const pushing: number[] = [];
  const outcomes = Array.from(Lw, (_, b): PairOutcome => {
    const at = (errors: Float32Array) => required(errors[b], "an error");
    const outcome = { Lw: at(Lw), Ll: at(Ll), Lw0: at(Lw0), Ll0: at(Ll0) };
    const inside = 0.5 * beta * (outcome.Ll - outcome.Ll0 - (outcome.Lw - outcome.Lw0));
    const [value, slope] = objectives[loss](inside);
    pushing.push((0.5 * beta * slope) / (Lw.length * accumulation));
    return { value, inside, ...outcome };
  });
  return { outcomes, pushing };
}

const pull = (push: number): number => -push;

/** [winners, losers] of a batch of pairs. */
function halves(errors: Float32Array): [Float32Array, Float32Array] {
  const half = errors.length / 2;
  return [errors.subarray(0, half), errors.subarray(half)];
}
