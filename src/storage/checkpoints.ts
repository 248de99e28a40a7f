/**
 * @file Checkpoints that survive a crash at any moment. Parts are written first under keys never used before, then one
 * transaction names them: the manifest and the head. What is not named does not exist. Loading believes hashes only, and goes
 * back to the checkpoint before where one is damaged. Callers hold the project's lock and write one thing at a time.
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import { nodeName } from "../lib/node-name.ts";
import { sha256 } from "../lib/sha256.ts";
import type { KeyValue } from "./key-value.ts";
import { count, isNewer, keysOf, refuseNewer, schema } from "./keys.ts";
import { type NodeRecord, nodeSchema, parseNode, readNode } from "./nodes.ts";

export interface Moment {
  readonly step: number;
  /** the node is finished: this is the checkpoint to keep */
  readonly complete: boolean;
}

export interface CheckpointEntry extends Moment {
  readonly uuid: string;
  /** counts saves; clocks may run backwards */
  readonly sequence: number;
  readonly node: string;
  /** of all its parts */
  readonly bytes: number;
}

export interface Damaged {
  readonly entry: CheckpointEntry;
  /** which, why, and what is used instead */
  readonly reason: string;
}

interface Fault {
  readonly entry: CheckpointEntry;
  readonly fault: string;
}

export interface Loaded {
  readonly entry: CheckpointEntry;
  readonly createdAt: string;
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

type FileEntry = readonly [name: string, bytes: Uint8Array];
/** One after the other: what comes as it is made is written before the next is asked for. */
export type CheckpointFiles = Iterable<FileEntry> | AsyncIterable<FileEntry>;

/** A checkpoint's files, each read and checked when it is asked for. @throws StudioError `damaged` */
export interface StoredFiles {
  readonly entry: CheckpointEntry;
  readonly createdAt: string;
  readonly names: readonly string[];
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

const maxPartBytes = 32 * 2 ** 20;

const momentFields = { uuid: v.string(), sequence: count, step: count, complete: v.boolean() };
const entrySchema = v.object({ ...momentFields, node: v.string(), bytes: count });
const headSchema = v.object({ schema: v.literal(schema), entries: v.array(entrySchema) });
const partSchema = v.object({ key: v.string(), bytes: v.pipe(count, v.maxValue(maxPartBytes)), sha256: v.string() });
const manifestFields = {
  ...momentFields,
  createdAt: v.string(),
  files: v.array(v.object({ name: v.string(), parts: v.array(partSchema) })),
};
/** With a copy of the node's record, from which a lost one is made again. */
const manifestSchema = v.object({ schema: v.literal(schema), ...manifestFields, node: nodeSchema });
/** A chain's iteration k is the node "k". */
const chainSchema = v.object({ schema: v.literal(1), ...manifestFields, iteration: count });
type Manifest = v.InferOutput<typeof manifestSchema>;
type Files = Manifest["files"];

/** Parts under keys of a new checkpoint: named by nothing yet. */
export async function writeParts(
  store: KeyValue,
  project: string,
  uuid: string,
  files: CheckpointFiles,
  partBytes = maxPartBytes,
): Promise<Files> {
  const written: Files = [];
  let n = 0;
  for await (const [name, bytes] of files) {
    const parts: Files[number]["parts"] = [];
    for (let at = 0; at < bytes.length; at += partBytes) {
      // a copy: a view would take its whole buffer along
      const part = new Uint8Array(bytes.subarray(at, at + partBytes));
      const key = `${keysOf(project).parts}${uuid}/${n++}`;
      await store.setMany([[key, part]]);
      parts.push({ key, bytes: part.length, sha256: await sha256(part) });
    }
    written.push({ name, parts });
  }
  return written;
}

/** What names a checkpoint's parts: its place on the list, and its manifest as an entry of the store. */
export function naming(
  project: string,
  node: NodeRecord,
  moment: Moment & Pick<CheckpointEntry, "uuid" | "sequence">,
  files: Files,
): { readonly entry: CheckpointEntry; readonly manifest: readonly [string, unknown] } {
  const manifest: Manifest = {
    schema,
    ...moment,
    createdAt: new Date().toISOString(),
    files,
    node: { schema, ...node },
  };
  const entry = { ...moment, node: node.id, bytes: bytesOf(files) };
  return { entry, manifest: [keysOf(project).manifests + moment.uuid, manifest] };
}

export const headOf = (project: string, entries: readonly CheckpointEntry[]) =>
  [keysOf(project).head, { schema, entries }] as const;

/** Resolves when the checkpoint is on disk. @throws StudioError `quota` or `storage`; the earlier ones are then as they were. */
export async function saveCheckpoint(
  store: KeyValue,
  project: string,
  node: NodeRecord,
  { step, complete }: Moment,
  files: CheckpointFiles,
  partBytes = maxPartBytes,
): Promise<CheckpointEntry> {
  const before = await listCheckpoints(store, project);
  const uuid = crypto.randomUUID();
  const sequence = (before.at(-1)?.sequence ?? 0) + 1;
  // a run goes back only past what was damaged: that makes room for what is whole
  const standing = before.filter((each) => each.node !== node.id || each.step < step);
  try {
    const written = await writeParts(store, project, uuid, files, partBytes);
    const { entry, manifest } = naming(project, node, { uuid, sequence, step, complete }, written);
    await store.setMany([manifest, headOf(project, retained([...standing, entry]))]);
    return entry;
  } finally {
    // saved or not, whatever becomes of the cleaning: what it leaves is collected later
    await collectOrphans(store, project).catch(() => 0);
  }
}

/** Forgets what a node saved at this step or later where it has an older one, which is its newest then; null where it has none. */
export async function takeBack(
  store: KeyValue,
  project: string,
  node: string,
  step: number,
): Promise<CheckpointEntry | null> {
  const before = await listCheckpoints(store, project);
  const isLater = (entry: CheckpointEntry): boolean => entry.node === node && entry.step >= step;
  const standing = before.filter((entry) => !isLater(entry));
  const newest = standing.findLast((entry) => entry.node === node);
  if (!newest) return null;
  const manifests = before.filter(isLater).map(({ uuid }) => keysOf(project).manifests + uuid);
  await store.setMany([headOf(project, standing)], manifests);
  await collectOrphans(store, project).catch(() => 0);
  return newest;
}

/** Of a finished node the complete checkpoint, of any other the two newest. */
export function retained(entries: readonly CheckpointEntry[]): readonly CheckpointEntry[] {
  return entries.filter((entry) => {
    const own = entries.filter(({ node }) => node === entry.node);
    const complete = own.findLast((each) => each.complete);
    return complete ? entry === complete : own.slice(-2).includes(entry);
  });
}

/** Oldest first. A head that is lost is made again from the manifests. */
export async function listCheckpoints(store: KeyValue, project: string): Promise<readonly CheckpointEntry[]> {
  const head = await store.get(keysOf(project).head);
  refuseNewer(head, project);
  const parsed = v.safeParse(headSchema, head);
  return parsed.success ? parsed.output.entries : retained(await entriesOfManifests(store, project));
}

export async function entriesOfManifests(store: KeyValue, project: string): Promise<readonly CheckpointEntry[]> {
  const entries: CheckpointEntry[] = [];
  for (const key of await store.keys()) {
    if (!key.startsWith(keysOf(project).manifests)) continue;
    const value = await store.get(key);
    refuseNewer(value, project);
    const manifest = parseManifest(value);
    if (!manifest) continue;
    const { uuid, sequence, step, complete, node, files } = manifest;
    entries.push({ uuid, sequence, step, complete, node, bytes: bytesOf(files) });
  }
  return entries.sort((a, b) => a.sequence - b.sequence);
}

function parseManifest(value: unknown) {
  const manifest = v.safeParse(manifestSchema, value);
  if (manifest.success)
    return { ...manifest.output, node: manifest.output.node.id, record: parseNode(manifest.output.node) };
  const chain = v.safeParse(chainSchema, value);
  return chain.success ? { ...chain.output, node: String(chain.output.iteration), record: null } : null;
}

/** The node's record as it was at the time of the save. */
export async function recordInManifest(store: KeyValue, project: string, uuid: string): Promise<NodeRecord | null> {
  return parseManifest(await store.get(keysOf(project).manifests + uuid))?.record ?? null;
}

const bytesOf = (files: Files): number =>
  files.flatMap(({ parts }) => parts).reduce((sum, { bytes }) => sum + bytes, 0);

/** The newest whole checkpoint among those that are wanted, and the newer ones that were passed over, with the reason. */
export async function loadNewest(
  store: KeyValue,
  project: string,
  wanted: (entry: CheckpointEntry) => boolean = () => true,
): Promise<{ readonly loaded: Loaded | null; readonly damaged: readonly Damaged[] }> {
  const { used: loaded, damaged } = await readNewest(store, project, wanted, async ({ names, read, ...about }) => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const name of names) files.set(name, await read(name));
    return { ...about, files };
  });
  return { loaded, damaged };
}

/** The same for what is not held at once; what `work` reads and finds damaged is passed over. */
export async function readNewest<T>(
  store: KeyValue,
  project: string,
  wanted: (entry: CheckpointEntry) => boolean,
  work: (files: StoredFiles) => Promise<T>,
): Promise<{ readonly used: T | null; readonly damaged: readonly Damaged[] }> {
  const faults: Fault[] = [];
  let found: { readonly entry: CheckpointEntry; readonly used: T } | null = null;
  for (const entry of (await listCheckpoints(store, project)).toReversed().filter(wanted)) {
    try {
      found = { entry, used: await work(await openEntry(store, project, entry)) };
      break;
    } catch (error) {
      faults.push({ entry, fault: faultOf(error) });
    }
  }
  // another tab has saved meanwhile, and what was to be read made room
  if (await outdated(store, project, faults)) return readNewest(store, project, wanted, work);
  return { used: found?.used ?? null, damaged: await inWords(store, project, faults, () => found?.entry) };
}

/** Without reading gigabytes: which checkpoints lack their manifest or a part. Changed bytes show only when they are loaded. */
export async function findIncomplete(store: KeyValue, project: string): Promise<readonly Damaged[]> {
  const faults: Fault[] = [];
  const entries = await listCheckpoints(store, project);
  const keys = new Set(await store.keys());
  for (const entry of entries) {
    try {
      for (const { name, parts } of (await manifestOf(store, project, entry)).files)
        if (!parts.every(({ key }) => keys.has(key))) damage(`a part of ${name} is missing`);
    } catch (error) {
      faults.push({ entry, fault: faultOf(error) });
    }
  }
  if (await outdated(store, project, faults)) return findIncomplete(store, project);
  const bad = new Set(faults.map(({ entry }) => entry.uuid));
  return inWords(store, project, faults, ({ node, sequence }) =>
    entries.findLast((each) => each.node === node && each.sequence < sequence && !bad.has(each.uuid)),
  );
}

/** What is wrong with a checkpoint; any other error goes on. */
function faultOf(error: unknown): string {
  if (error instanceof StudioError && error.code === "damaged") return error.message;
  throw error;
}

/** Whether any of these does not count any more. */
async function outdated(store: KeyValue, project: string, faults: readonly Fault[]): Promise<boolean> {
  if (faults.length === 0) return false;
  const listed = new Set((await listCheckpoints(store, project)).map(({ uuid }) => uuid));
  return faults.some(({ entry }) => !listed.has(entry.uuid));
}

async function openEntry(store: KeyValue, project: string, entry: CheckpointEntry): Promise<StoredFiles> {
  const { createdAt, files } = await manifestOf(store, project, entry);
  const read = async (wanted: string): Promise<Uint8Array<ArrayBuffer>> => {
    const { name, parts } = files.find((each) => each.name === wanted) ?? damage(`${wanted} is missing`);
    const file = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes, 0));
    let at = 0;
    for (const { key, bytes, sha256: expected } of parts) {
      const part = await store.get(key);
      if (part === undefined) return damage(`a part of ${name} is missing`);
      if (!(part instanceof Uint8Array) || part.length !== bytes) return damage(`a part of ${name} has another size`);
      if ((await sha256(part)) !== expected) return damage(`a part of ${name} has changed (its sha256 differs)`);
      file.set(part, at);
      at += bytes;
    }
    return file;
  };
  return { entry, createdAt, names: files.map(({ name }) => name), read };
}

async function manifestOf(store: KeyValue, project: string, { uuid }: CheckpointEntry) {
  const value = await store.get(keysOf(project).manifests + uuid);
  if (value === undefined) damage("its manifest is missing");
  if (isNewer(value)) damage("it was written by a newer version of the studio");
  return parseManifest(value) ?? damage("its manifest is not readable");
}

function damage(fault: string): never {
  throw new StudioError("damaged", fault);
}

async function inWords(
  store: KeyValue,
  project: string,
  faults: readonly Fault[],
  instead: (entry: CheckpointEntry) => CheckpointEntry | undefined,
): Promise<readonly Damaged[]> {
  const damaged: Damaged[] = [];
  for (const { entry, fault } of faults) {
    const record = await readNode(store, project, entry.node);
    const name = record ? nodeName(record) : "a node";
    const used = instead(entry);
    const then = used ? `Step ${used.step} is used instead.` : "It has no other checkpoint.";
    const reason = `The checkpoint of ${name} at step ${entry.step} cannot be used: ${fault}. ${then}`;
    damaged.push({ entry, reason });
  }
  return damaged;
}

/** Deletes parts and manifests that the head does not name; returns how many. Never while a save is under way elsewhere. */
export async function collectOrphans(store: KeyValue, project: string): Promise<number> {
  const keys = keysOf(project);
  const named = new Set((await listCheckpoints(store, project)).map(({ uuid }) => uuid));
  const orphans = (await store.keys()).filter((key) => {
    const prefix = [keys.parts, keys.manifests].find((start) => key.startsWith(start));
    return prefix !== undefined && !named.has(key.slice(prefix.length).split("/")[0] ?? "");
  });
  if (orphans.length > 0) await store.deleteMany(orphans);
  return orphans.length;
}
