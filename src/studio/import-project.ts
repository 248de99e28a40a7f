/** @file A project out of a zip into storage, in place of what is there. Nothing changes before all of it is read and written. */
import { decode as decodePng } from "fast-png";
import * as v from "valibot";
import { BASE, nodeName } from "../lib/node-name.ts";
import { sha256 } from "../lib/sha256.ts";
import { isPlainPng } from "../pairs/plain-png.ts";
import { openZip } from "../pairs/zip.ts";
import { type CheckpointEntry, headOf, naming, writeParts } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { isOf } from "../storage/keys.ts";
import { type NodeRecord, nodeEntry } from "../storage/nodes.ts";
import {
  noteEntry,
  pairsEntry,
  type StoredPair,
  writePicture,
  writePixels,
  writeReports,
} from "../storage/projects.ts";
import { type Vote, voteEntry } from "../storage/votes.ts";
import {
  fileSchema,
  notesFile,
  type ProjectFile,
  projectFile,
  projectJson,
  refuseFile,
  reportsFile,
  voteLine,
} from "./project-file.ts";

const path = "project.zip";
/** of one member: weights of a large model */
const MOST_BYTES = 2 ** 31;
/** of one that is text */
const MOST_TEXT = 64 * 2 ** 20;

type Bytes = Uint8Array<ArrayBuffer>;
/** Null where there is none of that size, or none of at most `most` bytes; then nothing is unpacked. */
type Read = (name: string, size: number | null, most: number) => Promise<Bytes | null>;

class Members {
  readonly told: ProjectFile;
  /** what was left out, a sentence each */
  readonly damaged: string[] = [];
  readonly #read: Read;

  constructor(told: ProjectFile, read: Read) {
    this.told = told;
    this.#read = read;
  }

  /** A member that is what project.json says of it; null where it is not. */
  async take(name: string, most = MOST_TEXT): Promise<Bytes | null> {
    const expected = Object.hasOwn(this.told.files, name) ? this.told.files[name] : undefined;
    const bytes = expected ? await this.#read(name, expected.bytes, most) : null;
    return bytes && (await sha256(bytes)) === expected?.sha256 ? bytes : null;
  }

  /** RGBA; null where the file is damaged or is another picture than it should be. */
  async picture(name: string, side: number): Promise<Uint8ClampedArray<ArrayBuffer> | null> {
    const bytes = await this.take(name, 5 * side * side + 2 ** 16);
    if (!bytes || !isPlainPng(bytes, side)) return null;
    try {
      return new Uint8ClampedArray(decodePng(bytes).data);
    } catch {
      return null;
    }
  }

  /** For a person to know: this is missing now. */
  lack(what: string): null {
    this.damaged.push(`${what} is damaged in the file and was left out.`);
    return null;
  }
}

async function open(bytes: Bytes): Promise<Members> {
  const { files } = await openZip({ path, bytes: async () => bytes }, MOST_BYTES).catch((error: Error) =>
    refuseFile(error.message.replace(/\.$/, "")),
  );
  const members = new Map(files.map((file) => [file.path, file]));
  const read: Read = async (name, size, most) => {
    const file = members.get(`${path}/${name}`);
    if (!file || (size !== null && file.size !== size) || (file.size ?? 0) > most) return null;
    return new Uint8Array(await file.bytes().catch(() => new Uint8Array(0)));
  };
  const json = await read(projectJson, null, MOST_TEXT);
  if (!json) return refuseFile(`it is a zip without a readable ${projectJson}, so no project of SPIN Studio`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    return refuseFile(`${projectJson} is damaged`);
  }
  const schema = v.safeParse(v.object({ schema: v.number() }), value);
  if (schema.success && schema.output.schema > fileSchema) refuseFile("a newer version of the studio wrote it");
  const told = v.safeParse(projectFile, value);
  if (!told.success) return refuseFile(`${projectJson} is not as the studio writes it`);
  return new Members(told.output, read);
}

/** Returns what was left out, a sentence each. @throws StudioError `project-file`; the project is then as it was. */
export async function importProject(store: KeyValue, project: string, bytes: Bytes): Promise<readonly string[]> {
  const members = await open(bytes);
  const before = (await store.keys()).filter(isOf(project));
  const pairs = await writePixels(store, project, await pairsOf(members));
  const nodes = await nodesOf(store, project, members);
  const votes = await votesOf(members, nodes.ids);
  const entries = nodes.checkpoints.map(({ entry }) => entry);
  const naming: (readonly [string, unknown])[] = [
    pairsEntry(project, pairs),
    headOf(project, entries),
    ...nodes.records.map((node) => nodeEntry(project, node)),
    ...nodes.checkpoints.map(({ manifest }) => manifest),
    ...votes.map((vote) => voteEntry(project, vote)),
    ...(await notesOf(members, nodes.ids)).map(([name, value]) => noteEntry(project, name, value)),
  ];
  const named = new Set([...naming.map(([key]) => key), ...pairs.map(({ key }) => key)]);
  await store.setMany(
    naming,
    before.filter((key) => !named.has(key)),
  );
  return members.damaged;
}

async function pairsOf(members: Members): Promise<readonly StoredPair[]> {
  const pairs: StoredPair[] = [];
  for (const { file, ...pair } of members.told.pairs) {
    const rgba = await members.picture(file, pair.side);
    if (rgba) pairs.push({ ...pair, rgba });
    else members.lack(`The picture of "${pair.caption.slice(0, 80)}"`);
  }
  return pairs;
}

interface Nodes {
  /** id in the file -> id here: the same file may be opened into a project that has it already */
  readonly ids: ReadonlyMap<string, string>;
  readonly records: readonly NodeRecord[];
  readonly checkpoints: readonly ReturnType<typeof naming>[];
}

async function nodesOf(store: KeyValue, project: string, members: Members): Promise<Nodes> {
  const ids = new Map([[BASE, BASE], ...members.told.nodes.map(({ id }) => [id, crypto.randomUUID()] as const)]);
  const here = (id: string): string => ids.get(id) ?? BASE;
  const records: NodeRecord[] = [];
  const checkpoints: { readonly entry: CheckpointEntry; readonly manifest: readonly [string, unknown] }[] = [];
  for (const { checkpoint, opponents, reports, ...told } of members.told.nodes) {
    const files = checkpoint && (await filesOf(members, checkpoint.files));
    const lost = checkpoint !== null && files === null;
    if (lost) members.lack(`The checkpoint of ${nodeName(told)}`);
    const node: NodeRecord = {
      ...told,
      id: here(told.id),
      parent: here(told.parent),
      opponent: here(told.opponent),
      // its place in the tree is all that is left of it
      gone: told.gone || lost,
      deleted: lost ? (told.deleted ?? new Date().toISOString()) : told.deleted,
    };
    records.push(node);
    if (node.gone) continue;
    for (const { file, index, ...picture } of opponents) {
      const rgba = await members.picture(file, picture.side);
      if (rgba) await writePicture(store, project, node.id, index, { ...picture, rgba });
      else members.lack(`A picture of ${nodeName(node)}’s opponent`);
    }
    const list = v.safeParse(reportsFile, reports === null ? null : parsed(await members.take(reports)));
    if (list.success) await writeReports(store, project, node.id, list.output);
    else if (reports !== null) members.lack(`The curve of ${nodeName(node)}`);
    if (!checkpoint || !files) continue;
    const uuid = crypto.randomUUID();
    const parts = await writeParts(store, project, uuid, files);
    const { step, complete } = checkpoint;
    checkpoints.push(naming(project, node, { uuid, sequence: checkpoints.length + 1, step, complete }, parts));
  }
  return { ids, records, checkpoints };
}

/** All or none. */
async function filesOf(members: Members, names: readonly string[]): Promise<Map<string, Uint8Array> | null> {
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const bytes = await members.take(name, MOST_BYTES);
    if (!bytes) return null;
    files.set(name.slice(name.lastIndexOf("/") + 1), bytes);
  }
  return files;
}

async function votesOf(members: Members, ids: ReadonlyMap<string, string>): Promise<readonly Vote[]> {
  const { votes: name } = members.told;
  const bytes = name === null ? null : await members.take(name);
  if (!bytes && name !== null) members.lack("The list of votes");
  const lines = bytes ? new TextDecoder().decode(bytes).split("\n").filter(Boolean) : [];
  const votes = lines.flatMap((line): Vote[] => {
    const vote = v.safeParse(voteLine, parsed(new TextEncoder().encode(line)));
    const [a, b] = vote.success ? [ids.get(vote.output.a), ids.get(vote.output.b)] : [];
    return vote.success && a && b ? [{ ...vote.output, a, b }] : [];
  });
  const lost = lines.length - votes.length;
  if (lost > 0) members.lack(lost === 1 ? "A vote" : `Each of ${lost} votes`);
  return votes;
}

/** What they say of a node, they say of the node as it is called here: ids are known by their looks. */
async function notesOf(members: Members, ids: ReadonlyMap<string, string>): Promise<readonly [string, unknown][]> {
  const { notes: name } = members.told;
  if (name === null) return [];
  const text = new TextDecoder().decode((await members.take(name)) ?? new Uint8Array(0));
  const renamed = text.replace(/"([\w-]{36})"/g, (whole, id: string) => (ids.has(id) ? `"${ids.get(id)}"` : whole));
  const notes = v.safeParse(notesFile, parsed(new TextEncoder().encode(renamed)));
  if (notes.success) return Object.entries(notes.output);
  members.lack("What the screens remember");
  return [];
}

function parsed(bytes: Uint8Array | null): unknown {
  try {
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
