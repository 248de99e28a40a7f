/**
 * @file Makes pocket, the built-in model, from nothing: the autoencoder, then text encoder and UNet on its latents.
 * Everything is a function of the settings; a run that was stopped goes on from its shelves.
 */
import { parseSafetensors, writeSafetensors } from "../artifacts/safetensors.ts";
import { required } from "../lib/errors.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import * as pocket from "../pocket/config.ts";
import { pretrainingSample } from "../pocket/pairs.ts";
import type { Backend } from "../runtime/backend.ts";
import {
  type AutoencoderSettings,
  autoencoderCourse,
  encodePictures,
  fidelity,
  foldScale,
  latentScale,
} from "./pretrain-autoencoder.ts";
import { type CaptionedSettings, captionedCourse, type Pool } from "./pretrain-captioned.ts";
import { follow, type LogLine, type Shelf } from "./pretrain-course.ts";
import type { Hand, HandOptions } from "./pretrain-hand.ts";
import { modelFolder } from "./pretrain-folder.ts";
import { type Weights, weightsOf } from "./pretrain-plans.ts";

export type Part = "autoencoder" | "captioned";

export interface PretrainSettings {
  readonly autoencoder: AutoencoderSettings;
  readonly captioned: CaptionedSettings;
  /** pictures whose latents are kept */
  readonly pool: number;
}

export const pretrainDefaults: PretrainSettings = {
  autoencoder: { seed: 0, cropSteps: 1500, wholeSteps: 600, muonRate: 2e-3, adamRate: 2e-3 },
  captioned: { seed: 0, steps: 14000, batch: 32, muonRate: 2e-3, adamRate: 1.2e-3, captionDropout: 0.1 },
  pool: 32_768,
};

export interface PretrainOptions {
  readonly backend: Backend;
  /** Who learns text encoder and UNet: hands that share each batch of so many rows. */
  readonly hands: (configs: Pick<HandOptions, "text" | "unet">, batch: number) => Promise<readonly Hand[]>;
  readonly shelf: (part: Part) => Shelf;
  readonly settings: PretrainSettings;
  readonly signal?: AbortSignal;
  readonly report?: (part: Part, line: LogLine) => void;
  /** The model as it is after a minute more of `captioned`, and at the end. */
  readonly snapshot?: (files: ReadonlyMap<string, Uint8Array | string>, step: number) => Promise<void>;
}

const vaeConfig = () => readVaeConfig(pocket.vae);
const WEIGHTS = "weights.safetensors";
const POOL = "pool.safetensors";

/** @throws StudioError `pretrain` where a shelf holds a run with other settings. */
export async function pretrain(options: PretrainOptions): Promise<ReadonlyMap<string, Uint8Array | string>> {
  const { backend, settings, shelf } = options;
  const autoencoder = await trainedAutoencoder(options);
  const pool = await encodedPool(backend, autoencoder, settings, shelf("captioned"));
  const configs = { text: readTextConfig(pocket.textEncoder), unet: readUNetConfig(pocket.unet) };
  const hands = await options.hands(configs, settings.captioned.batch);
  try {
    const course = await captionedCourse(hands, configs.text, configs.unet, pool, settings.captioned);
    const files = () => modelFolder(new Map([...autoencoder, ...course.weights()]));
    // A run that goes on may be given another length: the rate then falls towards the new end.
    const { steps: _, ...same } = settings.captioned;
    await follow(course, {
      shelf: shelf("captioned"),
      settings: { ...same, pool: settings.pool, hands: hands.length },
      ...(options.signal ? { signal: options.signal } : {}),
      report: (line) => options.report?.("captioned", line),
      saved: async () => options.snapshot?.(files(), course.step),
    });
    return files();
  } finally {
    for (const hand of hands) await hand.dispose();
  }
}

/** Trains the autoencoder, or takes the finished one from its shelf. */
export async function trainedAutoencoder(options: PretrainOptions): Promise<Weights> {
  const { backend, settings, signal, report } = options;
  const shelf = options.shelf("autoencoder");
  const finished = await shelf.read(WEIGHTS);
  if (finished) return decodeWeights(finished);
  const course = await autoencoderCourse(backend, vaeConfig(), settings.autoencoder);
  await follow(course, {
    shelf,
    settings: { ...settings.autoencoder },
    ...(signal ? { signal } : {}),
    report: (line) => report?.("autoencoder", line),
  });
  const weights = weightsOf(course.layout, course.vector);
  await course.dispose();
  const folded = foldScale(weights, await latentScale(backend, vaeConfig(), weights));
  await shelf.write("fidelity.json", `${JSON.stringify(await fidelity(backend, vaeConfig(), folded))}\n`);
  await shelf.write(WEIGHTS, encodeWeights(folded));
  return folded;
}

async function encodedPool(
  backend: Backend,
  autoencoder: Weights,
  { pool: count, captioned: { seed } }: PretrainSettings,
  shelf: Shelf,
): Promise<Pool> {
  const kept = await shelf.read(POOL);
  if (kept) {
    const { metadata, tensors } = parseSafetensors(kept);
    const { data } = required(tensors.get("moments"), "the pool's moments");
    return { moments: data as Float32Array, captions: JSON.parse(metadata.get("captions") ?? "[]") as string[] };
  }
  const captions: string[] = [];
  const moments = await encodePictures(backend, vaeConfig(), autoencoder, count, (i) => {
    const { caption, rgb } = pretrainingSample(i, seed);
    captions[i] = caption;
    return rgb;
  });
  const tensor = { dtype: "F32" as const, shape: [count, moments.length / count], data: moments };
  await shelf.write(POOL, writeSafetensors(new Map([["moments", tensor]]), { captions: JSON.stringify(captions) }));
  return { moments, captions };
}

function encodeWeights(weights: Weights): Uint8Array {
  return writeSafetensors(
    new Map([...weights].map(([name, { shape, data }]) => [name, { dtype: "F32" as const, shape, data }])),
  );
}

function decodeWeights(bytes: Uint8Array): Weights {
  return new Map(
    [...parseSafetensors(bytes).tensors].map(([name, { shape, data }]) => [
      name,
      { shape, data: data as Float32Array },
    ]),
  );
}
