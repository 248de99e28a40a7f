/**
 * @file The opponent's own way down, kept for (C.5) and the exact objective: unguided DDIM with sigma_t >= 0, x'_t of every step and the
 * output that leads on from it. Kept in parts, so that no more than one part is in memory at a time.
 */
import { type DdimProcess, ddimMean, ddimProcess, type Landed, shifted } from "../diffusion/ddim-process.ts";
import { TorchGenerator } from "../diffusion/torch-generator.ts";
import { required, StudioError } from "../lib/errors.ts";
import type { Adapter, Text } from "../spin/denoiser.ts";
import type { OpponentTrajectory } from "../spin/gradient.ts";
import { rows } from "../spin/pair.ts";
import type { Picture, SpinSettings } from "./api.ts";
import type { Model } from "./model.ts";

/** Where trajectories lie: part 0, 1, ... of a pair's. */
export interface TrajectoryKeeper {
  trajectory(iteration: number, pair: string, part: number): Promise<Float32Array | null>;
  keepTrajectory(iteration: number, pair: string, part: number, data: Float32Array): Promise<void>;
}

/** The process of the settings, or null where losers are noised forward. */
export function processOf(
  model: Pick<Model, "scheduler" | "noise">,
  settings: Pick<SpinSettings, "loser" | "eta" | "opponentSteps">,
): DdimProcess | null {
  const { loser = "forward", eta = 0, opponentSteps: steps } = settings;
  if (loser === "forward") return null;
  const process = ddimProcess({ ...model.scheduler, schedule: model.noise, steps }, loser === "exact" ? eta : 0);
  const largest = process.timesteps[0] ?? 0;
  if (largest < model.noise.alphasCumprod.length) return process;
  throw new StudioError("settings", `${steps} steps of DDIM begin at t = ${largest}, which the model does not know.`);
}

const PART_BYTES = 4 * 2 ** 20;

/** Steps of a part: as many as 4 MB hold, at least one. */
const stepsOfPart = (size: number): number => Math.max(1, Math.floor(PART_BYTES / (2 * size * 4)));

/** A part holds [x'_t | output] of its steps, one after the other. */
export function keptTrajectory(
  keeper: TrajectoryKeeper,
  iteration: number,
  pair: string,
  { timesteps }: DdimProcess,
  size: number,
): OpponentTrajectory {
  const most = stepsOfPart(size);
  let [known, part]: [number, Promise<Float32Array> | null] = [-1, null];
  const read = async (index: number): Promise<Float32Array> => {
    const data = await keeper.trajectory(iteration, pair, index);
    const expected = 2 * size * Math.min(most, timesteps.length - index * most);
    if (data?.length === expected) return data;
    throw new StudioError(
      "trajectory",
      `The opponent's trajectory of a pair is ${data ? "damaged" : "not there any more"}.`,
      "Start this iteration again in a new node or folder.",
    );
  };
  return {
    at: async (i): Promise<Landed> => {
      const index = Math.floor(i / most);
      if (index !== known || !part) [known, part] = [index, read(index)];
      const data = await part;
      const from = 2 * size * (i - index * most);
      return {
        t: required(timesteps[i], `step ${i}`),
        xt: data.subarray(from, from + size),
        target: data.subarray(from + size, from + 2 * size),
      };
    },
  };
}

interface Walker {
  readonly pair: string;
  readonly caption: string;
  readonly seed: number;
}

/** Walks all down and keeps every step; yields x'_0 as a picture, in order, when its trajectory is kept. */
export async function* drawTrajectories(
  model: Model,
  adapter: Adapter,
  process: DdimProcess,
  walkers: readonly Walker[],
  keep: (pair: string, part: number, data: Float32Array) => Promise<void>,
  stop: AbortSignal,
): AsyncGenerator<Picture, void, void> {
  const most = Math.max(1, model.choices.drawSamples);
  const size = model.latents.reduce((a, b) => a * b);
  for (let start = 0; start < walkers.length; start += most) {
    const some = walkers.slice(start, start + most);
    const x0 = await walkDown(model, adapter, process, some, keep, stop);
    for (const [i, { caption, seed }] of some.entries()) {
      const rgba = await model.decode(x0.subarray(i * size, (i + 1) * size));
      yield { prompt: caption, seed, side: model.side, rgba };
    }
  }
}

/** x'_0 of each. Noise is as diffusers' DDIM draws it with one generator a picture: x'_T first, then z of every step. */
async function walkDown(
  model: Model,
  adapter: Adapter,
  { timesteps, at }: DdimProcess,
  walkers: readonly Walker[],
  keep: (pair: string, part: number, data: Float32Array) => Promise<void>,
  stop: AbortSignal,
): Promise<Float32Array> {
  const [type, size] = [model.noise.predictionType, model.latents.reduce((a, b) => a * b)];
  const generators = walkers.map(({ seed }) => new TorchGenerator(seed));
  const randn = () => rows(generators.map((generator) => generator.randn(size)));
  const text: Text = await model.encodeTexts(
    walkers.map(({ caption }) => caption),
    adapter,
  );
  const gathered = walkers.map((): Float32Array[] => []);
  const most = stepsOfPart(size);
  let x = randn();
  for (const [i, t] of timesteps.entries()) {
    stop.throwIfAborted();
    const step = at(t);
    const batch = { shape: [walkers.length, ...model.latents], xt: x, t: walkers.map(() => t), target: x } as const;
    const output = await model.denoiser.predict(adapter, batch, text);
    const z = step.sigma > 0 ? randn() : null;
    const target = z ? shifted(step, type, output, z) : output;
    for (const [n, { pair }] of walkers.entries()) {
      const row = (data: Float32Array) => data.subarray(n * size, (n + 1) * size);
      const own = required(gathered[n], "a walker's steps");
      own.push(row(x), row(target));
      if (own.length < 2 * most && i < timesteps.length - 1) continue;
      await keep(pair, Math.floor(i / most), rows(own.splice(0)));
    }
    const mean = ddimMean(step, type, output, x);
    x = z ? mean.map((value, k) => value + step.sigma * (z[k] as number)) : mean;
  }
  return x;
}
