/** @file What a network trains, and where its training stands: flat vectors on the host, or parts of what is too large for that. */
import { groupsOf, keptPartsOf, type Layout, type Parts, type StateInParts } from "../artifacts/checkpoint-parts.ts";
import { assert, StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import { freshState, keptOf, type TrainState } from "../spin/adamw.ts";
import type { TrainOptions } from "../spin/algorithm1.ts";
import type { Adapter } from "../spin/denoiser.ts";
import { HostOptimizer, type Optimizer } from "../spin/optimizer.ts";
import type { Model } from "./model.ts";

export type Trainable = Float32Array | Parts;
export type Trained = TrainState | StateInParts;

export const isInVectors = (trained: Trained): trained is TrainState => "vector" in trained;

/** What an iteration that ends here leaves. */
export const keptBy = (trained: Trained): Trainable => (isInVectors(trained) ? keptOf(trained) : keptPartsOf(trained));

/** Of a LoRA, or of a network that is small. */
export function vectorOf(trainable: Trainable): Float32Array {
  assert(trainable instanceof Float32Array, "internal: what lies in parts is not flat");
  return trainable;
}

/** Of parts the hash of their hashes. */
export async function hashOf(trainable: Trainable, layout: Layout): Promise<string> {
  const hash = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  if (trainable instanceof Float32Array) return hash(trainable);
  const hashes: string[] = [];
  for (const group of groupsOf(layout)) hashes.push(await hash(await trainable(group)));
  return sha256(new TextEncoder().encode(hashes.join()));
}

/** At the start of an iteration. */
export function freshFrom(weights: Trainable, emaDecay: number | undefined): Trained {
  return weights instanceof Float32Array
    ? freshState(weights, emaDecay)
    : { step: 0, vectors: ["vector"], read: (_, group) => weights(group) };
}

export interface Training {
  readonly optimizer: Optimizer;
  /** where it stands, now and after each update */
  readonly state: Trained;
}

/** Goes on from a state. @throws StudioError `settings` for the safeguard where the gradient does not pass through the host. */
export async function trainingFrom(
  model: Model,
  theta: Adapter,
  from: Trained,
  options: TrainOptions,
): Promise<Training> {
  if (isInVectors(from)) return { optimizer: new HostOptimizer(model.denoiser, theta, from, options), state: from };
  if ((options.safeguard ?? 0) > 0)
    throw new StudioError(
      "settings",
      "The safeguard needs two gradients beside each other, and those of a model this large do not fit.",
      "Turn the safeguard off, or train a LoRA.",
    );
  const optimizer = await model.optimizer(theta, from, options);
  return { optimizer, state: optimizer };
}
