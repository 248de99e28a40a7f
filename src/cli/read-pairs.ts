/** @file A folder of images and captions to pairs at the model's size; what cannot be used is told, file by file. */
import { join } from "node:path";
import { StudioError } from "../lib/errors.ts";
import { cropResize } from "../pairs/crop.ts";
import { importPairs } from "../pairs/import.ts";
import type { PairInput } from "../studio/api.ts";
import { listFiles, readBytes } from "./files.ts";
import { decodeImage } from "./images.ts";

/** @throws StudioError `pairs` where nothing is left. */
export async function readPairs(folder: string, side: number, tell: (line: string) => void): Promise<PairInput[]> {
  const paths = await listFiles(folder);
  const { pairs, refused } = await importPairs(
    paths.map((path) => ({ path, bytes: () => readBytes(join(folder, ...path.split("/"))) })),
  );
  for (const { path, reason } of refused) tell(`${path}: ${reason}`);
  const read: PairInput[] = [];
  for (const pair of pairs) {
    try {
      const { id, caption, path } = pair;
      read.push({ id, caption, side, rgba: cropResize(decodeImage(await pair.read(), path), side) });
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      tell([error.message, error.hint ?? ""].join(" ").trim());
    }
  }
  if (read.length === 0)
    throw new StudioError(
      "pairs",
      `${folder} has no pair that can be used, and pictures with captions beside them were expected.`,
      refused[0] ? `${refused[0].path}: ${refused[0].reason}` : undefined,
    );
  return read;
}
