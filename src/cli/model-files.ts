/** @file A model on disk, as a folder or as one file, and adapter files, opened for a command. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type JsonObject, parseJsonObject, parsePythonObject } from "../artifacts/json-object.ts";
import { loraModel } from "../artifacts/lora-model.ts";
import type { Weighted } from "../artifacts/lora-merge.ts";
import type { Lora } from "../artifacts/lora-names.ts";
import { readLora } from "../artifacts/lora-read.ts";
import { type Component, type FileSystem, type ModelFolder, openModel } from "../artifacts/model-folder.ts";
import { checkScheduler, checkUnet, explainFolder, singleFile } from "../artifacts/model-kind.ts";
import { openSafetensors } from "../artifacts/safetensors.ts";
import { StudioError } from "../lib/errors.ts";
import { withVocabulary } from "../studio/clip-vocabulary.ts";
import { folderFiles, openFile, readText } from "./files.ts";
import type { LoraGiven } from "./shared-options.ts";

const builtIn = fileURLToPath(new URL("../../public/pocket", import.meta.url));

/** A model that brings no tokenizer and has CLIP's table is given CLIP's vocabulary. */
export async function openModelFolder(path: string, components?: readonly Component[]): Promise<ModelFolder> {
  return withVocabulary(await openModel(await modelFiles(path), components), folderFiles(builtIn));
}

/** A checkpoint in one file is a folder of that file. */
export async function modelFiles(path: string): Promise<FileSystem> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return folderFiles(path);
  return { list: async () => [basename(path)], open: () => openFile(path) };
}

const configFiles = {
  unet: "unet/config.json",
  vae: "vae/config.json",
  text_encoder: "text_encoder/config.json",
  scheduler: "scheduler/scheduler_config.json",
} as const;

/** The configurations alone; no weights need to be in a folder. The UNet's is needed, the others are read where they are. */
export async function openConfigs(folder: string): Promise<Pick<ModelFolder, "configs">> {
  const own = await modelFiles(folder);
  const files = new Set(await own.list());
  explainFolder(files);
  if (singleFile(files) !== null) return openModel(own);
  const configs: { -readonly [C in keyof typeof configFiles]?: ReturnType<typeof parseJsonObject> } = {};
  for (const [name, path] of Object.entries(configFiles) as [keyof typeof configFiles, string][])
    if (files.has(path)) configs[name] = parsePythonObject(await readText(join(folder, path)), path);
  if (!configs.unet)
    throw new StudioError("model", `${folder} has no ${configFiles.unet}, and diffusers' folder layout was expected.`);
  checkUnet(configs.unet);
  if (configs.scheduler) checkScheduler(configs.scheduler);
  return { configs };
}

/** PEFT's adapter_config.json, where it lies beside a LoRA. */
export async function configBeside(path: string): Promise<JsonObject | null> {
  const beside = join(dirname(path), "adapter_config.json");
  return existsSync(beside) ? parseJsonObject(await readText(beside), beside) : null;
}

/** A LoRA for this model's UNet, all of it, with PEFT's adapter_config.json where it lies beside. */
export async function openAdapter(path: string, folder: ModelFolder): Promise<Lora> {
  const lora = await openLora(path, folder);
  const [left] = lora.leftOut;
  if (left !== undefined)
    throw new StudioError(
      "lora",
      `${path}: ${left}`,
      "--adapter takes a LoRA whole or not at all; --lora takes what fits.",
    );
  if (lora.textEncoder.size > 0)
    throw new StudioError(
      "lora",
      `${path}: It also adapts the text encoder, and --adapter takes LoRAs of the UNet alone.`,
      "--lora merges both.",
    );
  return lora;
}

/** LoRAs as `--lora` names them, each with its multiplier; what of them is of no use is told. */
export async function openLoras(
  given: readonly LoraGiven[],
  folder: ModelFolder,
  tell: (line: string) => void,
): Promise<readonly Weighted<Lora>[]> {
  const loras: Weighted<Lora>[] = [];
  for (const { path, multiplier } of given) {
    const lora = await openLora(path, folder);
    for (const sentence of lora.leftOut) tell(`${path}: ${sentence}`);
    loras.push({ lora, multiplier });
  }
  return loras;
}

/** @throws StudioError `lora` that begins with the file's path */
export async function openLora(path: string, folder: ModelFolder): Promise<Lora> {
  const file = await openSafetensors(await openFile(path), path);
  try {
    return await readLora(file, { config: await configBeside(path), model: loraModel(folder) });
  } catch (error) {
    // the reader does not know where the file came from
    if (error instanceof StudioError && error.code === "lora")
      throw new StudioError(error.code, `${path}: ${error.message}`, error.hint);
    throw error;
  }
}
