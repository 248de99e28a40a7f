/** @file Pictures from prompts: text, sampling with guidance, VAE. A few at a time, as many as the plan has rows for. */
import type { SamplerName } from "../diffusion/samplers.ts";
import { sample } from "../spin/sampling.ts";
import type { Adapter } from "../spin/denoiser.ts";
import type { Picture } from "./api.ts";
import type { Model } from "./model.ts";

export interface DrawOptions {
  readonly prompts: readonly string[];
  readonly negativePrompt: string;
  /** one a prompt */
  readonly seeds: readonly number[];
  readonly steps: number;
  /** DDIM where none is named: the paper's */
  readonly sampler?: SamplerName;
  readonly guidance: number;
}

/** Scaled latents [N, 4, h, w], before the VAE. */
export async function drawLatents(
  model: Model,
  adapter: Adapter,
  options: DrawOptions,
  stop?: AbortSignal,
): Promise<Float32Array> {
  const text = await model.encodeTexts(options.prompts, adapter);
  const negative = await model.encodeText(options.negativePrompt, adapter);
  return sample(model.denoiser.artist, adapter, text, negative, {
    sampler: model.sampler(options.sampler ?? "ddim", options.steps),
    latents: model.latents,
    scale: options.guidance,
    seeds: options.seeds,
    ...(stop ? { stop } : {}),
  });
}

/** Pictures that are drawn at once. */
export function drawBatch(model: Model, guidance: number): number {
  return Math.max(1, Math.floor(model.choices.drawSamples / (guidance > 1 ? 2 : 1)));
}

/** Pictures in the order of the prompts, each as soon as its batch is done. */
export async function* draw(
  model: Model,
  adapter: Adapter,
  options: DrawOptions,
  stop?: AbortSignal,
): AsyncGenerator<Picture, void, void> {
  const most = drawBatch(model, options.guidance);
  const size = model.latents.reduce((a, b) => a * b);
  for (let start = 0; start < options.prompts.length; start += most) {
    const prompts = options.prompts.slice(start, start + most);
    const seeds = options.seeds.slice(start, start + most);
    const latents = await drawLatents(model, adapter, { ...options, prompts, seeds }, stop);
    for (const [i, prompt] of prompts.entries()) {
      const rgba = await model.decode(latents.subarray(i * size, (i + 1) * size));
      yield { prompt, seed: seeds[i] as number, side: model.side, rgba };
    }
  }
}
