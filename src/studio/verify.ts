/**
 * @file Is the engine right on this machine? Each check measures one number and says what is allowed. A nano model with weights by rule
 * is small enough for the float64 interpreter; a real model is checked against itself.
 */
import { StudioError, required } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { Backend } from "../runtime/backend.ts";
import { type ObjectiveName, objectives } from "../spin/objectives.ts";
import type { ExactErrors } from "./float64.ts";
import type { NetworkChoices, Player } from "./player.ts";
import {
  type Bench,
  type BenchOptions,
  differentBits,
  errorsOf,
  exactErrorsOf,
  logitNoise,
  NOISE_BETA,
  onBench,
  PAIRS,
  type Stepped,
  unlikeStep,
} from "./verify-bench.ts";

export interface Verdict {
  readonly name: string;
  /** what was compared with what, for people */
  readonly what: string;
  readonly measured: number;
  readonly allowed: number;
  readonly ok: boolean;
}

export interface VerifyOptions extends BenchOptions, Pick<NetworkChoices, "cut"> {
  /** The folder is small enough for the interpreter. */
  readonly exact: boolean;
  /** Another backend to agree with. */
  readonly reference: Backend | null;
}

/** @throws StudioError where the model cannot be loaded; a check that fails is a verdict. */
export async function* verify(
  backend: Backend,
  folder: Player["folder"],
  options: VerifyOptions,
): AsyncGenerator<Verdict, void, void> {
  const { first, verdicts } = await onBench(backend, folder, options, options.cut, async (bench) => {
    const found = [await starts(bench)];
    const step = await unlikeStep(bench);
    if (!step.gradient.every(Number.isFinite)) throw new StudioError("not-finite", "The gradient is not finite here.");
    found.push(repeats(step, await unlikeStep(bench)));
    if (options.exact) {
      const exact = await exactErrorsOf(bench, folder, options);
      found.push(slope(step, bench.player("policy"), exact), await noise(bench, exact));
    } else found.push(await ownSlope(bench, step));
    return { first: step, verdicts: found };
  });
  yield* verdicts;

  const other = options.cut === "block" ? "stage" : "block";
  const cut = await onBench(backend, folder, options, other, unlikeStep);
  yield verdict(`cut ${other}`, `the gradient's difference from that of cut ${options.cut}`, away(cut, first), 1e-5);
  if (!options.reference) return;
  const theirs = await onBench(options.reference, folder, options, options.cut, unlikeStep);
  const name = options.reference.name;
  yield verdict(`errors on ${name}`, "largest relative difference of the errors", apart(first, theirs), 1e-5);
  yield verdict(`gradient on ${name}`, "relative difference of the gradient", away(first, theirs), 1e-3);
}

function verdict(name: string, what: string, measured: number, allowed: number): Verdict {
  return { name, what, measured, allowed, ok: measured <= allowed };
}

async function starts(bench: Bench): Promise<Verdict> {
  const player = bench.player("policy");
  let worst = 0;
  for (const loss of Object.keys(objectives) as ObjectiveName[]) {
    const { outcomes } = await bench.step(player, player, loss, NOISE_BETA);
    for (const { value } of outcomes) worst = Math.max(worst, Math.abs(value - objectives[loss](0)[0]));
  }
  return verdict("start", "policy = opponent: distance of the loss from ln 2, 1 and 1", worst, 0);
}

function repeats(a: Stepped, b: Stepped): Verdict {
  return verdict("repeat", "the same step twice: numbers whose bits differ", differentBits(a, b), 0);
}

async function noise(bench: Bench, exact: ExactErrors): Promise<Verdict> {
  const what = `the logit of two unlike players at beta ${NOISE_BETA} against float64`;
  return verdict("logit noise", what, await logitNoise(bench, exact), 0.01);
}

/** Central differences of the interpreter's loss along the gradient, whose slope is |g|. */
function slope({ gradient }: Stepped, policy: Float32Array, exact: ExactErrors): Verdict {
  const norm = length(gradient);
  const h = 1e-3 / norm;
  const at = (sign: number) =>
    exact(Float64Array.from(policy, (v, i) => v + (sign * h * (gradient[i] as number)) / norm));
  const seen = (lossOf(at(1)) - lossOf(at(-1))) / (2 * h);
  return verdict("gradient", "its norm against a finite difference in float64", Math.abs(seen / norm - 1), 1e-4);
}

/** The same on the backend, where float32 leaves three digits. */
async function ownSlope(bench: Bench, { gradient }: Stepped): Promise<Verdict> {
  const norm = length(gradient);
  const policy = bench.player("policy");
  const h = 0.3 / norm;
  const at = async (sign: number): Promise<number> => {
    const moved = policy.map((v, i) => v + (sign * h * (gradient[i] as number)) / norm);
    await bench.model.denoiser.update({ id: "policy" }, moved);
    return lossOf(await bench.model.denoiser.errors({ id: "policy" }, bench.batch.batch, bench.batch.text));
  };
  const seen = ((await at(1)) - (await at(-1))) / (2 * h);
  return verdict("gradient", "its norm against a finite difference on this backend", Math.abs(seen / norm - 1), 2e-2);
}

/** The policy's part of the correlation loss at beta 2000: mean of 0.5 beta (L_w - L_l). */
function lossOf(errors: ArrayLike<number>): number {
  let sum = 0;
  for (let b = 0; b < PAIRS; b++) sum += 1000 * ((errors[b] as number) - (errors[PAIRS + b] as number));
  return sum / PAIRS;
}

function apart(a: Stepped, b: Stepped): number {
  const theirs = errorsOf(b);
  return Math.max(...errorsOf(a).map((v, i) => Math.abs(v / (theirs[i] as number) - 1)));
}

/** |a - b| / |b|, tensor by tensor: cuts order the flat vector differently. */
function away(a: Stepped, b: Stepped): number {
  const places = new Map(a.layout.map(({ name, offset }) => [name, offset]));
  const difference = b.gradient.slice();
  for (const { name, shape, offset } of b.layout) {
    const place = required(places.get(name), name);
    for (let i = 0; i < sizeOf(shape); i++)
      difference[offset + i] = (b.gradient[offset + i] as number) - (a.gradient[place + i] as number);
  }
  return length(difference) / length(b.gradient);
}

function length(vector: Float32Array): number {
  let square = 0;
  for (const v of vector) square += v * v;
  return Math.sqrt(square);
}
