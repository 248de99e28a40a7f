/**
 * @file A model as diffusers saves it: the UNet's folder, or a whole pipeline. Of a pipeline the UNet is written, and the other parts
 * are copied as they are, without variants in their names: `from_pretrained` then needs none. A model that is no diffusers folder
 * gives them from its tensors. Layout: diffusers `DiffusionPipeline.save_pretrained`.
 */
import { StudioError } from "../lib/errors.ts";
import { readTextConfig } from "../models/config.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "./json-object.ts";
import { schedulerConfig } from "./ldm-config.ts";
import type { Component, FileSystem, ModelFolder } from "./model-folder.ts";
import { filesBelow, modelRoot } from "./model-root.ts";
import { isOnnxExport } from "./onnx-folder.ts";
import { readWhole } from "./random-access.ts";
import { type StreamedSafetensors, streamSafetensors } from "./safetensors.ts";
import { type SavedDType, savedWeights, type TrainedModel } from "./saved-weights.ts";
import { type StreamedFile, type StreamedFiles, streamedCopy, streamedText } from "./streamed-file.ts";
import { baseName, partWeights } from "./weights-files.ts";

const json = (value: unknown): StreamedFile => streamedText(`${JSON.stringify(value, null, 2)}\n`);

const classNames: { readonly [C in Component]: string } = {
  unet: "UNet2DConditionModel",
  vae: "AutoencoderKL",
  text_encoder: "CLIPTextModel",
};

/** Of one component. Transformers takes a 1 for no 1.0, which JSON does not tell apart here: of its fields those that matter are kept. */
export function configFile({ folder }: TrainedModel, component: Component): StreamedFile {
  const config = folder.configs[component] ?? {};
  if (component !== "text_encoder") return json({ _class_name: classNames[component], ...config });
  const { bos_token_id, eos_token_id } = config;
  return json({ model_type: "clip_text_model", ...readTextConfig(config), bos_token_id, eos_token_id });
}

export function weightsFile(model: TrainedModel, component: Component, dtype: SavedDType): StreamedSafetensors {
  return streamSafetensors(savedWeights(model, component, dtype), { format: "pt" });
}

/** config.json and the weights of one component. */
export function componentFiles(model: TrainedModel, component: Component, dtype: SavedDType): StreamedFiles {
  return new Map([
    ["config.json", configFile(model, component)],
    [`${baseName[component]}.safetensors`, weightsFile(model, component, dtype)],
  ]);
}

function put(into: Map<string, StreamedFile>, folder: string, files: StreamedFiles): void {
  for (const [path, file] of files) into.set(`${folder}/${path}`, file);
}

/** What `StableDiffusionPipeline.from_pretrained` opens. `picked`: the files that the model was opened from. */
export async function pipelineFiles(
  model: TrainedModel,
  dtype: SavedDType,
  picked: FileSystem,
): Promise<StreamedFiles> {
  const fs = filesBelow(picked, modelRoot(await picked.list()));
  const paths = new Set(await fs.list());
  const isFolder = paths.has("unet/config.json") && !isOnnxExport(paths);
  const files = new Map<string, StreamedFile>();
  put(files, "unet", componentFiles(model, "unet", dtype));
  if (isFolder) {
    await copyParts(files, fs, paths);
    if (model.trained.text_encoder) replaceWeights(files, "text_encoder", model, dtype);
  } else {
    for (const component of ["vae", "text_encoder"] as const)
      put(files, component, componentFiles(model, component, dtype));
  }
  addSmallParts(files, model);
  files.set("model_index.json", json(await modelIndex(model.folder, files, fs)));
  return files;
}

/** A text encoder that a LoRA adapts is no copy; its configuration is. */
function replaceWeights(
  files: Map<string, StreamedFile>,
  component: Component,
  model: TrainedModel,
  dtype: SavedDType,
): void {
  for (const path of files.keys()) if (path.startsWith(`${component}/`) && isWeights(path)) files.delete(path);
  files.set(`${component}/${baseName[component]}.safetensors`, weightsFile(model, component, dtype));
}

/** Files of weights in formats that are not read here, and of other variants, stay behind. */
const isWeights = (path: string): boolean =>
  /\.(safetensors|bin|msgpack|h5|ckpt|pth?|onnx|onnx_data|pb)$|\.index(\.\w+)?\.json$/.test(path);

async function copyParts(files: Map<string, StreamedFile>, fs: FileSystem, paths: ReadonlySet<string>): Promise<void> {
  const copy = async (from: string, to = from): Promise<void> => {
    files.set(to, streamedCopy(await fs.open(from)));
  };
  await copy("unet/config.json");
  const parts = new Set([...paths].flatMap((path) => /^([^/]+)\/[^/]+$/.exec(path)?.[1] ?? []));
  parts.delete("unet");
  for (const part of parts) {
    for (const path of paths) if (path.startsWith(`${part}/`) && !isWeights(path)) await copy(path);
    const weights = partWeights(paths, part);
    if (!weights) continue;
    await copy(weights.path, weights.plain);
    if (weights.path.endsWith(".json"))
      for (const shard of await shardsOf(fs, weights.path)) await copy(`${part}/${shard}`);
  }
}

async function shardsOf(fs: FileSystem, index: string): Promise<ReadonlySet<string>> {
  const { weight_map } = parseJsonObject(await textOf(fs, index), index);
  return new Set(Object.values(isJsonObject(weight_map) ? weight_map : {}).map(String));
}

/** Scheduler and tokenizer, where the model's files have none. */
function addSmallParts(files: Map<string, StreamedFile>, { folder }: TrainedModel): void {
  const has = (part: string): boolean => [...files.keys()].some((path) => path.startsWith(`${part}/`));
  if (!has("scheduler"))
    files.set("scheduler/scheduler_config.json", json(folder.configs.scheduler ?? schedulerConfig));
  if (has("tokenizer")) return;
  const { tokenizer } = folder;
  if (!tokenizer)
    throw new StudioError(
      "export",
      "The model has no tokenizer, and a pipeline needs one.",
      "Export its UNet alone, or put vocab.json and merges.txt into its tokenizer folder.",
    );
  const [bos_token, eos_token] = ["<|startoftext|>", "<|endoftext|>"];
  const special = { bos_token, eos_token, pad_token: eos_token, unk_token: eos_token };
  files.set("tokenizer/vocab.json", streamedText(tokenizer.vocab));
  files.set("tokenizer/merges.txt", streamedText(tokenizer.merges));
  files.set("tokenizer/special_tokens_map.json", json(special));
  files.set(
    "tokenizer/tokenizer_config.json",
    json({ tokenizer_class: "CLIPTokenizer", model_max_length: 77, ...special }),
  );
}

const standardIndex: JsonObject = {
  _class_name: "StableDiffusionPipeline",
  feature_extractor: [null, null],
  safety_checker: [null, null],
  scheduler: ["diffusers", "PNDMScheduler"],
  text_encoder: ["transformers", classNames.text_encoder],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", classNames.unet],
  vae: ["diffusers", classNames.vae],
};

/** The source's own, without the parts that are not there. */
async function modelIndex({ configs }: ModelFolder, files: StreamedFiles, fs: FileSystem): Promise<JsonObject> {
  const scheduler = ["diffusers", configs.scheduler?.["_class_name"] ?? "PNDMScheduler"];
  const index = (await ownIndex(fs)) ?? { ...standardIndex, scheduler };
  const there = new Set([...files.keys()].map((path) => path.split("/")[0]));
  const parts = Object.entries(index).map(([part, value]) => {
    return [part, Array.isArray(value) && !there.has(part) ? [null, null] : value];
  });
  return { ...Object.fromEntries(parts), ...(there.has("safety_checker") ? {} : { requires_safety_checker: false }) };
}

async function ownIndex(fs: FileSystem): Promise<JsonObject | null> {
  const path = "model_index.json";
  if (!(await fs.list()).includes(path)) return null;
  const index = parseJsonObject(await textOf(fs, path), path);
  // an ONNX export's names other classes
  const [library] = Array.isArray(index["unet"]) ? (index["unet"] as readonly unknown[]) : [];
  return library === "diffusers" && Array.isArray(index["text_encoder"]) ? index : null;
}

async function textOf(fs: FileSystem, path: string): Promise<string> {
  return new TextDecoder().decode(await readWhole(await fs.open(path)));
}
