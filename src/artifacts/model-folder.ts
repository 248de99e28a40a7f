/**
 * @file Opens a Stable Diffusion 1.x model in diffusers' folder layout. Headers are read, weights only when asked for.
 * Names are those of SD-1.5's own files: the attention of old autoencoders is renamed, `text_model.` is put where it lacks.
 */
import { StudioError } from "../lib/errors.ts";
import type { DType, TensorData } from "../lib/tensor.ts";
import { isJsonObject, type JsonObject, parseJsonObject, showJson } from "./json-object.ts";
import { checkScheduler, checkUnet, explainFolder } from "./model-kind.ts";
import { type RandomAccess, readWhole } from "./random-access.ts";
import { openSafetensors, type Safetensors, studioDType } from "./safetensors.ts";
import type { FileDType } from "./safetensors-header.ts";

/** A folder, wherever it lies. Paths are relative, with "/". */
export interface FileSystem {
  list(): Promise<readonly string[]>;
  open(path: string): Promise<RandomAccess>;
}

export type Component = "unet" | "vae" | "text_encoder";

export interface ModelTensor {
  /** as `read` gives it: bfloat16 and float64 are widened or rounded to float32 */
  readonly dtype: DType;
  readonly shape: readonly number[];
  read(): Promise<TensorData>;
}

export type ModelTensors = ReadonlyMap<string, ModelTensor>;

export interface ModelFolder {
  /** config.json of each component that was asked for; `scheduler` where the folder has one. */
  readonly configs: { readonly [C in Component | "scheduler"]?: JsonObject };
  readonly tensors: { readonly [C in Component]?: ModelTensors };
  /** vocab.json and merges.txt, where the folder has them */
  readonly tokenizer: { readonly vocab: string; readonly merges: string } | null;
}

const weightsName: { readonly [C in Component]: string } = {
  unet: "diffusion_pytorch_model",
  vae: "diffusion_pytorch_model",
  text_encoder: "model",
};

const maxTextBytes = 16 * 2 ** 20;

/** @throws StudioError `model` with what is missing, or which other kind of model this is. */
export async function openModel(
  fs: FileSystem,
  components: readonly Component[] = ["unet", "vae", "text_encoder"],
): Promise<ModelFolder> {
  const files = new Set(await fs.list());
  explainFolder(files);
  const configs: { [C in Component | "scheduler"]?: JsonObject } = {};
  const tensors: { [C in Component]?: ModelTensors } = {};
  for (const component of components) {
    configs[component] = parseJsonObject(
      await readText(fs, files, `${component}/config.json`),
      `${component}/config.json`,
    );
  }
  if (configs.unet) checkUnet(configs.unet);
  const scheduler = "scheduler/scheduler_config.json";
  if (files.has(scheduler)) {
    configs.scheduler = parseJsonObject(await readText(fs, files, scheduler), scheduler);
    checkScheduler(configs.scheduler);
  }
  for (const component of components) tensors[component] = await openWeights(fs, files, component);
  return { configs, tensors, tokenizer: await readTokenizer(fs, files) };
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

async function readTokenizer(fs: FileSystem, files: ReadonlySet<string>): Promise<ModelFolder["tokenizer"]> {
  const [vocab, merges] = ["tokenizer/vocab.json", "tokenizer/merges.txt"] as const;
  if (!files.has(vocab) || !files.has(merges)) return null;
  return { vocab: await readText(fs, files, vocab), merges: await readText(fs, files, merges) };
}

/** Whole weights before halved ones, one file before an index of several. */
async function openWeights(fs: FileSystem, files: ReadonlySet<string>, component: Component): Promise<ModelTensors> {
  const base = `${component}/${weightsName[component]}`;
  const names = [".safetensors", ".safetensors.index.json", ".fp16.safetensors", ".safetensors.index.fp16.json"];
  const path = names.map((name) => base + name).find((candidate) => files.has(candidate));
  if (path === undefined) {
    const pickle = [...files].find((file) => file.startsWith(`${component}/`) && /\.(bin|pt|pth|ckpt)$/.test(file));
    if (pickle)
      return refuse(`${pickle} is a pickle, which can run code when it is read; ${base}.safetensors was expected.`);
    return refuse(`The model folder has no weights for ${component}: ${base}.safetensors was expected.`);
  }
  const shards = path.endsWith(".json") ? await openShards(fs, files, component, path) : [await openFile(fs, path)];
  const tensors = new Map<string, ModelTensor>();
  for (const { file, path: shard } of shards) {
    for (const [stored, info] of file.tensors) {
      const name = canonicalName(component, stored);
      if (name === null) continue;
      if (tensors.has(name)) return refuse(`${shard} holds "${name}", which the model already has.`);
      const dtype = floatDType(info.dtype);
      if (!dtype)
        return refuse(`${shard} stores "${stored}" as ${info.dtype}, and F32, F16, BF16 or F64 was expected.`);
      tensors.set(name, { dtype, shape: info.shape, read: async () => (await file.read(stored)).data });
    }
  }
  return tensors;
}

interface Shard {
  readonly path: string;
  readonly file: Safetensors;
}

async function openFile(fs: FileSystem, path: string): Promise<Shard> {
  return { path, file: await openSafetensors(await fs.open(path), path) };
}

async function openShards(
  fs: FileSystem,
  files: ReadonlySet<string>,
  component: Component,
  index: string,
): Promise<Shard[]> {
  const map = parseJsonObject(await readText(fs, files, index), index).weight_map;
  if (!isJsonObject(map)) return refuse(`${index} has no weight_map.`);
  const shards = new Map<string, Shard>();
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

function floatDType(dtype: FileDType): DType | null {
  if (dtype === "F32" || dtype === "F16") return studioDType[dtype];
  return dtype === "BF16" || dtype === "F64" ? "float32" : null;
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
    if (stored.endsWith("embeddings.position_ids")) return null;
    return stored.startsWith("text_model.") ? stored : `text_model.${stored}`;
  }
  if (component === "unet") return stored;
  return stored.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./,
    (_, path: string, old: string) => `${path}${oldAttention[old]}.`,
  );
}

/** @throws StudioError `model` unless the tensors are exactly the expected ones. */
export function matchTensors(
  label: string,
  tensors: ModelTensors,
  expected: ReadonlyMap<string, readonly number[]>,
): void {
  for (const [name, shape] of expected) {
    const found = tensors.get(name);
    if (!found) refuse(`${label} has no "${name}", which its configuration asks for.`);
    if (found.shape.join() !== shape.join()) {
      refuse(
        `${label} has "${name}" as [${found.shape.join(",")}], and its configuration asks for [${shape.join(",")}].`,
      );
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name)) refuse(`${label} has "${name}", which its configuration does not ask for.`);
  }
}
