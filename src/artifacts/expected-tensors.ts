/** @file The tensors that a configuration asks for, from the networks themselves, and a model's tensors held against them. */
import { StudioError } from "../lib/errors.ts";
import { clipText } from "../models/clip-text.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import { Scope } from "../models/layers.ts";
import { compose, type Network } from "../models/segment.ts";
import { unet } from "../models/unet.ts";
import { vaeDecoder, vaeEncoder } from "../models/vae.ts";
import type { Tensor } from "../graph/ir.ts";
import type { JsonObject } from "./json-object.ts";
import type { Component, ModelTensor, ModelTensors } from "./model-folder.ts";

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** @throws StudioError `config` for a configuration that is not built. */
export function expectedTensors(component: Component, config: JsonObject): Shapes {
  const leaves = new Map<string, Tensor>();
  for (const network of networks[component](config)) compose(network, new Scope("", leaves));
  const shapes = new Map([...leaves].map(([name, { shape }]) => [name, shape]));
  if (component === "text_encoder") {
    const { vocab_size, hidden_size } = readTextConfig(config);
    // the host looks tokens up, so that no network has the table
    shapes.set("text_model.embeddings.token_embedding.weight", [vocab_size, hidden_size]);
  }
  return shapes;
}

/** A configuration of a stranger's may ask for a billion layers; none that is known has half of these. */
const most = { levels: 8, layers: 100 };

function limit(words: string, layers: readonly number[], levels = 1): void {
  if (levels > most.levels) refuse(`The ${words} has ${levels} levels, and at most ${most.levels} are built.`);
  const deepest = Math.max(...layers);
  if (deepest > most.layers)
    refuse(`The ${words} has ${deepest} layers in a row, and at most ${most.layers} are built.`);
}

function refuse(message: string): never {
  throw new StudioError("model", message);
}

/** At the smallest size that each allows: names and shapes of weights do not depend on it. */
const networks: { readonly [C in Component]: (config: JsonObject) => readonly Network[] } = {
  unet: (json) => {
    const config = readUNetConfig(json);
    const { layers_per_block, transformer_layers_per_block, block_out_channels } = config;
    limit("UNet", [...layers_per_block, ...transformer_layers_per_block], block_out_channels.length);
    const side = 2 ** config.block_out_channels.length;
    return [unet(config, { batch: 1, height: side, width: side, tokens: 1 })];
  },
  vae: (json) => {
    const config = readVaeConfig(json);
    limit("VAE", [config.layers_per_block], config.block_out_channels.length);
    const side = 2 ** config.block_out_channels.length;
    return [vaeEncoder(config, 1, side, side), vaeDecoder(config, 1, 1, 1)];
  },
  text_encoder: (json) => {
    const config = readTextConfig(json);
    limit("text encoder", [config.num_hidden_layers]);
    return [clipText(config, 1, 1)];
  },
};

/** Named in an error; the rest are counted. */
const namedFaults = 3;

/**
 * The expected tensors with the expected shapes; what differs by dimensions of 1 at the end, a linear layer kept as a 1x1
 * convolution or the other way round, is taken as asked for.
 * @throws StudioError `model` where one is missing, of another shape, or not asked for: the first few and how many.
 */
export function fitTensors(label: string, tensors: ModelTensors, expected: Shapes): ModelTensors {
  const fitting = new Map<string, ModelTensor>();
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name);
    if (!tensor) missing.push(`"${name}"`);
    else if (withoutOnes(tensor.shape) === withoutOnes(shape)) fitting.set(name, { ...tensor, shape });
    else misshapen.push(`"${name}" is [${tensor.shape.join(",")}], not [${shape.join(",")}]`);
  }
  const strange = [...tensors.keys()].filter((name) => !expected.has(name)).map((name) => `"${name.slice(0, 120)}"`);
  const faults = [
    ...(missing.length > 0 ? [`lacks ${missing.length} of ${expected.size} tensors (${few(missing)})`] : []),
    ...(misshapen.length > 0 ? [`has ${misshapen.length} of another shape (${few(misshapen)})`] : []),
    ...(strange.length > 0 ? [`has ${strange.length} that are not asked for (${few(strange)})`] : []),
  ];
  if (faults.length > 0) refuse(`${label} is not as its configuration says: it ${faults.join(", and ")}.`);
  return fitting;
}

function withoutOnes(shape: readonly number[]): string {
  return shape.join().replace(/(,1)+$/, "");
}

function few(faults: readonly string[]): string {
  const more = faults.length - namedFaults;
  return faults.slice(0, namedFaults).join(", ") + (more > 0 ? `, and ${more} more` : "");
}
