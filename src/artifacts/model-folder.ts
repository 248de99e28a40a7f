/**
 * @file Opens a Stable Diffusion 1.x model, as a diffusers folder, an ONNX export or one file. Headers are read, weights only when asked for.
 * Names are those of SD-1.5's own files: the attention of old autoencoders is renamed, `text_model.` is put where it lacks.
 */
import { StudioError } from "../lib/errors.ts";
import type { DType, TensorData } from "../lib/tensor.ts";
import { expectedTensors, fitTensors } from "./expected-tensors.ts";
import { isJsonObject, type JsonObject, parseJsonObject, parsePythonObject, showJson } from "./json-object.ts";
import { checkScheduler, checkUnet, explainFolder, singleFile } from "./model-kind.ts";
import { filesBelow, modelRoot } from "./model-root.ts";
import { modelTensors, type Source } from "./model-tensors.ts";
import { isOnnxExport, onnxConfigPath, openOnnx } from "./onnx-folder.ts";
import { type RandomAccess, readWhole } from "./random-access.ts";
import { openSafetensors } from "./safetensors.ts";
import type { FileDType } from "./safetensors-header.ts";
import { openSingleFile, shapesOf } from "./single-file.ts";
import { foreignKind } from "./tensor-kind.ts";
import { weightsPath } from "./weights-files.ts";

/** A folder, wherever it lies. Paths are relative, with "/". */
export interface FileSystem {
  list(): Promise<readonly string[]>;
  open(path: string): Promise<RandomAccess>;
}

export type Component = "unet" | "vae" | "text_encoder";

/** Where a tensor's bytes lie as they are, in one of the model's files. */
export interface TensorPlace {
  /** from the model's root */
  readonly path: string;
  readonly dtype: FileDType;
  readonly offset: number;
  readonly bytes: number;
}

export interface ModelTensor {
  /** as `read` gives it: bfloat16 and float64 are widened or rounded to float32 */
  readonly dtype: DType;
  readonly shape: readonly number[];
  read(): Promise<TensorData>;
  /** of what was opened from safetensors */
  readonly place?: TensorPlace;
}

export type ModelTensors = ReadonlyMap<string, ModelTensor>;

export interface ModelFolder {
  /** config.json of each component that was asked for; `scheduler` where the folder has one. */
  readonly configs: { readonly [C in Component | "scheduler"]?: JsonObject };
  readonly tensors: { readonly [C in Component]?: ModelTensors };
  /** the contents of vocab.json and merges.txt, where the folder has them */
  readonly tokenizer: { readonly vocab: string; readonly merges: string } | null;
  /** what had to be assumed, as sentences */
  readonly notes?: readonly string[];
}

const maxTextBytes = 16 * 2 ** 20;

/**
 * A diffusers folder or an ONNX export, the folder above one, or a checkpoint in one .safetensors file (LDM's names) as the only such file there.
 * @throws StudioError `model` or `safetensors` with what is missing or damaged and what is whole, or which other kind of model this is.
 */
export async function openModel(
  picked: FileSystem,
  components: readonly Component[] = ["unet", "vae", "text_encoder"],
): Promise<ModelFolder> {
  const fs = filesBelow(picked, modelRoot(await picked.list()));
  const files = new Set(await fs.list());
  explainFolder(files);
  const single = singleFile(files);
  if (single !== null) return openSingleFile(await openFile(fs, single), components);
  const isOnnx = isOnnxExport(files);
  const configs: { [C in Component | "scheduler"]?: JsonObject } = {};
  for (const component of components) {
    const own = isOnnx ? onnxConfigPath(files, component) : `${component}/config.json`;
    if (own === null) continue;
    configs[component] = parseJsonObject(await readText(fs, files, own), own);
  }
  if (configs.unet) checkUnet(configs.unet);
  const scheduler = "scheduler/scheduler_config.json";
  if (files.has(scheduler)) {
    configs.scheduler = parsePythonObject(await readText(fs, files, scheduler), scheduler);
    checkScheduler(configs.scheduler);
  }
  const assumed: Component[] = [];
  const tensors = await openComponents(components, async (component) => {
    const config = configs[component];
    if (!isOnnx) return openWeights(fs, files, component, config as JsonObject);
    const opened = await openOnnx(fs, component, config ?? null, (stored) => canonicalName(component, stored));
    if (!config) assumed.push(component);
    configs[component] = opened.config;
    return opened.tensors;
  });
  const tokenizer = await readTokenizer(fs, files);
  if (assumed.length === 0) return { configs, tensors, tokenizer };
  const notes = [
    `The ONNX export has no configuration for ${assumed.join(" and ")}, and SD-1.5's was taken: the tensors fit it.`,
  ];
  return { configs, tensors, tokenizer, notes };
}

/** Every component is tried, so that an error can say which ones are whole. */
async function openComponents(
  components: readonly Component[],
  open: (component: Component) => Promise<ModelTensors>,
): Promise<ModelFolder["tensors"]> {
  const tensors: { [C in Component]?: ModelTensors } = {};
  const faults: StudioError[] = [];
  for (const component of components) {
    try {
      tensors[component] = await open(component);
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      faults.push(error);
    }
  }
  const [fault] = faults;
  if (!fault) return tensors;
  const whole = Object.keys(tensors);
  const told = whole.length > 0 ? `${whole.join(" and ")} ${whole.length > 1 ? "are" : "is"} whole.` : "";
  throw new StudioError(
    fault.code,
    faults.map(({ message }) => message).join(" "),
    [fault.hint ?? "", told].filter((sentence) => sentence !== "").join(" ") || undefined,
  );
}

function refuse(message: string, hint?: string): never {
  throw new StudioError("model", message, hint);
}

async function readText(fs: FileSystem, files: ReadonlySet<string>, path: string): Promise<string> {
  if (!files.has(path)) return refuse(`The model folder has no ${path}, and diffusers' folder layout was expected.`);
  const source = await fs.open(path);
  if (source.size > maxTextBytes)
    return refuse(`${path} has ${source.size} bytes, and at most 16 MB of text are read.`);
  return new TextDecoder().decode(await readWhole(source));
}

/** vocab.json and merges.txt; newer versions of transformers save the same two lists within tokenizer.json alone. */
async function readTokenizer(fs: FileSystem, files: ReadonlySet<string>): Promise<ModelFolder["tokenizer"]> {
  const [vocab, merges, both] = ["tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer.json"] as const;
  if (files.has(vocab) && files.has(merges))
    return { vocab: await readText(fs, files, vocab), merges: await readText(fs, files, merges) };
  if (!files.has(both)) return null;
  const { model } = parseJsonObject(await readText(fs, files, both), both);
  if (!isJsonObject(model) || !isJsonObject(model.vocab) || !Array.isArray(model.merges))
    return refuse(`${both} has no vocab and merges, and CLIP's tokenizer was expected.`);
  const lines = model.merges.map((pair: unknown) => (Array.isArray(pair) ? pair.join(" ") : String(pair)));
  return { vocab: JSON.stringify(model.vocab), merges: lines.join("\n") };
}

/** What does not fit may be something else altogether; what fits is believed, whatever its widths remind of. */
async function openWeights(
  fs: FileSystem,
  files: ReadonlySet<string>,
  component: Component,
  config: JsonObject,
): Promise<ModelTensors> {
  const path = weightsPath(files, component);
  const sources = path.endsWith(".json") ? await openShards(fs, files, component, path) : [await openFile(fs, path)];
  try {
    const found = modelTensors(sources, (stored) => canonicalName(component, stored));
    return fitTensors(path, found, expectedTensors(component, config));
  } catch (error) {
    for (const source of sources) {
      const foreign = foreignKind(shapesOf(source));
      if (foreign) refuse(`${source.path} is ${foreign.words}, and Stable Diffusion 1.x was expected.`, foreign.hint);
    }
    throw error;
  }
}

async function openFile(fs: FileSystem, path: string): Promise<Source> {
  return { path, file: await openSafetensors(await fs.open(path), path) };
}

async function openShards(
  fs: FileSystem,
  files: ReadonlySet<string>,
  component: Component,
  index: string,
): Promise<readonly Source[]> {
  const map = parseJsonObject(await readText(fs, files, index), index).weight_map;
  if (!isJsonObject(map)) return refuse(`${index} has no weight_map.`);
  const shards = new Map<string, Source>();
  for (const [tensor, name] of Object.entries(map)) {
    // a listed path cannot lead out of the folder, wherever the index points
    const path = `${component}/${showJson(name)}`;
    if (!files.has(path)) return refuse(`${index} names ${showJson(name)}, which the model folder does not have.`);
    const shard = shards.get(path) ?? (await openFile(fs, path));
    shards.set(path, shard);
    if (!shard.file.tensors.has(tensor))
      return refuse(`${index} looks for "${tensor}" in ${path}, which does not have it.`);
  }
  return [...shards.values()];
}

const oldAttention: { readonly [old: string]: string } = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** SD-1.5's name for a tensor of the file, or null for a table that is no weight. */
export function canonicalName(component: Component, stored: string): string | null {
  if (component === "text_encoder") {
    const name = stored.startsWith("text_model.") ? stored : `text_model.${stored}`;
    const isWeight = /^text_model\.(embeddings|encoder|final_layer_norm)\./.test(name);
    return isWeight && !name.endsWith("embeddings.position_ids") ? name : null;
  }
  if (component === "unet") return stored;
  return stored.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./,
    (_, path: string, old: string) => `${path}${oldAttention[old]}.`,
  );
}
