/** @file The batch of one step as it stands in a safetensors file: latents, timesteps, noise and text under the names of diffusers' loops. */
import type { FileTensor } from "../artifacts/safetensors.ts";
import { toFloat32 } from "../artifacts/safetensors.ts";
import { StudioError } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { UNetConfig } from "../models/config.ts";
import type { SampleShape } from "../spin/pair.ts";

/** One picture at its noise level, without the text. */
export interface StepArm {
  readonly x0: Float32Array;
  readonly t: number;
  readonly eps: Float32Array;
  /** what to predict, where the file says it */
  readonly target?: Float32Array;
  /** (C.5): x'_t as it was met on the opponent's trajectory, where the file says it; x0 and eps are not read then */
  readonly xt?: Float32Array;
}

export interface StepPair {
  readonly winner: StepArm;
  /** null where the file has neither x0_opponent nor xt_opponent */
  readonly loser: StepArm | null;
  /** [tokens, width] */
  readonly text: Float32Array;
}

export interface StepBatch {
  readonly shape: SampleShape;
  readonly pairs: readonly StepPair[];
}

const known = [
  "x0",
  "x0_opponent",
  "xt_opponent",
  "timesteps",
  "noise",
  "encoder_hidden_states",
  "noise_opponent",
  "timesteps_opponent",
  "target_opponent",
];

/** What of the model a batch must fit. */
export interface BatchModel {
  readonly unet: Pick<UNetConfig, "in_channels" | "cross_attention_dim">;
  /** the length of the noise schedule */
  readonly timesteps: number;
}

type Tensors = ReadonlyMap<string, FileTensor>;

/** @throws StudioError `batch` naming the tensor and what was expected. */
export function readStepBatch(tensors: Tensors, model: BatchModel): StepBatch {
  const file = new BatchFile(tensors, model, known);
  const { shape } = file.find("x0");
  const [count = 0, channels, height, width] = shape;
  if (shape.length !== 4 || channels !== model.unet.in_channels || sizeOf(shape) === 0)
    refuseBatch(`has "x0" as [${shape.join(",")}], and [B,${model.unet.in_channels},h,w] was expected`);
  const { text, hidden } = file.text(count);
  const floats = (name: string) => file.floats(name, shape);
  const optional = <T>(name: string, read: (name: string) => T[]): T[] | null => (file.has(name) ? read(name) : null);

  const x0 = floats("x0");
  const t = file.times("timesteps", count);
  const eps = floats("noise");
  const xtPrime = optional("xt_opponent", floats);
  const x0Prime = optional("x0_opponent", floats) ?? (xtPrime && x0);
  const tPrime = optional("timesteps_opponent", (name) => file.times(name, count)) ?? t;
  const epsPrime = optional("noise_opponent", floats) ?? eps;
  const target = optional("target_opponent", floats);
  const at = <T>(values: readonly T[], b: number): T => values[b] as T;
  return {
    shape: { latents: [channels as number, height as number, width as number], text },
    pairs: x0.map((winner, b) => ({
      winner: { x0: winner, t: at(t, b), eps: at(eps, b) },
      loser: x0Prime && {
        x0: at(x0Prime, b),
        t: at(tPrime, b),
        eps: at(epsPrime, b),
        ...(target && { target: at(target, b) }),
        ...(xtPrime && { xt: at(xtPrime, b) }),
      },
      text: at(hidden, b),
    })),
  };
}

export function refuseBatch(sentence: string): never {
  throw new StudioError("batch", `The batch ${sentence}.`);
}

/** The tensors of a batch's file, each checked as it is read. */
export class BatchFile {
  readonly #tensors: Tensors;
  readonly #model: BatchModel;

  constructor(tensors: Tensors, model: BatchModel, names: readonly string[]) {
    this.#tensors = tensors;
    this.#model = model;
    const stranger = [...tensors.keys()].find((name) => !names.includes(name));
    if (stranger !== undefined) refuseBatch(`holds "${stranger}", and only ${names.join(", ")} were expected`);
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  find(name: string): FileTensor {
    return this.#tensors.get(name) ?? refuseBatch(`has no "${name}"`);
  }

  /** [B, ...] as B arrays. */
  floats(name: string, expected: readonly number[]): Float32Array[] {
    const tensor = this.find(name);
    if (tensor.shape.join() !== expected.join())
      refuseBatch(`has "${name}" as [${tensor.shape.join(",")}], and [${expected.join(",")}] was expected`);
    if (tensor.dtype !== "F32" && tensor.dtype !== "F16")
      refuseBatch(`stores "${name}" as ${tensor.dtype}, and numbers with a fraction were expected`);
    const data = toFloat32(tensor);
    if (!data.every(Number.isFinite)) refuseBatch(`has a number in "${name}" that is not finite`);
    const size = sizeOf(expected.slice(1));
    return Array.from({ length: expected[0] as number }, (_, b) => data.subarray(b * size, (b + 1) * size));
  }

  times(name: string, count: number): number[] {
    const tensor = this.find(name);
    if (tensor.dtype !== "I64" && tensor.dtype !== "I32")
      refuseBatch(`stores "${name}" as ${tensor.dtype}, and I64 or I32 was expected`);
    if (tensor.shape.join() !== String(count))
      refuseBatch(`has "${name}" as [${tensor.shape.join(",")}], and [${count}] was expected`);
    const values = Array.from(tensor.data, Number);
    const { timesteps } = this.#model;
    const wrong = values.find((t) => t < 0 || t >= timesteps);
    if (wrong !== undefined) refuseBatch(`has ${wrong} in "${name}", and 0 to ${timesteps - 1} was expected`);
    return values;
  }

  /** encoder_hidden_states of `count` rows. */
  text(count: number): { readonly text: readonly [number, number]; readonly hidden: readonly Float32Array[] } {
    const { cross_attention_dim: width } = this.#model.unet;
    const { shape } = this.find("encoder_hidden_states");
    const [, tokens = 0] = shape;
    if (shape.length !== 3 || shape[0] !== count || shape[2] !== width || tokens === 0)
      refuseBatch(`has "encoder_hidden_states" as [${shape.join(",")}], and [${count},T,${width}] was expected`);
    return { text: [tokens, width], hidden: this.floats("encoder_hidden_states", shape) };
  }
}
