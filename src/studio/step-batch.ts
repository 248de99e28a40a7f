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
}

export interface StepPair {
  readonly winner: StepArm;
  /** null where the file has no x0_opponent */
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
  "timesteps",
  "noise",
  "encoder_hidden_states",
  "noise_opponent",
  "timesteps_opponent",
  "target_opponent",
];

function refuse(sentence: string): never {
  throw new StudioError("batch", `The batch ${sentence}.`);
}

/** @throws StudioError `batch` naming the tensor and what was expected. `timesteps` is the length of the noise schedule. */
export function readStepBatch(
  tensors: ReadonlyMap<string, FileTensor>,
  unet: Pick<UNetConfig, "in_channels" | "cross_attention_dim">,
  timesteps: number,
): StepBatch {
  const stranger = [...tensors.keys()].find((name) => !known.includes(name));
  if (stranger !== undefined) refuse(`holds "${stranger}", and only ${known.join(", ")} were expected`);
  const find = (name: string): FileTensor => tensors.get(name) ?? refuse(`has no "${name}"`);

  const { shape } = find("x0");
  const [count = 0, channels, height, width] = shape;
  if (shape.length !== 4 || channels !== unet.in_channels || sizeOf(shape) === 0)
    refuse(`has "x0" as [${shape.join(",")}], and [B,${unet.in_channels},h,w] was expected`);
  const text = find("encoder_hidden_states").shape;
  const [, tokens = 0] = text;
  if (text.length !== 3 || text[0] !== count || text[2] !== unet.cross_attention_dim || tokens === 0)
    refuse(
      `has "encoder_hidden_states" as [${text.join(",")}], and [${count},T,${unet.cross_attention_dim}] was expected`,
    );

  const floats = (name: string, expected: readonly number[]): Float32Array[] => {
    const tensor = find(name);
    if (tensor.shape.join() !== expected.join())
      refuse(`has "${name}" as [${tensor.shape.join(",")}], and [${expected.join(",")}] was expected`);
    if (tensor.dtype !== "F32" && tensor.dtype !== "F16")
      refuse(`stores "${name}" as ${tensor.dtype}, and numbers with a fraction were expected`);
    const data = toFloat32(tensor);
    if (!data.every(Number.isFinite)) refuse(`has a number in "${name}" that is not finite`);
    const size = sizeOf(expected.slice(1));
    return Array.from({ length: count }, (_, b) => data.subarray(b * size, (b + 1) * size));
  };
  const times = (name: string): number[] => {
    const tensor = find(name);
    if (tensor.dtype !== "I64" && tensor.dtype !== "I32")
      refuse(`stores "${name}" as ${tensor.dtype}, and I64 or I32 was expected`);
    if (tensor.shape.join() !== String(count))
      refuse(`has "${name}" as [${tensor.shape.join(",")}], and [${count}] was expected`);
    const values = Array.from(tensor.data, Number);
    const wrong = values.find((t) => t < 0 || t >= timesteps);
    if (wrong !== undefined) refuse(`has ${wrong} in "${name}", and 0 to ${timesteps - 1} was expected`);
    return values;
  };
  const optional = <T>(name: string, read: () => T[], otherwise: T[]): T[] => (tensors.has(name) ? read() : otherwise);

  const x0 = floats("x0", shape);
  const t = times("timesteps");
  const eps = floats("noise", shape);
  const hidden = floats("encoder_hidden_states", text);
  const x0Prime = tensors.has("x0_opponent") ? floats("x0_opponent", shape) : null;
  const tPrime = optional("timesteps_opponent", () => times("timesteps_opponent"), t);
  const epsPrime = optional("noise_opponent", () => floats("noise_opponent", shape), eps);
  const target = tensors.has("target_opponent") ? floats("target_opponent", shape) : null;
  const at = <T>(values: readonly T[], b: number): T => values[b] as T;
  return {
    shape: {
      latents: [channels as number, height as number, width as number],
      text: [tokens, unet.cross_attention_dim],
    },
    pairs: x0.map((winner, b) => ({
      winner: { x0: winner, t: at(t, b), eps: at(eps, b) },
      loser: x0Prime && {
        x0: at(x0Prime, b),
        t: at(tPrime, b),
        eps: at(epsPrime, b),
        ...(target && { target: at(target, b) }),
      },
      text: at(hidden, b),
    })),
  };
}
