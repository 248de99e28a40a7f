/**
 * @file What a project holds beside its checkpoints: pairs, settings and reports of each iteration, pictures.
 *
 *   project/<project>                       the pairs' ids and captions, in order
 *   pair/<project>/<id>/<side>              pixels of one pair
 *   settings/<project>/<iteration>          as the iteration was started
 *   reports/<project>/<iteration>           one report a step
 *   picture/<project>/<iteration>/<index>   what the iteration drew
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import type { KeyValue } from "./key-value.ts";

export interface StoredPair {
  readonly id: string;
  readonly caption: string;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface StoredPicture {
  readonly prompt: string;
  readonly seed: number;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export type PairInfo = Omit<StoredPair, "rgba">;

const schema = 1;
const batchBytes = 32 * 2 ** 20;

const recordSchema = v.object({
  schema: v.literal(schema),
  pairs: v.array(v.object({ id: v.string(), caption: v.string(), side: v.number() })),
});
const pixels = v.instance(Uint8ClampedArray);
const pictureSchema = v.object({ prompt: v.string(), seed: v.number(), side: v.number(), rgba: pixels });

const keysOf = (project: string) => {
  const name = encodeURIComponent(project);
  return {
    record: `project/${name}`,
    pairs: `pair/${name}/`,
    pair: ({ id, side }: Pick<PairInfo, "id" | "side">) => `pair/${name}/${id}/${side}`,
    settings: `settings/${name}/`,
    reports: `reports/${name}/`,
    pictures: `picture/${name}/`,
  };
};

export async function listProjects(store: KeyValue): Promise<readonly string[]> {
  const prefix = "project/";
  return (await store.keys())
    .filter((key) => key.startsWith(prefix))
    .map((key) => decodeURIComponent(key.slice(prefix.length)));
}

/** Ids and captions, without the pixels. */
export async function readPairList(store: KeyValue, project: string): Promise<readonly PairInfo[]> {
  const value = await store.get(keysOf(project).record);
  if (value === undefined) return [];
  const parsed = v.safeParse(recordSchema, value);
  if (parsed.success) return parsed.output.pairs;
  const newer = v.safeParse(v.object({ schema: v.pipe(v.number(), v.gtValue(schema)) }), value).success;
  if (newer)
    throw new StudioError(
      "newer",
      `The project "${project}" was saved by a newer version of the studio.`,
      "Reload the page.",
    );
  throw new StudioError(
    "storage",
    `The list of pairs of the project "${project}" is not readable.`,
    "Its checkpoints are kept apart and are safe.",
  );
}

/** Replaces all pairs: pixels first, then the list, then the old pixels go. */
export async function writePairs(store: KeyValue, project: string, pairs: readonly StoredPair[]): Promise<void> {
  const keys = keysOf(project);
  let batch: [string, unknown][] = [];
  let bytes = 0;
  for (const pair of pairs) {
    batch.push([keys.pair(pair), new Uint8ClampedArray(pair.rgba)]);
    bytes += pair.rgba.length;
    if (bytes < batchBytes) continue;
    await store.setMany(batch);
    batch = [];
    bytes = 0;
  }
  const list = pairs.map(({ id, caption, side }) => ({ id, caption, side }));
  await store.setMany([...batch, [keys.record, { schema, pairs: list }]]);
  const named = new Set(pairs.map(keys.pair));
  await store.deleteMany((await store.keys()).filter((key) => key.startsWith(keys.pairs) && !named.has(key)));
}

export async function readPairs(store: KeyValue, project: string): Promise<readonly StoredPair[]> {
  const pairs: StoredPair[] = [];
  for (const info of await readPairList(store, project)) {
    const rgba = v.safeParse(pixels, await store.get(keysOf(project).pair(info)));
    if (!rgba.success || rgba.output.length !== info.side ** 2 * 4) {
      throw new StudioError(
        "storage",
        `The picture of "${info.caption.slice(0, 80)}" is missing from the browser's storage.`,
        "Add the pairs again.",
      );
    }
    pairs.push({ ...info, rgba: rgba.output as StoredPair["rgba"] });
  }
  return pairs;
}

/** Settings and reports are the caller's own types: they are kept as they are given. */
export async function writeSettings(
  store: KeyValue,
  project: string,
  iteration: number,
  settings: unknown,
): Promise<void> {
  await store.setMany([[keysOf(project).settings + iteration, settings]]);
}

export async function readSettings(store: KeyValue, project: string, iteration: number): Promise<unknown> {
  return store.get(keysOf(project).settings + iteration);
}

export async function writeReports(
  store: KeyValue,
  project: string,
  iteration: number,
  reports: readonly unknown[],
): Promise<void> {
  await store.setMany([[keysOf(project).reports + iteration, reports]]);
}

/** iteration -> its reports */
export async function readReports(store: KeyValue, project: string): Promise<ReadonlyMap<number, readonly unknown[]>> {
  const prefix = keysOf(project).reports;
  const reports = new Map<number, readonly unknown[]>();
  for (const key of (await store.keys()).filter((name) => name.startsWith(prefix))) {
    const value = await store.get(key);
    if (Array.isArray(value)) reports.set(Number(key.slice(prefix.length)), value);
  }
  return reports;
}

export async function writePicture(
  store: KeyValue,
  project: string,
  iteration: number,
  index: number,
  picture: StoredPicture,
): Promise<void> {
  const copy = { ...picture, rgba: new Uint8ClampedArray(picture.rgba) };
  await store.setMany([[`${keysOf(project).pictures}${iteration}/${index}`, copy]]);
}

/** index -> picture */
export async function readPictures(
  store: KeyValue,
  project: string,
  iteration: number,
): Promise<ReadonlyMap<number, StoredPicture>> {
  const prefix = `${keysOf(project).pictures}${iteration}/`;
  const pictures = new Map<number, StoredPicture>();
  for (const key of (await store.keys()).filter((name) => name.startsWith(prefix))) {
    const value = v.safeParse(pictureSchema, await store.get(key));
    if (value.success) pictures.set(Number(key.slice(prefix.length)), value.output as StoredPicture);
  }
  return new Map([...pictures].sort(([a], [b]) => a - b));
}

/** What iterations after this one left: settings, reports and pictures, before they are made anew. */
export async function forgetAfter(store: KeyValue, project: string, iteration: number): Promise<void> {
  const { settings, reports, pictures } = keysOf(project);
  const later = (await store.keys()).filter((key) => {
    const prefix = [settings, reports, pictures].find((start) => key.startsWith(start));
    return prefix !== undefined && Number.parseInt(key.slice(prefix.length), 10) > iteration;
  });
  await store.deleteMany(later);
}

export async function forgetProject(store: KeyValue, project: string): Promise<void> {
  const { record, pairs, settings, reports, pictures } = keysOf(project);
  const prefixes = [pairs, settings, reports, pictures];
  const all = (await store.keys()).filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
  await store.deleteMany([record, ...all]);
}
