/** @file A project out of a zip into storage, in place of what is there. Nothing changes before all of it is read and written. */
import { decode as decodePng } from "fast-png";
import * as v from "valibot";
import { BASE, nodeName } from "../lib/node-name.ts";
import { sha256 } from "../lib/sha256.ts";
import { openZip } from "../pairs/zip.ts";
import { type CheckpointEntry, headOf, naming, writeParts } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { isOf } from "../storage/keys.ts";
import { type NodeRecord, nodeEntry } from "../storage/nodes.ts";
import { pairsEntry, type StoredPair, writePicture, writePixels, writeReports } from "../storage/projects.ts";
import { type Vote, voteEntry, voteSchema } from "../storage/votes.ts";
import { fileSchema, type ProjectFile, projectFile, projectJson, refuseFile } from "./project-file.ts";

const path = "project.zip";
/** of one member: weights of a large model */
const MOST_BYTES = 2 ** 31;

class Members {
  readonly told: ProjectFile;
  /** what was left out, a sentence each */
  readonly damaged: string[] = [];
  readonly #read: (name: string) => Promise<Uint8Array<ArrayBuffer> | null>;

  constructor(told: ProjectFile, read: Members["take"]) {
    this.told = told;
    this.#read = read;
  }

  /** A member that is what project.json says of it; null where it is not. */
  async take(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const expected = Object.hasOwn(this.told.files, name) ? this.told.files[name] : undefined;
    const bytes = expected ? await this.#read(name) : null;
    return bytes && bytes.length === expected?.bytes && (await sha256(bytes)) === expected.sha256 ? bytes : null;
  }

  /** RGBA; null where the file is damaged or is another picture than it should be. */
  async picture(name: string, side: number): Promise<Uint8ClampedArray<ArrayBuffer> | null> {
    const bytes = await this.take(name);
    try {
      const png = bytes && decodePng(bytes);
      if (!png || png.width !== side || png.height !== side || png.channels !== 4 || png.depth !== 8) return null;
      return new Uint8ClampedArray(png.data);
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

async function open(bytes: Uint8Array<ArrayBuffer>): Promise<Members> {
  const { files } = await openZip({ path, bytes: async () => bytes }, MOST_BYTES).catch((error: Error) =>
    refuseFile(error.message.replace(/\.$/, "")),
  );
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer> | null> => {
    const file = files.find((each) => each.path === `${path}/${name}`);
    return file ? new Uint8Array(await file.bytes()) : null;
  };
  const json = await read(projectJson).catch(() => null);
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
  return new Members(told.output, (name) => read(name).catch(() => null));
}

/** Returns what was left out, a sentence each. @throws StudioError `project-file`; the project is then as it was. */
export async function importProject(
  store: KeyValue,
  project: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<readonly string[]> {
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
    const list = reports === null ? null : parsed(await members.take(reports));
    if (Array.isArray(list)) await writeReports(store, project, node.id, list);
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
    const bytes = await members.take(name);
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
  return lines.flatMap((line): Vote[] => {
    const vote = v.safeParse(voteSchema, parsed(new TextEncoder().encode(line)));
    const [a, b] = vote.success ? [ids.get(vote.output.a), ids.get(vote.output.b)] : [];
    return vote.success && a && b ? [{ ...vote.output, a, b }] : [];
  });
}

function parsed(bytes: Uint8Array | null): unknown {
  try {
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
