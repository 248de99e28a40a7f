/** @file The batch of the exact objective (4.8) as it stands in a safetensors file: both trajectories, x_T first and x_0 last. */
import type { FileTensor } from "../artifacts/safetensors.ts";
import { ddimStep, type DdimStep, landing } from "../diffusion/ddim-process.ts";
import type { NoiseSchedule } from "../diffusion/noise-schedule.ts";
import { alphaAt, type SamplerOptions } from "../diffusion/sampler.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { Trajectories } from "../spin/exact.ts";
import { type PairBatch, rows, type SampleShape } from "../spin/pair.ts";
import { BatchFile, type BatchModel, refuseBatch } from "./step-batch.ts";

const known = ["trajectory", "trajectory_opponent", "timesteps", "encoder_hidden_states"];

/** x_T ... x_0 of one arm, [(T + 1), 4, h, w]. */
type Walk = Float32Array;

export interface TrajectoryPair {
  readonly winner: Walk;
  readonly loser: Walk;
  readonly text: Float32Array;
}

export interface TrajectoryBatch {
  readonly shape: SampleShape;
  /** t of x_T ... x_1, falling */
  readonly timesteps: readonly number[];
  readonly pairs: readonly TrajectoryPair[];
}

/** @throws StudioError `batch` naming the tensor and what was expected. */
export function readTrajectories(tensors: ReadonlyMap<string, FileTensor>, model: BatchModel): TrajectoryBatch {
  const file = new BatchFile(tensors, model, known);
  const { shape } = file.find("trajectory");
  const [count = 0, points = 0, channels, height, width] = shape;
  if (shape.length !== 5 || channels !== model.unet.in_channels || sizeOf(shape) === 0 || points < 2)
    refuseBatch(`has "trajectory" as [${shape.join(",")}], and [B,T+1,${model.unet.in_channels},h,w] was expected`);
  const timesteps = file.times("timesteps", points - 1);
  if (timesteps.some((t, i) => i > 0 && t >= (timesteps[i - 1] as number)))
    refuseBatch(`has timesteps ${timesteps.join(", ")}, and falling ones were expected`);
  const { text, hidden } = file.text(count);
  const winners = file.floats("trajectory", shape);
  const losers = file.floats("trajectory_opponent", shape);
  return {
    shape: { latents: [channels as number, height as number, width as number], text },
    timesteps,
    pairs: hidden.map((row, b) => ({
      winner: winners[b] as Float32Array,
      loser: losers[b] as Float32Array,
      text: row,
    })),
  };
}

/** The steps of DDIM between the file's timesteps; the last goes below t = 0. */
export function stepsBetween(
  timesteps: readonly number[],
  options: SamplerOptions,
  eta: number,
): ReadonlyMap<number, DdimStep> {
  return new Map(
    timesteps.map((t, i) => [t, ddimStep(t, alphaAt(options, t), alphaAt(options, timesteps[i + 1] ?? -1), eta)]),
  );
}

/** Pairs of the batch as the objective walks through them. */
export function walk(
  { shape, timesteps }: TrajectoryBatch,
  pairs: readonly TrajectoryPair[],
  { predictionType }: NoiseSchedule,
  steps: ReadonlyMap<number, DdimStep>,
): Trajectories {
  const size = sizeOf(shape.latents);
  const hidden = rows(pairs.map(({ text }) => text));
  const arm = (walks: readonly Walk[], i: number): PairBatch => {
    const t = timesteps[i] as number;
    const at = (k: number) => walks.map((x) => x.subarray(k * size, (k + 1) * size));
    const below = at(i + 1);
    const xt = at(i);
    const target = xt.map((x, b) => landing(steps.get(t) as DdimStep, predictionType, x, below[b] as Float32Array));
    return {
      batch: { shape: [pairs.length, ...shape.latents], xt: rows(xt), t: pairs.map(() => t), target: rows(target) },
      text: { shape: [pairs.length, ...shape.text], hidden },
    };
  };
  return {
    length: timesteps.length,
    at: async (i) => ({
      winner: arm(
        pairs.map(({ winner }) => winner),
        i,
      ),
      loser: arm(
        pairs.map(({ loser }) => loser),
        i,
      ),
    }),
  };
}
