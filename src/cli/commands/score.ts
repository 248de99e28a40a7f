/** @file `studio score`: pictures with their prompts from a folder, judged by scorers whose weights lie on this disk. */
import { join } from "node:path";
import { StudioError } from "../../lib/errors.ts";
import { mean, median } from "../../lib/statistics.ts";
import { noCaption, openImport } from "../../pairs/import.ts";
import type { Scores } from "../../studio/evaluate.ts";
import { scorerKinds } from "../../studio/scorers/kinds.ts";
import type { PictureScorer } from "../../studio/scorers/scorer.ts";
import { backendOption, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { listFiles, readBytes, writeFileWhole } from "../files.ts";
import { decodeImage } from "../images.ts";
import { required, text } from "../options.ts";
import { scorerOption, withScorer } from "../scorer-option.ts";
import { table } from "../table.ts";

/** Decoded and in memory at a time. */
const AT_ONCE = 16;

interface Found {
  readonly path: string;
  readonly prompt: string;
  readonly bytes: Uint8Array;
}

export const score = command({
  name: "score",
  summary: "Scores a folder of pictures with PickScore, HPS v2 or Aesthetic, whose weights are read from this disk.",
  options: {
    pictures: required(text("DIR", "pictures with their prompts beside them, as pairs have captions")),
    scorer: required(scorerOption),
    out: text("FILE", "where everything goes, picture by picture, as JSON"),
    backend: backendOption,
  },
  run: async ({ pictures: folder, scorer: places, out, backend: name }, _, { progress }) => {
    const found = await readPictures(folder, progress);
    const columns: Record<string, readonly number[]> = {};
    // one after the other: each may take gigabytes
    await withBackend(name, async (backend) => {
      for (const place of places)
        columns[place.id] = await withScorer(backend, place, (scorer) =>
          scoreAll(scorer, found, (done) =>
            progress(`${scorerKinds[place.id].title}: ${done} of ${found.length} pictures`),
          ),
        );
    });
    // as the paper's: the plain mean of what the scorers say
    columns["average"] = found.map((_, i) => mean(places.map(({ id }) => columns[id]?.[i] as number)));
    const scores = Object.entries(columns);
    const summary = scores.map(([id, values]) => [id, { mean: mean(values), median: median(values) }] as const);
    const pictures = found.map(({ path, prompt }, i) => ({
      path,
      prompt,
      scores: Object.fromEntries(scores.map(([id, values]) => [id, values[i] as number])) satisfies Scores,
    }));
    const json = { count: found.length, scores: Object.fromEntries(summary), pictures };
    if (out !== undefined) await writeFileWhole(out, `${JSON.stringify(json, null, 1)}\n`);
    const rows = summary.map(([id, { mean: m, median: half }]) => [id, m.toFixed(4), half.toFixed(4)]);
    return { json, text: table([`${found.length} pictures`, "mean", "median"], rows) };
  },
});

async function scoreAll(
  scorer: PictureScorer,
  found: readonly Found[],
  onScored: (done: number) => void,
): Promise<readonly number[]> {
  const scores: number[] = [];
  for (let start = 0; start < found.length; start += AT_ONCE) {
    const some = found.slice(start, start + AT_ONCE);
    const decoded = some.map(({ path, bytes }) => decodeImage(bytes, path));
    scores.push(
      ...(await scorer.score(
        decoded,
        some.map(({ prompt }) => prompt),
      )),
    );
    onScored(scores.length);
  }
  return scores;
}

/** By path. What cannot be scored is told, file by file. @throws StudioError `pictures` where nothing is left. */
async function readPictures(folder: string, tell: (line: string) => void): Promise<readonly Found[]> {
  const paths = await listFiles(folder);
  const source = await openImport(
    paths.map((path) => ({ path, bytes: () => readBytes(join(folder, ...path.split("/"))) })),
  );
  const found: Found[] = [];
  for await (const pair of source.pairs()) {
    if (pair?.caption === "") tell(`${pair.path}: ${noCaption(pair.path)}`);
    else if (pair) found.push({ path: pair.path, prompt: pair.caption, bytes: pair.bytes });
  }
  for (const { path, reason } of source.refused()) tell(`${path}: ${reason}`);
  if (found.length > 0) return found;
  throw new StudioError("pictures", `${folder} has no picture with a prompt beside it, and at least one was expected.`);
}
