/**
 * @file Is the engine right on this machine? Each check measures one number and says what is allowed. A nano model with weights by rule
 * is small enough for the float64 interpreter; a real model is checked against itself.
 */
import { seededRule, seededTensor } from "../artifacts/seeded.ts";
import { type DrawKey, draw } from "../diffusion/draws.ts";
import { normals } from "../diffusion/philox.ts";
import { required, StudioError } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import { readUNetConfig } from "../models/config.ts";
import { loraTargets } from "../plan/targets.ts";
import type { LayoutEntry } from "../plan/types.ts";
import type { Backend } from "../runtime/backend.ts";
import type { ObjectiveName } from "../spin/objectives.ts";
import { objectives } from "../spin/objectives.ts";
import { type PairBatch, pairBatch, type SampleShape } from "../spin/pair.ts";
import { type PairOutcome, spinStep } from "../spin/step.ts";
import { type ExactErrors, exactErrors } from "./float64.ts";
import { initialLora } from "./initial-lora.ts";
import type { Model } from "./model.ts";
import { loadNetwork, type NetworkChoices, type Player } from "./player.ts";

export interface Verdict {
  readonly name: string;
  /** what was compared with what, for people */
  readonly what: string;
  readonly measured: number;
  readonly allowed: number;
  readonly ok: boolean;
}

export interface VerifyOptions extends Pick<NetworkChoices, "train" | "cut" | "weights"> {
  readonly latents: readonly [height: number, width: number];
  readonly tokens: number;
  /** The folder is small enough for the interpreter. */
  readonly exact: boolean;
  /** Another backend to agree with. */
  readonly reference: Backend | null;
}

const PAIRS = 2;
const RANK = 4;
/** At which the logit's noise is judged. */
const NOISE_BETA = 5000;
const key: DrawKey = { seed: 0, iteration: 1 };

/** One pair batch on one backend, and what a step of it gives. */
class Bench {
  readonly model: Model;
  readonly batch: PairBatch;

  constructor(model: Model, shape: SampleShape) {
    this.model = model;
    this.batch = randomPairs(model, shape);
  }

  /** Weights near the model's own, or an adapter near nothing: two salts are two players whose errors differ a little. */
  player(salt: string): Float32Array {
    const vector = this.model.base.slice();
    const moved = (name: string, shape: readonly number[], offset: number, by: number): void => {
      const middle = seededRule(name, shape).offset;
      seededTensor(name, shape).forEach((v, i) => {
        vector[offset + i] = (vector[offset + i] as number) + by * (v - middle);
      });
    };
    for (const { name, shape, offset } of this.model.set.layout) {
      if (name.endsWith("lora_B.weight")) moved(name, shape, offset, 0.1);
      moved(`${salt}/${name}`, shape, offset, 0.002);
    }
    return vector;
  }

  async step(policy: Float32Array, opponent: Float32Array, loss: ObjectiveName, beta: number): Promise<Stepped> {
    const { denoiser } = this.model;
    const [theta, thetaK] = [{ id: "policy" }, { id: "opponent" }];
    await denoiser.update(theta, policy);
    await denoiser.update(thetaK, opponent);
    const options = { beta, loss, accumulation: 1 };
    const outcomes = await spinStep(denoiser, theta, thetaK, this.batch.batch, this.batch.text, options);
    return { outcomes, gradient: await denoiser.gradients(), layout: this.model.set.layout };
  }
}

interface Stepped {
  readonly outcomes: readonly PairOutcome[];
  readonly gradient: Float32Array;
  readonly layout: readonly LayoutEntry[];
}

function randomPairs(model: Model, shape: SampleShape): PairBatch {
  const size = sizeOf(shape.latents);
  const options = {
    size,
    numTrainTimesteps: model.noise.alphasCumprod.length,
    independentNoise: true,
    captionDropout: 0,
  };
  const values = (purpose: number, pair: number, count: number): Float32Array =>
    normals({ key: [0, purpose], place: [pair, 0, 0] }, count);
  const met = Array.from({ length: PAIRS }, (_, pair) => {
    const c = values(3, pair, sizeOf(shape.text));
    return {
      pair: { x0: values(1, pair, size), x0Prime: values(2, pair, size), c, empty: c },
      draw: draw(key, { epoch: 0, pair }, options),
    };
  });
  return pairBatch(model.noise, shape, met);
}

/** @throws StudioError where the model cannot be loaded; a check that fails is a verdict. */
export async function* verify(
  backend: Backend,
  folder: Player["folder"],
  options: VerifyOptions,
): AsyncGenerator<Verdict, void, void> {
  const unet = readUNetConfig(required(folder.configs.unet, "the UNet's configuration"));
  const shape: SampleShape = {
    latents: [unet.in_channels, ...options.latents],
    text: [options.tokens, unet.cross_attention_dim],
  };
  const { train, weights } = options;
  const targets = loraTargets("attention", RANK);
  const choices = { shape, samples: 2 * PAIRS, train, targets, initial: initialLora(0), weights };
  const open = async <T>(on: Backend, cut: NetworkChoices["cut"], work: (bench: Bench) => Promise<T>): Promise<T> => {
    const model = await loadNetwork(on, folder, { ...choices, cut });
    try {
      return await work(new Bench(model, shape));
    } finally {
      await model.dispose();
    }
  };

  // correlation is linear, so that no seed hides behind a saturated loss
  const unlike = (bench: Bench) => bench.step(bench.player("policy"), bench.player("opponent"), "correlation", 2000);
  const { first, verdicts } = await open(backend, options.cut, async (bench) => {
    const found = [await starts(bench)];
    const step = await unlike(bench);
    if (!step.gradient.every(Number.isFinite)) throw new StudioError("not-finite", "The gradient is not finite here.");
    found.push(repeats(step, await unlike(bench)));
    if (options.exact) {
      const { batch, text } = bench.batch;
      const exact = await exactErrors(unet, folder, choices, bench.model.set.layout, batch, text);
      found.push(slope(step, bench.player("policy"), exact), await noise(bench, exact));
    } else found.push(await ownSlope(bench, step));
    return { first: step, verdicts: found };
  });
  yield* verdicts;

  const other = options.cut === "block" ? "stage" : "block";
  const cut = await open(backend, other, unlike);
  yield verdict(`cut ${other}`, `the gradient's difference from that of cut ${options.cut}`, away(cut, first), 1e-5);
  if (!options.reference) return;
  const theirs = await open(options.reference, options.cut, unlike);
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
  const bits = (step: Stepped) => [...step.gradient, ...errorsOf(step)];
  const again = bits(b);
  const different = bits(a).filter((v, i) => !Object.is(v, again[i])).length;
  return verdict("repeat", "the same step twice: numbers whose bits differ", different, 0);
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

async function noise(bench: Bench, exact: ExactErrors): Promise<Verdict> {
  const [policy, opponent] = [bench.player("policy"), bench.player("opponent")];
  const { outcomes } = await bench.step(policy, opponent, "logistic", NOISE_BETA);
  const [ours, theirs] = [exact(policy), exact(opponent)];
  const margin = (errors: Float64Array, b: number) => (errors[b] as number) - (errors[PAIRS + b] as number);
  const worst = outcomes.map(({ inside }, b) =>
    Math.abs(inside + 0.5 * NOISE_BETA * (margin(ours, b) - margin(theirs, b))),
  );
  const what = `the logit of two unlike players at beta ${NOISE_BETA} against float64`;
  return verdict("logit noise", what, Math.max(...worst), 0.01);
}

const errorsOf = ({ outcomes }: Stepped): number[] => outcomes.flatMap(({ Lw, Ll, Lw0, Ll0 }) => [Lw, Ll, Lw0, Ll0]);

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
