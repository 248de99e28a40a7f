/** @file One picture from a prompt, a model folder and perhaps an adapter: text, sampling with guidance, VAE. */
import type { SamplerName } from "../diffusion/samplers.ts";
import { required, StudioError } from "../lib/errors.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import type { Backend } from "../runtime/backend.ts";
import { sample } from "../spin/sampling.ts";
import { initialLora } from "./initial-lora.ts";
import { loadNetwork, loraVector, type NetworkChoices, type Player, targetsOf } from "./player.ts";

export interface GenerateOptions extends Pick<NetworkChoices, "cut" | "weights" | "vaeTile"> {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly steps: number;
  /** the model's own where null */
  readonly sampler: SamplerName | null;
  /** 1 or less means none */
  readonly guidance: number;
  /** side in pixels; the model's own where null */
  readonly resolution: number | null;
  readonly onProgress: (done: number, of: number) => void;
}

export interface Generated {
  readonly sampler: SamplerName;
  /** [4, h, w], scaled: what diffusers gives for `output_type="latent"` */
  readonly latents: Float32Array;
  readonly shape: readonly [number, number, number];
  readonly side: number;
  /** RGBA */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** Without an adapter something must stand for the trainable part: the smallest LoRA, which adds zero. */
const still = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";

export async function generate(
  backend: Backend,
  { folder, lora }: Player,
  options: GenerateOptions,
): Promise<Generated> {
  const model = await loadNetwork(backend, folder, {
    shape: shapeOf(folder, options.resolution),
    samples: options.guidance > 1 ? 2 : 1,
    train: "lora",
    targets: lora ? targetsOf(lora) : (module) => (module === still ? { rank: 1, alpha: 1 } : null),
    initial: initialLora(0),
    cut: options.cut,
    weights: options.weights,
    vaeTile: options.vaeTile ?? null,
  });
  try {
    const name = options.sampler ?? model.scheduler.sampler;
    const sampler = model.sampler(name, options.steps);
    const adapter = { id: "picture" };
    const vector = lora ? loraVector(model.set.layout, lora, "The adapter") : model.base;
    await model.denoiser.update(adapter, vector);
    const text = await model.encodeTexts([options.prompt]);
    const negative = await model.encodeText(options.negativePrompt);
    const latents = await sample(model.denoiser, adapter, text, negative, {
      sampler,
      latents: model.latents,
      scale: options.guidance,
      seeds: [options.seed],
      onProgress: options.onProgress,
    });
    return { sampler: name, latents, shape: model.latents, side: model.side, rgba: await model.decode(latents) };
  } finally {
    await model.dispose();
  }
}

function shapeOf(
  { configs, tensors, tokenizer }: Player["folder"],
  resolution: number | null,
): NetworkChoices["shape"] {
  const unet = readUNetConfig(required(configs.unet, "the UNet's configuration"));
  const vae = readVaeConfig(required(configs.vae, "the VAE's configuration"));
  const text = readTextConfig(required(configs.text_encoder, "the text encoder's configuration"));
  const refuse = (sentence: string): never => {
    throw new StudioError("model", `${sentence}.`);
  };
  if (!tokenizer) refuse("The model folder has no tokenizer, and tokenizer/vocab.json and merges.txt were expected");
  const table = "text_model.embeddings.token_embedding.weight";
  if (!tensors.text_encoder?.has(table)) refuse(`The text encoder has no "${table}", which its configuration asks for`);
  if (text.hidden_size !== unet.cross_attention_dim)
    refuse(`The text encoder is ${text.hidden_size} wide, and the UNet expects ${unet.cross_attention_dim}`);
  if (vae.latent_channels !== unet.in_channels)
    refuse(`The VAE's latents have ${vae.latent_channels} channels, and the UNet expects ${unet.in_channels}`);
  const factor = 2 ** (vae.block_out_channels.length - 1);
  const side = resolution ?? unet.sample_size * factor;
  if (side % factor !== 0)
    throw new StudioError("resolution", `The resolution is ${side}, and a multiple of ${factor} was expected.`);
  return {
    latents: [unet.in_channels, side / factor, side / factor],
    text: [text.max_position_embeddings, text.hidden_size],
  };
}
