/**
 * @file Opens a Stable Diffusion 1.x checkpoint that is one .safetensors file with LDM's names: the same model as its diffusers
 * folder gives, without a tokenizer. EMA copies, the schedule's tables and position ids are passed over.
 */
import { StudioError } from "../lib/errors.ts";
import { readUNetConfig } from "../models/config.ts";
import { expectedTensors, fitTensors, type Shapes } from "./expected-tensors.ts";
import type { JsonObject } from "./json-object.ts";
import { configOf, schedulerConfig } from "./ldm-config.ts";
import { type LdmNames, ldmNames, ldmPrefix } from "./ldm-names.ts";
import type { Component, ModelFolder, ModelTensors } from "./model-folder.ts";
import { modelTensors, type Source } from "./model-tensors.ts";
import { checkScheduler } from "./model-kind.ts";
import { foreignKind } from "./tensor-kind.ts";

/** for people */
export const words: { readonly [C in Component]: string } = { unet: "UNet", vae: "VAE", text_encoder: "text encoder" };

/** @throws StudioError `model` with what is missing, or which other kind of file this is. */
export function openSingleFile(source: Source, components: readonly Component[]): ModelFolder {
  const { path, file } = source;
  const shapes = shapesOf(source);
  explain(path, shapes, components);
  const configs: { [C in Component | "scheduler"]?: JsonObject } = {};
  const tensors: { [C in Component]?: ModelTensors } = {};
  for (const component of components) {
    const config = configOf[component](below(shapes, component));
    configs[component] = config;
    const expected = expectedTensors(component, config);
    const names = ldmNames[component](config);
    const found = modelTensors([source], (stored) => nameIn(component, names, stored));
    tensors[component] = fitTensors(`The ${words[component]} in ${path}`, found, expected);
  }
  configs.scheduler = { ...schedulerConfig, prediction_type: predictionOf(file.metadata, shapes) };
  checkScheduler(configs.scheduler);
  return { configs, tensors, tokenizer: null, notes: configs.unet ? notesOf(path, configs.unet) : [] };
}

function refuse(message: string, hint?: string): never {
  throw new StudioError("model", message, hint);
}

export function shapesOf({ file }: Source): Shapes {
  return new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
}

/** LDM's names of one component, without its prefix. */
function below(shapes: Shapes, component: Component): Shapes {
  const prefix = ldmPrefix[component];
  const found = [...shapes].filter(([name]) => name.startsWith(prefix));
  const own = (name: string): string => (component === "text_encoder" ? textName(name) : name);
  return new Map(found.map(([name, shape]) => [own(name.slice(prefix.length)), shape]));
}

/** Some files leave `text_model.` out. */
function textName(name: string): string {
  return /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `text_model.${name}` : name;
}

/** Diffusers' name, null for what is not the component's or no weight, LDM's own where the table has none (to be named). */
function nameIn(component: Component, names: LdmNames, stored: string): string | null {
  const prefix = ldmPrefix[component];
  if (!stored.startsWith(prefix)) return null;
  const name = stored.slice(prefix.length);
  if (component === "text_encoder") {
    const own = textName(name);
    return own.startsWith("text_model.") && !own.endsWith(".position_ids") ? own : null;
  }
  // what an autoencoder was trained with
  if (component === "vae" && /^(loss|model_ema)\./.test(name)) return null;
  return names.toDiffusers(name) ?? name;
}

function explain(path: string, shapes: Shapes, components: readonly Component[]): void {
  const foreign = foreignKind(shapes);
  if (foreign) refuse(`${path} is ${foreign.words}, and Stable Diffusion 1.x was expected.`, foreign.hint);
  const there = (Object.keys(words) as Component[]).filter((component) => below(shapes, component).size > 0);
  const missing = components.filter((component) => !there.includes(component));
  if (missing.length === 0) return;
  const list = (parts: readonly Component[]): string => parts.map((part) => `a ${words[part]}`).join(" and ");
  if (there.length > 0) {
    return refuse(
      `${path} holds ${list(there)}, and lacks ${list(missing)}.`,
      "Take a whole checkpoint of Stable Diffusion 1.x, or a diffusers folder.",
    );
  }
  const alone = aloneKind(shapes);
  if (alone) {
    return refuse(
      `${path} is ${alone}, and a whole Stable Diffusion 1.x checkpoint was expected.`,
      "Pick the folder that holds unet, vae and text_encoder, or a checkpoint in one file.",
    );
  }
  const first = [...shapes.keys()].slice(0, 3).map((name) => `"${name.slice(0, 80)}"`);
  refuse(
    first.length > 0
      ? `${path} holds nothing of Stable Diffusion 1.x: its ${shapes.size} tensors begin with ${first.join(", ")}.`
      : `${path} holds no tensors, and a Stable Diffusion 1.x checkpoint was expected.`,
  );
}

/** One component's file, by names that have no prefix. */
const aloneKinds: readonly (readonly [RegExp, string])[] = [
  [/^(encoder\.(conv_in|down|mid)|decoder\.(conv_in|up|mid)|quant_conv\.)/, "a VAE alone"],
  [/^(down_blocks|up_blocks|conv_in|input_blocks|output_blocks)\./, "a UNet alone"],
  [/^(text_model|embeddings|encoder\.layers|final_layer_norm)\./, "a text encoder alone"],
];

function aloneKind(shapes: Shapes): string | undefined {
  return aloneKinds.find(([pattern]) => [...shapes.keys()].some((name) => pattern.test(name)))?.[1];
}

/** By the file's own word: the standard of metadata, or the mark of trainers that predict v. */
function predictionOf(metadata: ReadonlyMap<string, string>, shapes: Shapes): string {
  const said = metadata.get("modelspec.prediction_type");
  return said === "v" || said === "v_prediction" || shapes.has("v_pred") ? "v_prediction" : "epsilon";
}

const sd15Widths = "320,640,1280,1280";

function notesOf(path: string, config: JsonObject): readonly string[] {
  const widths = readUNetConfig(config).block_out_channels.join();
  if (widths === sd15Widths) return [];
  return [
    `${path} carries no configuration. Sizes were read from its tensors; what they do not tell is taken as SD-1.5 has it: 8 heads a level, groups of 32, 64 px latents, scale 0.18215.`,
  ];
}
