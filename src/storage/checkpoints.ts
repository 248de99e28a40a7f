/**
 * @file Checkpoints that survive a crash at any moment. Parts are written first under keys never used before, then one
 * transaction names them: the manifest and the head. What is not named does not exist. Loading believes hashes only, and goes
 * back to the checkpoint before where one is damaged. Callers hold the project's lock: one writer at a time.
 *
 *   part/<project>/<uuid>/<n>      at most 32 MB
 *   manifest/<project>/<uuid>      what it is, and its parts with their hashes
 *   head/<project>                 the checkpoints that count, oldest first
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import type { KeyValue } from "./key-value.ts";

export interface Moment {
  readonly iteration: number;
  readonly step: number;
  /** the iteration is finished: this is the checkpoint to keep */
  readonly complete: boolean;
}

export interface CheckpointEntry extends Moment {
  readonly uuid: string;
  /** counts saves; clocks may run backwards */
  readonly sequence: number;
}

export interface Damaged {
  readonly entry: CheckpointEntry;
  /** a sentence */
  readonly reason: string;
}

export interface Loaded {
  readonly entry: CheckpointEntry;
  readonly createdAt: string;
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const schema = 1;
const maxPartBytes = 32 * 2 ** 20;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entryFields = { uuid: v.string(), sequence: count, iteration: count, step: count, complete: v.boolean() };
const headSchema = v.object({ schema: v.literal(schema), entries: v.array(v.object(entryFields)) });
const partSchema = v.object({ key: v.string(), bytes: v.pipe(count, v.maxValue(maxPartBytes)), sha256: v.string() });
const manifestSchema = v.object({
  schema: v.literal(schema),
  ...entryFields,
  createdAt: v.string(),
  files: v.array(v.object({ name: v.string(), parts: v.array(partSchema) })),
});
type Manifest = v.InferOutput<typeof manifestSchema>;

const keysOf = (project: string) => {
  const name = encodeURIComponent(project);
  return { head: `head/${name}`, manifests: `manifest/${name}/`, parts: `part/${name}/` };
};

/** Resolves when the checkpoint is on disk. @throws StudioError `quota` or `storage`; the earlier ones are then as they were. */
export async function saveCheckpoint(
  store: KeyValue,
  project: string,
  moment: Moment,
  files: ReadonlyMap<string, Uint8Array>,
  partBytes = maxPartBytes,
): Promise<CheckpointEntry> {
  const keys = keysOf(project);
  const before = await listCheckpoints(store, project);
  const uuid = crypto.randomUUID();
  const written: Manifest["files"] = [];
  let n = 0;
  for (const [name, bytes] of files) {
    const parts: Manifest["files"][number]["parts"] = [];
    for (let at = 0; at < bytes.length; at += partBytes) {
      // a copy: a view would take its whole buffer along
      const part = new Uint8Array(bytes.subarray(at, at + partBytes));
      const key = `${keys.parts}${uuid}/${n++}`;
      await store.setMany([[key, part]]);
      parts.push({ key, bytes: part.length, sha256: await sha256(part) });
    }
    written.push({ name, parts });
  }
  const entry: CheckpointEntry = { uuid, sequence: (before.at(-1)?.sequence ?? 0) + 1, ...moment };
  const manifest: Manifest = { schema, ...entry, createdAt: new Date().toISOString(), files: written };
  await store.setMany([
    [keys.manifests + uuid, manifest],
    [keys.head, { schema, entries: retained([...before, entry]) }],
  ]);
  // the save stands, whatever becomes of the cleaning: what it leaves is collected later
  await collectOrphans(store, project).catch(() => 0);
  return entry;
}

/** Of the newest iteration the two newest checkpoints, of each earlier one the complete one. */
function retained(entries: readonly CheckpointEntry[]): readonly CheckpointEntry[] {
  const newest = entries.at(-1)?.iteration;
  const current = entries.filter(({ iteration }) => iteration === newest).slice(-2);
  const complete = new Map(entries.filter((entry) => entry.complete).map((entry) => [entry.iteration, entry]));
  return entries.filter(
    (entry) => current.includes(entry) || (entry.iteration !== newest && complete.get(entry.iteration) === entry),
  );
}

/** Oldest first. A head that is lost is made again from the manifests. */
export async function listCheckpoints(store: KeyValue, project: string): Promise<readonly CheckpointEntry[]> {
  const keys = keysOf(project);
  const head = await store.get(keys.head);
  if (isNewer(head)) {
    throw new StudioError(
      "newer",
      `The project "${project}" was saved by a newer version of the studio.`,
      "Reload the page.",
    );
  }
  const parsed = v.safeParse(headSchema, head);
  if (parsed.success) return parsed.output.entries;
  const entries: CheckpointEntry[] = [];
  for (const key of await store.keys()) {
    if (!key.startsWith(keys.manifests)) continue;
    const value = await store.get(key);
    refuseNewer(value, project);
    const manifest = v.safeParse(manifestSchema, value);
    if (!manifest.success) continue;
    const { uuid, sequence, iteration, step, complete } = manifest.output;
    entries.push({ uuid, sequence, iteration, step, complete });
  }
  return entries.sort((a, b) => a.sequence - b.sequence);
}

/** An old tab must neither read nor tidy away what a newer one wrote. */
function refuseNewer(value: unknown, project: string): void {
  if (!isNewer(value)) return;
  throw new StudioError(
    "newer",
    `The project "${project}" was saved by a newer version of the studio.`,
    "Reload the page.",
  );
}

function isNewer(value: unknown): boolean {
  const found = v.safeParse(v.object({ schema: v.number() }), value);
  return found.success && found.output.schema > schema;
}

/** The newest whole checkpoint among those that are wanted, and the newer ones that were passed over, with the reason. */
export async function loadNewest(
  store: KeyValue,
  project: string,
  wanted: (entry: CheckpointEntry) => boolean = () => true,
): Promise<{ readonly loaded: Loaded | null; readonly damaged: readonly Damaged[] }> {
  const damaged: Damaged[] = [];
  for (const entry of [...(await listCheckpoints(store, project))].reverse().filter(wanted)) {
    try {
      return { loaded: await loadEntry(store, project, entry), damaged };
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== "damaged") throw error;
      damaged.push({ entry, reason: error.message });
    }
  }
  return { loaded: null, damaged };
}

async function loadEntry(store: KeyValue, project: string, entry: CheckpointEntry): Promise<Loaded> {
  const value = await store.get(keysOf(project).manifests + entry.uuid);
  if (value === undefined) damage(entry, "its manifest is missing");
  if (isNewer(value)) damage(entry, "it was written by a newer version of the studio");
  const manifest = v.safeParse(manifestSchema, value);
  if (!manifest.success) return damage(entry, "its manifest is not readable");
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, parts } of manifest.output.files) {
    const file = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes, 0));
    let at = 0;
    for (const { key, bytes, sha256: expected } of parts) {
      const part = await store.get(key);
      if (part === undefined) return damage(entry, `a part of ${name} is missing`);
      if (!(part instanceof Uint8Array) || part.length !== bytes)
        return damage(entry, `a part of ${name} has another size`);
      if ((await sha256(part)) !== expected) return damage(entry, `a part of ${name} has changed (its sha256 differs)`);
      file.set(part, at);
      at += bytes;
    }
    files.set(name, file);
  }
  return { entry, createdAt: manifest.output.createdAt, files };
}

function damage({ iteration, step }: CheckpointEntry, fault: string): never {
  throw new StudioError(
    "damaged",
    `The checkpoint of iteration ${iteration} at step ${step} cannot be used: ${fault}.`,
  );
}

/** Takes checkpoints off the list, then deletes them. */
export async function deleteCheckpoints(
  store: KeyValue,
  project: string,
  unwanted: (entry: CheckpointEntry) => boolean,
): Promise<void> {
  const entries = (await listCheckpoints(store, project)).filter((entry) => !unwanted(entry));
  await store.setMany([[keysOf(project).head, { schema, entries }]]);
  await collectOrphans(store, project);
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

/** Everything of the project, at once. */
export async function forgetCheckpoints(store: KeyValue, project: string): Promise<void> {
  const { head, manifests, parts } = keysOf(project);
  const all = (await store.keys()).filter((key) => key.startsWith(manifests) || key.startsWith(parts));
  await store.deleteMany([head, ...all]);
}
