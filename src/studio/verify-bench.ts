/** @file A batch of random pairs, two unlike players and one SPIN step of theirs on a backend: what every check of the numbers is made of. */
import { seededRule, seededTensor } from "../artifacts/seeded.ts";
import { type DrawKey, draw } from "../diffusion/draws.ts";
import { normals } from "../diffusion/philox.ts";
import { required } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import { readUNetConfig } from "../models/config.ts";
import { loraTargets } from "../plan/targets.ts";
import type { LayoutEntry } from "../plan/types.ts";
import type { Backend } from "../runtime/backend.ts";
import type { ObjectiveName } from "../spin/objectives.ts";
import { type PairBatch, pairBatch, type SampleShape } from "../spin/pair.ts";
import { type PairOutcome, spinStep } from "../spin/step.ts";
import { type ExactErrors, exactErrors } from "./float64.ts";
import { initialLora } from "./initial-lora.ts";
import type { Model } from "./model.ts";
import { loadNetwork, type NetworkChoices, type Player } from "./player.ts";

/** Of the batch: its rows are their winners, then their losers. */
export const PAIRS = 2;
const RANK = 4;
/** At which the logit's noise is judged: the paper's largest. */
export const NOISE_BETA = 5000;
const targets = loraTargets("attention", RANK);
const key: DrawKey = { seed: 0, iteration: 1 };

/** One pair batch on one backend, and what a step of it gives. */
export class Bench {
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

/** What is put on the bench. */
export interface BenchOptions extends Pick<NetworkChoices, "train" | "weights"> {
  readonly latents: readonly [height: number, width: number];
  readonly tokens: number;
}

/**
 * Loads the folder's UNet for the time of `work`.
 * @throws StudioError where the model cannot be loaded
 */
export async function onBench<T>(
  backend: Backend,
  folder: Player["folder"],
  { latents, tokens, train, weights }: BenchOptions,
  cut: NetworkChoices["cut"],
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const unet = readUNetConfig(required(folder.configs.unet, "the UNet's configuration"));
  const shape: SampleShape = { latents: [unet.in_channels, ...latents], text: [tokens, unet.cross_attention_dim] };
  const choices = { shape, samples: 2 * PAIRS, train, targets, initial: initialLora(0), weights, cut };
  const model = await loadNetwork(backend, folder, choices);
  try {
    return await work(new Bench(model, shape));
  } finally {
    await model.dispose();
  }
}

/** The batch's errors in float64, for a network small enough to be interpreted. */
export function exactErrorsOf(
  { model, batch }: Bench,
  folder: Player["folder"],
  { train, weights }: Pick<BenchOptions, "train" | "weights">,
): Promise<ExactErrors> {
  const unet = readUNetConfig(required(folder.configs.unet, "the UNet's configuration"));
  return exactErrors(unet, folder, { train, targets, weights }, model.set.layout, batch.batch, batch.text);
}

export interface Stepped {
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

/** A step of two players that differ. The loss is linear, so that no seed hides behind a saturated one. */
export const unlikeStep = (bench: Bench): Promise<Stepped> =>
  bench.step(bench.player("policy"), bench.player("opponent"), "correlation", 2000);

export const errorsOf = ({ outcomes }: Stepped): number[] =>
  outcomes.flatMap(({ Lw, Ll, Lw0, Ll0 }) => [Lw, Ll, Lw0, Ll0]);

/** How many of the numbers of two steps differ in a bit. */
export function differentBits(a: Stepped, b: Stepped): number {
  const bits = (step: Stepped) => [...step.gradient, ...errorsOf(step)];
  const again = bits(b);
  return bits(a).filter((v, i) => !Object.is(v, again[i])).length;
}

/** The largest distance of a pair's logit from that in float64, of two unlike players at `NOISE_BETA`. */
export async function logitNoise(bench: Bench, exact: ExactErrors): Promise<number> {
  const [policy, opponent] = [bench.player("policy"), bench.player("opponent")];
  const { outcomes } = await bench.step(policy, opponent, "logistic", NOISE_BETA);
  const [ours, theirs] = [exact(policy), exact(opponent)];
  const margin = (errors: Float64Array, b: number) => (errors[b] as number) - (errors[PAIRS + b] as number);
  const away = outcomes.map(({ inside }, b) =>
    Math.abs(inside + 0.5 * NOISE_BETA * (margin(ours, b) - margin(theirs, b))),
  );
  return Math.max(...away);
}
