/**
 * @file One gradient contribution of B pairs: equation (4.9) of the paper. SFT and DPO are the same few lines.
 * With L = errors (means over C, H, W), s = their scale at t (weighting.ts), l = loss, and 0 for the opponent:
 *   inside = -beta (s (L_w - L_w0) - s' (L_l - L_l0)),   d l / d L_w = -beta s l',   d l / d L_l = +beta s' l'.
 * With s = s' = 0.5 these are DiffusionDPO's constants. The gradient is equation (5.1): reweighting (beta l') times
 * (matching the winner - pushing the loser).
 */
import { assert, required } from "../lib/errors.ts";
import type { Adapter, Denoiser, Noised, Text } from "./denoiser.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";
import type { PairBatch } from "./pair.ts";
import type { Arm, TwoGradients } from "./safeguard.ts";
import { type ErrorScale, halved } from "./weighting.ts";

export interface StepOptions {
  /** 2000 to 5000 with mean errors */
  readonly beta: number;
  readonly loss: ObjectiveName;
  /** s_t; one half where none is given */
  readonly scale?: ErrorScale;
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
  const { outcomes, seeds } = judge(errors, [batch.t.slice(0, pairs), batch.t.slice(pairs)], options);
  await pass.backward([...seeds.winner, ...seeds.loser]);
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
  const times = [arms.winner.batch.t, arms.loser.batch.t] as const;
  const { outcomes, seeds } = judge([...policy, ...opponent], times, options);
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
 * Supervised fine-tuning (3.3): adds the gradient of mean_n s_n L_n / accumulation, and returns L. All N rows are pictures to
 * learn (`winnerBatch`); s is 1 where no scale is given.
 */
export async function sftStep(
  net: Denoiser,
  theta: Adapter,
  batch: Noised,
  text: Text,
  { accumulation, scale = () => 1 }: Pick<StepOptions, "accumulation" | "scale">,
): Promise<Float32Array> {
  const pass = await net.forward(theta, batch, text);
  await pass.backward(batch.t.map((t) => scale(t) / (batch.t.length * accumulation)));
  return pass.errors;
}

type Errors = readonly [Lw: Float32Array, Ll: Float32Array, Lw0: Float32Array, Ll0: Float32Array];

/** What the pairs contribute, and d (mean of l) / d L of each row. */
function judge(
  [Lw, Ll, Lw0, Ll0]: Errors,
  [t, tPrime]: readonly [readonly number[], readonly number[]],
  { beta, loss, accumulation, scale = halved }: StepOptions,
) {
  const seeds: Record<Arm, number[]> = { winner: [], loser: [] };
  const outcomes = Array.from(Lw, (_, b): PairOutcome => {
    const at = (errors: Float32Array) => required(errors[b], "an error");
    const outcome = { Lw: at(Lw), Ll: at(Ll), Lw0: at(Lw0), Ll0: at(Ll0) };
    const [s, sPrime] = [scale(required(t[b], "t")), scale(required(tPrime[b], "t'"))];
    const inside = beta * (sPrime * (outcome.Ll - outcome.Ll0) - s * (outcome.Lw - outcome.Lw0));
    const [value, slope] = objectives[loss](inside);
    const pull = (beta * slope) / (Lw.length * accumulation);
    seeds.winner.push(-pull * s);
    seeds.loser.push(pull * sPrime);
    return { value, inside, ...outcome };
  });
  return { outcomes, seeds };
}

/** [winners, losers] of a batch of pairs. */
export function halves(errors: Float32Array): [Float32Array, Float32Array] {
  const half = errors.length / 2;
  return [errors.subarray(0, half), errors.subarray(half)];
}
