/** @file A model folder and adapter files on disk, opened for a command. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseJsonObject } from "../artifacts/json-object.ts";
import { type Lora, readLora } from "../artifacts/lora-names.ts";
import { type Component, type ModelFolder, openModel } from "../artifacts/model-folder.ts";
import { openSafetensors } from "../artifacts/safetensors.ts";
import { StudioError } from "../lib/errors.ts";
import { folderFiles, openFile, readText } from "./files.ts";

export function openModelFolder(folder: string, components?: readonly Component[]): Promise<ModelFolder> {
  return openModel(folderFiles(folder), components);
}

/** The file, with PEFT's adapter_config.json where it lies beside. */
export async function openAdapter(path: string): Promise<Lora> {
  const file = await openSafetensors(await openFile(path), path);
  const beside = join(dirname(path), "adapter_config.json");
  try {
    return await readLora(file, existsSync(beside) ? parseJsonObject(await readText(beside), beside) : null);
  } catch (error) {
    // the reader does not know where the file came from
    if (error instanceof StudioError && error.code === "lora")
      throw new StudioError(error.code, `${path}: ${error.message}`, error.hint);
    throw error;
  }
}
