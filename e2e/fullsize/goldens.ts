/** @file The committed summaries of diffusers' values, e2e/goldens/fullsize. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type FileTensor, parseSafetensors } from "../../src/artifacts/safetensors.ts";

export const goldens = fileURLToPath(new URL("../goldens/fullsize/", import.meta.url));

export async function readGolden(name: string): Promise<ReadonlyMap<string, FileTensor>> {
  const bytes = new Uint8Array(await readFile(path.join(goldens, `${name}.safetensors`)));
  return parseSafetensors(bytes, name).tensors;
}
