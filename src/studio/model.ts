/** @file A model at work: configurations and weights -> plans on a backend, behind the interfaces that the use cases need. */
import type { ArtifactChoices, ArtifactSet } from "../artifacts/artifact-set.ts";
import { buildArtifactSet } from "../artifacts/artifact-set.ts";
import { partsOfWeights, type StateInParts } from "../artifacts/checkpoint-parts.ts";
import type { Component, ModelFolder, ModelTensor } from "../artifacts/model-folder.ts";
import type { Tokenizer } from "../artifacts/tokenizer.ts";
import { createTokenizer } from "../artifacts/tokenizer.ts";
import { type NoiseSchedule, noiseSchedule } from "../diffusion/noise-schedule.ts";
import type { Sampler } from "../diffusion/sampler.ts";
import { prepare, type SamplerName } from "../diffusion/samplers.ts";
import { readSchedulerConfig, type SchedulerConfig } from "../diffusion/scheduler-config.ts";
import { assert, required, StudioError } from "../lib/errors.ts";
import { fromFloat16Array } from "../lib/float16.ts";
import type { TensorData } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { TextConfig, UNetConfig, VaeConfig } from "../models/config.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import { compile } from "../plan/compile.ts";
import { loraTargets } from "../plan/targets.ts";
import type { PlanSet } from "../plan/types.ts";
import type { Backend } from "../runtime/backend.ts";
import { Executor } from "../runtime/executor.ts";
import type { FrozenWeights } from "../runtime/frozen-weights.ts";
import { adamWDefaults } from "../spin/adamw.ts";
import type { Adapter, Text } from "../spin/denoiser.ts";
import type { OptimizerOptions } from "../spin/optimizer.ts";
import { parameterCount } from "./cut.ts";
import { PlanDenoiser } from "./denoiser.ts";
import { DeviceOptimizer } from "./device-optimizer.ts";
import type { Sides } from "./model-api.ts";
import { toPixels, toRgba } from "./pictures.ts";
import { PlanVae } from "./plan-vae.ts";
import { isLarge } from "./size.ts";
import type { Trainable } from "./trained.ts";

export interface ModelChoices {
  /** picture side in pixels; the model's own by default */
  readonly resolution?: number;
  readonly samples: number;
  readonly drawSamples: number;
  readonly train: "full" | "lora";
  readonly rank: number;
  readonly alpha?: number;
  readonly targets: string;
  readonly cut: "whole" | "stage" | "block";
  readonly weights: "float32" | "float16";
  /** arithmetic of pictures; float32 by default */
  readonly drawing?: "float32" | "float16";
  /** where AdamW runs; by default on the host, and for the whole of a large model on the device */
  readonly optimizer?: "device";
  /** latents along the side of a tile of the VAE, a multiple of 4; pictures whole by default */
  readonly vaeTile?: number | null;
}

/** The side of a model's own pictures, in pixels. */
export function resolutionOf({ unet, vae }: ModelFolder["configs"]): number {
  return readUNetConfig(required(unet, "the UNet's configuration")).sample_size * factorOf(vae);
}

/** Pixels along a latent's side; SD's own where the VAE is not told. */
export const factorOf = (vae: ModelFolder["configs"]["vae"]): number =>
  vae ? 2 ** (readVaeConfig(vae).block_out_channels.length - 1) : 8;

/** Latents along the largest side, where it is not the model's own. */
const MOST_LATENTS = 128;

/** From one latent at the innermost level of the UNet to twice the pictures of SD. */
export function sidesOf({ unet, vae }: ModelFolder["configs"]): Sides {
  const { block_out_channels, sample_size } = readUNetConfig(required(unet, "the UNet's configuration"));
  const step = factorOf(vae);
  const least = 2 ** (block_out_channels.length - 1);
  return { least: step * Math.min(least, sample_size), most: step * Math.max(MOST_LATENTS, sample_size), step };
}

/** The artifact set for a model folder's configurations. @throws StudioError `config` for what is not SD 1.x-shaped. */
export async function makeArtifacts(
  folder: Pick<ModelFolder, "configs">,
  choices: ModelChoices,
): Promise<Awaited<ReturnType<typeof buildArtifactSet>>> {
  const unet = readUNetConfig(required(folder.configs.unet, "the UNet's configuration"));
  const vae = folder.configs.vae ? readVaeConfig(folder.configs.vae) : undefined;
  const text = folder.configs.text_encoder ? readTextConfig(folder.configs.text_encoder) : undefined;
  const factor = factorOf(folder.configs.vae);
  const resolution = choices.resolution ?? resolutionOf(folder.configs);
  if (resolution < factor || resolution % factor !== 0) {
    throw new StudioError("resolution", `The resolution is ${resolution}, expected a multiple of ${factor}.`);
  }
  const vaeTile = choices.vaeTile ?? null;
  const large = isLarge(parameterCount(unet));
  const onDevice = choices.train === "full" && (choices.optimizer === "device" || large);
  const [height, width] = [resolution / factor, resolution / factor];
  const tokens = text?.max_position_embeddings ?? 77;
  const alpha = choices.alpha ?? choices.rank;
  const full: ArtifactChoices = {
    configs: folder.configs,
    height,
    width,
    samples: choices.samples,
    drawSamples: choices.drawSamples,
    tokens,
    train: choices.train,
    rank: choices.rank,
    alpha,
    targets: choices.targets,
    // a gradient is an accumulator a group, and one of all of a large model passes every buffer
    cut: onDevice && large ? "block" : choices.cut,
    weights: choices.weights,
    ...(choices.drawing ? { drawing: choices.drawing } : {}),
    ...(onDevice ? { optimizer: "device" } : {}),
    ...(vaeTile === null ? {} : { vaeTile }),
  };
  const compiled = compile(
    { unet, ...(vae ? { vae } : {}), ...(text ? { text } : {}) },
    {
      ...full,
      training:
        choices.train === "full"
          ? { kind: "full", ...(onDevice ? { optimizer: adamWDefaults } : {}) }
          : { kind: "lora", targets: loraTargets(choices.targets, choices.rank, alpha) },
    },
  );
  if (compiled.set.layout.length === 0)
    throw new StudioError(
      "targets",
      `No module of this model is called "${choices.targets}", expected names such as to_q,to_k,to_v,to_out.0.`,
    );
  return buildArtifactSet(compiled, full);
}

interface TextUnder {
  readonly frozen: FrozenWeights;
  readonly texts: Map<string, Float32Array>;
}

interface TokenTable {
  readonly data: TensorData;
  readonly rows: number;
  readonly width: number;
}

export class Model {
  readonly set: PlanSet;
  readonly choices: ArtifactChoices;
  readonly unet: UNetConfig;
  readonly vae: VaeConfig | null;
  readonly text: TextConfig | null;
  readonly denoiser: PlanDenoiser;
  readonly scheduler: SchedulerConfig;
  readonly noise: NoiseSchedule;
  readonly tokenizer: Tokenizer | null;
  readonly backend: Backend;
  /** The trainable vector that changes nothing: the model's own weights, or a LoRA with B = 0. In parts it is `start` alone. */
  readonly base: Float32Array;
  readonly start: Trainable;
  readonly #executor: Executor;
  readonly #vae: PlanVae | null;
  readonly #table: TokenTable | null;
  readonly #texts = new Map<string, Float32Array>();
  /** by adapter: what it lies over, where that has a text encoder of its own */
  readonly #under = new Map<string, TextUnder>();

  constructor(parts: {
    set: ArtifactSet;
    backend: Backend;
    executor: Executor;
    scheduler: SchedulerConfig;
    start: Trainable;
    table: TokenTable | null;
    tokenizer: Tokenizer | null;
  }) {
    const { artifact } = parts.set;
    const { unet, vae, text_encoder } = artifact.choices.configs as ModelFolder["configs"];
    this.set = artifact.set;
    this.choices = artifact.choices;
    this.unet = readUNetConfig(required(unet, "the UNet's configuration"));
    this.vae = vae ? readVaeConfig(vae) : null;
    this.text = text_encoder ? readTextConfig(text_encoder) : null;
    this.scheduler = parts.scheduler;
    this.noise = noiseSchedule(this.scheduler);
    this.backend = parts.backend;
    this.start = parts.start;
    this.base = parts.start instanceof Float32Array ? parts.start : new Float32Array(0);
    this.tokenizer = parts.tokenizer;
    this.#executor = parts.executor;
    this.#vae = this.vae && new PlanVae(parts.executor, this.vae, this.choices);
    this.#table = parts.table;
    this.denoiser = new PlanDenoiser(parts.executor, artifact.set, this.unet);
  }

  /** [4, h, w] */
  get latents(): readonly [number, number, number] {
    return [this.unet.in_channels, this.choices.height, this.choices.width];
  }

  /** [tokens, width] of `encoder_hidden_states` */
  get textShape(): readonly [number, number] {
    return [this.choices.tokens, this.unet.cross_attention_dim];
  }

  /** picture side in pixels */
  get side(): number {
    return this.choices.height * 2 ** (required(this.vae, "the VAE").block_out_channels.length - 1);
  }

  /** @throws StudioError `bad-argument` for a number of steps that the schedule does not allow. */
  sampler(name: SamplerName, steps: number): Sampler {
    return prepare(name, { ...this.scheduler, schedule: this.noise, steps });
  }

  /** Another ground for an adapter than the network's own weights, perhaps with another text encoder. */
  layOver(adapter: Adapter, frozen: FrozenWeights): void {
    this.denoiser.layOver(adapter, frozen);
    const before = this.#under.get(adapter.id);
    if (before?.frozen === frozen) return;
    const own = Object.keys(this.set.tensors).some((name) => componentOf(name) === "text_encoder" && frozen.get(name));
    if (own) this.#under.set(adapter.id, { frozen, texts: new Map() });
    else this.#under.delete(adapter.id);
  }

  /** encoder_hidden_states of one prompt as the adapter's text encoder reads it, [tokens, width]; kept, for prompts come again. */
  async encodeText(prompt: string, adapter?: Adapter): Promise<Float32Array> {
    const texts = this.#under.get(adapter?.id ?? "")?.texts ?? this.#texts;
    const known = texts.get(prompt);
    if (known) return known;
    const hidden = await this.encodeTokens(required(this.tokenizer, "the tokenizer").encode(prompt).ids, adapter);
    texts.set(prompt, hidden);
    return hidden;
  }

  /** The same of a prompt's token ids, as many as the text encoder has positions. */
  async encodeTokens(ids: readonly number[], adapter?: Adapter): Promise<Float32Array> {
    const { data, rows, width } = required(this.#table, "the token table");
    assert(ids.length === this.choices.tokens, `${ids.length} tokens were given, ${this.choices.tokens} are needed`);
    const inputs_embeds = new Float32Array(ids.length * width);
    ids.forEach((id, i) => {
      if (id >= rows)
        throw new StudioError(
          "tokenizer",
          `The tokenizer gives token ${id}, and the text encoder's table has ${rows} rows.`,
        );
      const row = data.subarray(id * width, (id + 1) * width);
      inputs_embeds.set(row instanceof Uint16Array ? fromFloat16Array(row) : (row as Float32Array), i * width);
    });
    await this.#executor.run("encodeText", { inputs_embeds }, adapter?.id);
    return (await this.#executor.read("last_hidden_state")) as Float32Array;
  }

  async encodeTexts(prompts: readonly string[], adapter?: Adapter): Promise<Text> {
    const [tokens, width] = this.textShape;
    const hidden = new Float32Array(prompts.length * tokens * width);
    for (const [i, prompt] of prompts.entries()) hidden.set(await this.encodeText(prompt, adapter), i * tokens * width);
    return { shape: [prompts.length, tokens, width], hidden };
  }

  /** RGBA bytes -> VAE moments [8, h, w]. */
  encodeImage(rgba: Uint8ClampedArray | Uint8Array): Promise<Float32Array> {
    return this.encodePixels(toPixels(rgba, this.side));
  }

  /** [3, side, side] in -1..1 -> VAE moments [8, h, w]. */
  async encodePixels(pixels: Float32Array): Promise<Float32Array> {
    return required(this.#vae, "the VAE").encode(pixels);
  }

  /** One sample's scaled latents [4, h, w] -> RGBA bytes. */
  async decode(latents: Float32Array): Promise<Uint8ClampedArray<ArrayBuffer>> {
    const { scaling_factor } = required(this.vae, "the VAE");
    return toRgba(await this.decodePixels(latents.map((v) => v / scaling_factor)), this.side);
  }

  /** Latents as the VAE has them, not scaled -> [3, side, side], about -1..1. */
  async decodePixels(latents: Float32Array): Promise<Float32Array> {
    return required(this.#vae, "the VAE").decode(latents);
  }

  /** Where AdamW runs on the device: goes on from a state, whose weights become those of `theta`. */
  async optimizer(theta: Adapter, state: StateInParts, options: OptimizerOptions): Promise<DeviceOptimizer> {
    await this.denoiser.lay(theta, (group) => state.read("vector", group));
    return DeviceOptimizer.from(this.#executor, theta, state, options);
  }

  dispose(): Promise<void> {
    return this.#executor.dispose();
  }
}

/** PEFT's initialisation: A uniform in +-1 / sqrt(fan_in) (Kaiming with a = sqrt 5), B = 0. */
export type InitialLora = (name: string, shape: readonly number[]) => Float32Array;

/** What networks of one folder have in common on a device, held once: VAE, text encoder, token table. */
export interface Common {
  readonly frozen: FrozenWeights;
  table: TokenTable | null;
  tokenizer: Tokenizer | null;
}

export function componentOf(name: string): Component {
  if (name.startsWith("text_model.")) return "text_encoder";
  return /^(encoder|decoder|quant_conv|post_quant_conv)\./.test(name) ? "vae" : "unet";
}

/**
 * Uploads the weights and prepares the trainable vector; weights pass one at a time. With `common`, what is there already is not
 * read again, and the UNet's frozen weights are left out: each adapter is laid over its own.
 */
export async function loadModel(
  backend: Backend,
  set: ArtifactSet,
  folder: ModelFolder,
  initial: InitialLora,
  common?: Common,
): Promise<Model> {
  const plans = set.artifact.set;
  const scheduler = readSchedulerConfig((set.artifact.choices.configs as ModelFolder["configs"]).scheduler);
  const executor = new Executor(backend, plans, set.loadProgram, common?.frozen);
  const find = (name: string): ModelTensor => {
    const component = componentOf(name);
    const tensor = folder.tensors[component]?.get(name);
    if (!tensor) throw new StudioError("model", `The ${component} has no "${name}", which its configuration asks for.`);
    const expected = plans.tensors[name]?.shape;
    if (expected && expected.join() !== tensor.shape.join() && sizeOf(expected) !== sizeOf(tensor.shape)) {
      throw new StudioError(
        "model",
        `"${name}" has the shape [${tensor.shape.join(",")}], and the configuration asks for [${expected.join(",")}].`,
      );
    }
    return tensor;
  };
  for (const [name, spec] of Object.entries(plans.tensors)) {
    if (spec.kind !== "weight" || (common && (componentOf(name) === "unet" || common.frozen.get(name)))) continue;
    await executor.loadWeight(name, await find(name).read());
  }
  const lora = set.artifact.choices.train === "lora";
  const own = async (name: string): Promise<Float32Array> => asFloat32(await find(name).read());
  const flat = async (): Promise<Float32Array> => {
    const vector = new Float32Array(executor.length);
    for (const { name, shape, offset } of plans.layout)
      vector.set(lora ? initial(name, shape) : await own(name), offset);
    return vector;
  };
  const start = set.artifact.choices.optimizer === "device" ? partsOfWeights(plans.layout, own) : await flat();
  const table = common?.table ?? (await readTable(folder));
  if (common) common.table = table;
  const { tokenizer: files } = folder;
  const tokenizer =
    common?.tokenizer ?? (files && createTokenizer(files.vocab, files.merges, set.artifact.choices.tokens));
  if (common) common.tokenizer = tokenizer;
  return new Model({
    set,
    backend,
    executor,
    scheduler,
    start,
    table,
    tokenizer,
  });
}

async function readTable({ tensors }: ModelFolder): Promise<TokenTable | null> {
  const embedding = tensors.text_encoder?.get("text_model.embeddings.token_embedding.weight");
  if (!embedding) return null;
  const [rows, width] = embedding.shape as [number, number];
  return { data: await embedding.read(), rows, width };
}

export function asFloat32(data: TensorData): Float32Array {
  return data instanceof Uint16Array ? fromFloat16Array(data) : Float32Array.from(data as Float32Array);
}
