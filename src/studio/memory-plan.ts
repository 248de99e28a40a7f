/**
 * @file How a model is to run on a device: rows of a run, cut, precision and tiles of the VAE, chosen by the bytes that the compiled plans come to.
 * Nothing is loaded for it; a candidate takes a few seconds to compile.
 */
import type { BuiltSet } from "../artifacts/artifact-set.ts";
import type { ModelFolder } from "../artifacts/model-folder.ts";
import { StudioError } from "../lib/errors.ts";
import { predictedPeak } from "../plan/peak.ts";
import type { Float16 } from "../runtime/backend.ts";
import type { Trains } from "../storage/nodes.ts";
import { explainLimit } from "./limits.ts";
import { factorOf, makeArtifacts, type ModelChoices, resolutionOf } from "./model.ts";
import { isLarge } from "./size.ts";

/** All that is chosen for a model but how it is trained. */
export type RunChoices = Omit<ModelChoices, "train" | "rank" | "alpha">;

export interface MemoryPlan {
  readonly choices: RunChoices;
  /** on the device at the peak of a step, the model's weights included */
  readonly bytes: number;
  readonly built: BuiltSet;
}

/** Small models keep their activations, and pay for every run that their pairs are divided into. */
const small: readonly [RunChoices, ...RunChoices[]] = [
  { samples: 16, drawSamples: 8, targets: "attention", cut: "whole", weights: "float32" },
];

/** Of a large model's pictures, the numbers may be coarse; of its weights, only where the device cannot hold them in half. */
function rows(pairs: number, cut: RunChoices["cut"], float16: Float16): RunChoices {
  const run = { samples: 2 * pairs, drawSamples: 2, targets: "attention", cut } as const;
  if (float16 === "none") return { ...run, weights: "float32" };
  return { ...run, weights: "float16", ...(float16 === "computed" ? { drawing: "float16" } : {}) };
}

/** Latents along the side of a tile of the VAE: at this size it takes less than a step of the UNet. */
const VAE_TILE = 32;
const inTiles = (run: RunChoices): RunChoices => ({ ...run, vaeTile: VAE_TILE });

/** Latents along a picture's side from which a whole picture in SD's VAE passes the buffer that WebGPU guarantees, 256 MiB. */
const MOST_WHOLE = 64;

/**
 * Of a large model, from what needs least to what is fastest: more pairs a run, the VAE's pictures whole, then nothing computed twice.
 * `latents`: along a picture's side.
 */
function large(latents: number, float16: Float16): readonly [RunChoices, ...RunChoices[]] {
  const [one, two, four, kept] = [
    rows(1, "block", float16),
    rows(2, "block", float16),
    rows(4, "block", float16),
    rows(2, "whole", float16),
  ] as const;
  if (latents <= VAE_TILE) return [one, two, four, kept];
  if (latents <= MOST_WHOLE) return [inTiles(one), inTiles(two), two, four, kept];
  return [inTiles(one), inTiles(two), inTiles(four), inTiles(kept)];
}

/** The whole of a large model is trained a group at a time (model.ts), so there is no plan that keeps all activations. */
function inGroups([least, ...faster]: readonly [RunChoices, ...RunChoices[]]): readonly [RunChoices, ...RunChoices[]] {
  return [least, ...faster.filter(({ cut }) => cut !== "whole")];
}

export interface Wanted {
  /** picture side in pixels; null: the model's own */
  readonly resolution: number | null;
  /** bytes that a step may take on the device; null: as few as possible */
  readonly memory: number | null;
  /** what the device makes of it */
  readonly float16: Float16;
}

/**
 * The fastest plan that fits. `parameters`: of the UNet.
 * @throws StudioError `memory` where even the smallest does not, with what it needs; `limit`, `config`, `resolution` from the compiler.
 */
export async function planMemory(
  folder: Pick<ModelFolder, "configs">,
  parameters: number,
  trains: Trains,
  { resolution, memory, float16 }: Wanted,
): Promise<MemoryPlan> {
  const latents = (resolution ?? resolutionOf(folder.configs)) / factorOf(folder.configs.vae);
  const all = isLarge(parameters) ? large(latents, float16) : small;
  const [least, ...faster] = trains.train === "full" ? inGroups(all) : all;
  let best = await planOf(folder, trains, least, resolution);
  if (memory === null) return best;
  if (best.bytes > memory)
    throw new StudioError(
      "memory",
      `This needs ${gigabytes(best.bytes)} GB on the graphics card, and ${gigabytes(memory)} GB may be used.`,
      "Choose smaller pictures, or allow more memory.",
    );
  for (const choices of faster) {
    const plan = await planOf(folder, trains, choices, resolution);
    if (plan.bytes > memory) break;
    best = plan;
  }
  return best;
}

async function planOf(
  folder: Pick<ModelFolder, "configs">,
  trains: Trains,
  run: RunChoices,
  resolution: number | null,
): Promise<MemoryPlan> {
  const choices = resolution === null ? run : { ...run, resolution };
  const built = await explainLimit(() => makeArtifacts(folder, { ...choices, ...trains }));
  const { choices: made, set } = built.artifact;
  // besides policy and opponent, a node that is drawn: no small matter where each is gigabytes
  const drawn = made.optimizer === "device" ? set.bytes.trainable : 0;
  return { choices, bytes: predictedPeak(set.bytes) + drawn, built };
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
