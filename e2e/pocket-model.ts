/** @file A pocket folder's Model on the node backend, for the scripts that draw and measure with it. */
import { openModelFolder } from "../src/cli/model-files.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { loadModel, type Model, makeArtifacts } from "../src/studio/model.ts";

export interface PocketModel {
  readonly model: Model;
  /** the denoiser's base weights */
  readonly base: { readonly id: string };
  /** numbers in one picture's latents */
  readonly size: number;
  dispose(): Promise<void>;
}

/** Draws `batch` pictures at a time. */
export async function openPocket(folder: string, batch: number, threads = 1): Promise<PocketModel> {
  const opened = await openModelFolder(folder);
  const set = await makeArtifacts(opened, {
    samples: 2,
    drawSamples: 2 * batch,
    train: "full",
    rank: 1,
    targets: "attention",
    cut: "whole",
    weights: "float32",
  });
  const backend = nodeBackend({ threads });
  const model = await loadModel(backend, set, opened, () => new Float32Array());
  const base = { id: "base" };
  await model.denoiser.update(base, model.base);
  return {
    model,
    base,
    size: model.latents.reduce((a, b) => a * b),
    dispose: async () => {
      await model.dispose();
      await backend.dispose();
    },
  };
}

/** RGBA -> RGB */
export function rgbOf(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = rgba[4 * Math.floor(i / 3) + (i % 3)] as number;
  return rgb;
}

/** Through the autoencoder and back. */
export async function roundTrip(
  { model, size }: PocketModel,
  rgba: Uint8ClampedArray,
): Promise<Uint8Array<ArrayBuffer>> {
  return rgbOf(await model.decode((await model.encodeImage(rgba)).slice(0, size)));
}
