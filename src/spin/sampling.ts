/**
 * @file Pictures' latents from a Denoiser: a sampler with classifier-free guidance, one seed a picture.
 * Matches: diffusers StableDiffusionPipeline with a list of generators: latents = randn *
 * init_noise_sigma (1), batch [uncond..., cond...], guidance only where the scale is above 1.
 */
import { guide, twice } from "../diffusion/guidance.ts";
import { beginning, type Sampler } from "../diffusion/sampler.ts";
import { TorchGenerator } from "../diffusion/torch-generator.ts";
import { assert } from "../lib/errors.ts";
import type { Adapter, Denoiser, Text } from "./denoiser.ts";
import { rows } from "./pair.ts";

export interface SamplingOptions {
  readonly sampler: Sampler;
  /** [4, h, w] */
  readonly latents: readonly [number, number, number];
  /** Guidance; 1 or less means none, and then the negative prompt is not read. */
  readonly scale: number;
  /** One a picture, any integer. */
  readonly seeds: readonly (number | bigint)[];
  /** counts runs of the network */
  readonly onProgress?: (done: number, of: number) => void;
  readonly stop?: AbortSignal;
}

/**
 * x_0, scaled latents [N, 4, h, w], for the prompts' hidden states [N, tokens, width] and the negative prompt's
 * [tokens, width].
 */
export async function sample(
  net: Pick<Denoiser, "predict">,
  adapter: Adapter,
  prompts: Text,
  negative: Float32Array,
  options: SamplingOptions,
): Promise<Float32Array> {
  const { sampler, latents, scale, seeds } = options;
  const [count, tokens, width] = prompts.shape;
  assert(seeds.length === count, `${count} prompts and ${seeds.length} seeds`);
  const guided = scale > 1;
  const n = guided ? 2 * count : count;
  const uncond = Array.from({ length: count }, () => negative);
  const text: Text = guided ? { shape: [n, tokens, width], hidden: rows([rows(uncond), prompts.hidden]) } : prompts;
  let x = initialNoise(seeds, latents);
  let state = beginning;
  const unread = new Float32Array(0);
  for (const [i, t] of sampler.timesteps.entries()) {
    options.stop?.throwIfAborted();
    const batch = {
      shape: [n, ...latents],
      xt: guided ? twice(x) : x,
      t: Array.from({ length: n }, () => t),
      target: unread,
    } as const;
    const output = await net.predict(adapter, batch, text);
    ({ x, state } = sampler.step(guided ? guide(output, scale) : output, x, state));
    options.onProgress?.(i + 1, sampler.timesteps.length);
  }
  return x;
}

/** randn([1, 4, h, w]) of each seed's own torch.Generator('cpu'), as [N, 4, h, w]. */
export function initialNoise(
  seeds: readonly (number | bigint)[],
  latents: readonly [number, number, number],
): Float32Array {
  const size = latents.reduce((a, b) => a * b);
  return rows(seeds.map((seed) => new TorchGenerator(seed).randn(size)));
}
