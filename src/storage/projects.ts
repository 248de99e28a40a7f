/** @file What a project holds beside its tree's nodes and checkpoints: pairs, the nodes' reports, the opponents' pictures. */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import type { KeyValue } from "./key-value.ts";
import { isOf, keysOf, refuseNewer, schema } from "./keys.ts";

export interface StoredPair {
  readonly id: string;
  readonly caption: string;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** kept, but not trained on */
  readonly out?: boolean;
  /** the caller's own, kept as it is given */
  readonly about?: unknown;
}

export interface StoredPicture {
  readonly prompt: string;
  readonly seed: number;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** A pair whose pixels are there already, under the name of their content. */
export type NamedPair = Omit<StoredPair, "rgba"> & { readonly sha256: string };

const batchBytes = 32 * 2 ** 20;

const infoSchema = v.object({
  id: v.string(),
  caption: v.string(),
  side: v.number(),
  /** where the pixels are; what lies there never changes */
  key: v.string(),
  sha256: v.string(),
  out: v.exactOptional(v.boolean()),
  about: v.exactOptional(v.unknown()),
});
export type PairInfo = Readonly<v.InferOutput<typeof infoSchema>>;
const recordSchema = v.object({ schema: v.literal(schema), pairs: v.array(infoSchema) });
const pixels = v.instance(Uint8ClampedArray);
const pictureSchema = v.object({ prompt: v.string(), seed: v.number(), side: v.number(), rgba: pixels });

export const hashOfPixels = (rgba: Uint8ClampedArray): Promise<string> =>
  sha256(new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.byteLength));

export async function listProjects(store: KeyValue): Promise<readonly string[]> {
  const prefix = "project/";
  return (await store.keys())
    .filter((key) => key.startsWith(prefix))
    .map((key) => decodeURIComponent(key.slice(prefix.length)));
}

/** Ids, captions and hashes, without the pixels. */
export async function readPairList(store: KeyValue, project: string): Promise<readonly PairInfo[]> {
  const value = await store.get(keysOf(project).record);
  if (value === undefined) return [];
  refuseNewer(value, project);
  const parsed = v.safeParse(recordSchema, value);
  if (parsed.success) return parsed.output.pairs;
  throw new StudioError(
    "storage",
    `The list of pairs of the project "${project}" is not readable.`,
    "Its checkpoints are kept apart and are safe.",
  );
}

/** Which pairs are trained on, in one word. */
export function hashOfPairs(pairs: readonly PairInfo[]): Promise<string> {
  const told = pairs.filter(({ out }) => !out).map(({ id, caption, sha256: hash }) => [id, caption, hash]);
  return sha256(new TextEncoder().encode(JSON.stringify(told)));
}

export const pairsEntry = (project: string, pairs: readonly PairInfo[]) =>
  [keysOf(project).record, { schema, pairs }] as const;

/**
 * Pixels, under the name of their content: what is there already is overwritten by itself, and what is only named stays.
 * @throws StudioError `no-pixels` where what is named is not there.
 */
export async function writePixels(
  store: KeyValue,
  project: string,
  pairs: readonly (StoredPair | NamedPair)[],
): Promise<readonly PairInfo[]> {
  const there = await keysByHash(store, project);
  const list: PairInfo[] = [];
  const written = new Set<string>();
  let batch: [string, unknown][] = [];
  let bytes = 0;
  for (const given of pairs) {
    if (!("rgba" in given)) {
      list.push({ ...given, key: there.get(given.sha256) ?? lacking(given) });
      continue;
    }
    const { rgba, ...pair } = given;
    const hash = await hashOfPixels(rgba);
    const key = keysOf(project).pairs + hash;
    list.push({ ...pair, key, sha256: hash });
    if (written.has(key)) continue;
    written.add(key);
    batch.push([key, new Uint8ClampedArray(rgba)]);
    bytes += rgba.length;
    if (bytes < batchBytes) continue;
    await store.setMany(batch);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) await store.setMany(batch);
  return list;
}

/** Pixels that a list of pairs will name; returns their hashes. Until then they are leftovers, as after a crash. */
export async function putPixels(
  store: KeyValue,
  project: string,
  pictures: readonly StoredPair["rgba"][],
): Promise<readonly string[]> {
  const hashes = await Promise.all(pictures.map(hashOfPixels));
  const entries = pictures.map((rgba, i): [string, unknown] => [
    `${keysOf(project).pairs}${hashes[i]}`,
    new Uint8ClampedArray(rgba),
  ]);
  await store.setMany(entries);
  return hashes;
}

/** Where the project's pixels are, by their hash. A list that cannot be read is about to be replaced. */
async function keysByHash(store: KeyValue, project: string): Promise<ReadonlyMap<string, string>> {
  const keys = new Set(await store.keys());
  const list = await readPairList(store, project).catch((error: unknown) => {
    if (error instanceof StudioError && error.code === "storage") return [];
    throw error;
  });
  const prefix = keysOf(project).pairs;
  const ahead = [...keys]
    .filter((key) => key.startsWith(prefix))
    .map((key) => [key.slice(prefix.length), key] as const);
  const listed = list.filter(({ key }) => keys.has(key)).map(({ sha256: hash, key }) => [hash, key] as const);
  return new Map([...ahead, ...listed]);
}

function lacking({ caption }: NamedPair): never {
  throw new StudioError("no-pixels", `The picture of "${caption.slice(0, 80)}" is not in the browser's storage.`);
}

/** Replaces all pairs: pixels first, then in one transaction the list, and the old pixels go. */
export async function writePairs(
  store: KeyValue,
  project: string,
  pairs: readonly (StoredPair | NamedPair)[],
): Promise<void> {
  const list = await writePixels(store, project, pairs);
  const named = new Set(list.map(({ key }) => key));
  const gone = (await store.keys()).filter((key) => key.startsWith(keysOf(project).pairs) && !named.has(key));
  await store.setMany([pairsEntry(project, list)], gone);
}

/** With the hashes of their pixels. @throws StudioError `storage` where a picture is missing or has changed. */
export async function readPairs(
  store: KeyValue,
  project: string,
): Promise<readonly (StoredPair & { readonly sha256: string })[]> {
  const pairs: (StoredPair & { sha256: string })[] = [];
  for (const { key, sha256: hash, ...pair } of await readPairList(store, project)) {
    const rgba = v.safeParse(pixels, await store.get(key));
    const fault = !rgba.success ? "missing from" : (await hashOfPixels(rgba.output)) === hash ? null : "damaged in";
    if (!rgba.success || fault) {
      throw new StudioError(
        "storage",
        `The picture of "${pair.caption.slice(0, 80)}" is ${fault} the browser's storage.`,
        "Add the pairs again.",
      );
    }
    pairs.push({ ...pair, sha256: hash, rgba: rgba.output as StoredPair["rgba"] });
  }
  return pairs;
}

/** Reports are the caller's own type: they are kept as they are given. */
export async function writeReports(
  store: KeyValue,
  project: string,
  node: string,
  reports: readonly unknown[],
): Promise<void> {
  await store.setMany([[keysOf(project).reports + node, reports]]);
}

/** node -> its reports */
export async function readReports(store: KeyValue, project: string): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const prefix = keysOf(project).reports;
  const reports = new Map<string, readonly unknown[]>();
  for (const key of (await store.keys()).filter((name) => name.startsWith(prefix))) {
    const value = await store.get(key);
    if (Array.isArray(value)) reports.set(key.slice(prefix.length), value);
  }
  return reports;
}

export async function writePicture(
  store: KeyValue,
  project: string,
  node: string,
  index: number,
  picture: StoredPicture,
): Promise<void> {
  const copy = { ...picture, rgba: new Uint8ClampedArray(picture.rgba) };
  await store.setMany([[`${keysOf(project).pictures}${node}/${index}`, copy]]);
}

/** index -> picture */
export async function readPictures(
  store: KeyValue,
  project: string,
  node: string,
): Promise<ReadonlyMap<number, StoredPicture>> {
  const prefix = `${keysOf(project).pictures}${node}/`;
  const pictures = new Map<number, StoredPicture>();
  for (const key of (await store.keys()).filter((name) => name.startsWith(prefix))) {
    const value = v.safeParse(pictureSchema, await store.get(key));
    if (value.success) pictures.set(Number(key.slice(prefix.length)), value.output as StoredPicture);
  }
  return new Map([...pictures].sort(([a], [b]) => a - b));
}

export const noteEntry = (project: string, name: string, value: unknown) =>
  [keysOf(project).notes + encodeURIComponent(name), value] as const;

/** Small state of the page, by a name of the page's own; kept as it is given. */
export async function writeNote(store: KeyValue, project: string, name: string, value: unknown): Promise<void> {
  await store.setMany([noteEntry(project, name, value)]);
}

/** Null where there is none. What an older page wrote comes back too: whoever reads it checks it. */
export async function readNote(store: KeyValue, project: string, name: string): Promise<unknown> {
  return (await store.get(keysOf(project).notes + encodeURIComponent(name))) ?? null;
}

/** All of them, by their names. */
export async function readNotes(store: KeyValue, project: string): Promise<Readonly<Record<string, unknown>>> {
  const prefix = keysOf(project).notes;
  const names = (await store.keys()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const notes = names.map(async (name) => [decodeURIComponent(name), await store.get(prefix + name)] as const);
  return Object.fromEntries(await Promise.all(notes));
}

/** Everything of the project, at once. */
export async function forgetProject(store: KeyValue, project: string): Promise<void> {
  await store.deleteMany((await store.keys()).filter(isOf(project)));
}
