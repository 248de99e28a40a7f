/** @file A folder of images and captions to pairs at the model's size; what cannot be used is told, file by file. */
import { join } from "node:path";
import { StudioError } from "../lib/errors.ts";
import { cropResize } from "../pairs/crop.ts";
import { noCaption, openImport } from "../pairs/import.ts";
import type { PairInput } from "../studio/api.ts";
import { listFiles, readBytes } from "./files.ts";
import { decodeImage } from "./images.ts";

/** @throws StudioError `pairs` where nothing is left. */
export async function readPairs(folder: string, side: number, tell: (line: string) => void): Promise<PairInput[]> {
  const paths = await listFiles(folder);
  const source = await openImport(
    paths.map((path) => ({ path, bytes: () => readBytes(join(folder, ...path.split("/"))) })),
  );
  const read: PairInput[] = [];
  const faults: string[] = [];
  for await (const pair of source.pairs()) {
    if (pair === null) continue;
    const { id, caption, path, bytes, loser } = pair;
    try {
      if (caption === "") faults.push(`${path}: ${noCaption(path)}`);
      else {
        const lost = loser && cropResize(decodeImage(await loser.bytes(), loser.path), side);
        read.push({
          id,
          caption,
          side,
          rgba: cropResize(decodeImage(bytes, path), side),
          ...(lost && { loser: lost }),
        });
      }
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      faults.push([error.message, error.hint ?? ""].join(" ").trim());
    }
  }
  const refused = [...source.refused().map(({ path, reason }) => `${path}: ${reason}`), ...faults].sort();
  for (const line of refused) tell(line);
  if (read.length === 0)
    throw new StudioError(
      "pairs",
      `${folder} has no pair that can be used, and pictures with captions beside them were expected.`,
      refused[0],
    );
  return read;
}
