/** @file The tree as a whole: its nodes with what each has saved and costs, and what goes when nodes are deleted for good. */
import { StudioError } from "../lib/errors.ts";
import { BASE } from "../lib/node-name.ts";
import {
  type CheckpointEntry,
  collectOrphans,
  findIncomplete,
  headOf,
  listCheckpoints,
  recordInManifest,
} from "./checkpoints.ts";
import type { KeyValue } from "./key-value.ts";
import { keysOf } from "./keys.ts";
import { groundOf, type NodeRecord, nodeEntry, planPurge, readNode } from "./nodes.ts";
import { readPairList } from "./projects.ts";

export interface NodeStanding {
  readonly node: NodeRecord;
  /** the newest whole checkpoint; null where there is none yet */
  readonly newest: CheckpointEntry | null;
  /** its checkpoints and its opponent's pictures */
  readonly bytes: number;
}

export interface Tree {
  /** in the order in which they were begun */
  readonly nodes: readonly NodeStanding[];
  /** what cannot be used any more, a sentence each */
  readonly damaged: readonly string[];
}

/** `spoilt`: checkpoints that were found damaged when they were loaded, and are told already. */
export async function readTree(store: KeyValue, project: string, spoilt: ReadonlySet<string>): Promise<Tree> {
  const keys = keysOf(project);
  const all = await store.keys();
  const entries = await listCheckpoints(store, project);
  const incomplete = (await findIncomplete(store, project)).filter(({ entry }) => !spoilt.has(entry.uuid));
  const bad = new Set([...spoilt, ...incomplete.map(({ entry }) => entry.uuid)]);
  const side = (await readPairList(store, project).catch(() => []))[0]?.side ?? 0;
  const { nodes, damaged } = await readNodes(store, project, all, entries);
  const standings = nodes.map((node): NodeStanding => {
    const own = entries.filter((entry) => entry.node === node.id);
    const pictures = all.filter((key) => key.startsWith(`${keys.pictures}${node.id}/`)).length;
    return {
      node,
      newest: own.findLast(({ uuid }) => !bad.has(uuid)) ?? null,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) + pictures * side * side * 4,
    };
  });
  return { nodes: standings, damaged: [...damaged, ...incomplete.map(({ reason }) => reason)] };
}

/** Records in their order; one that is lost or not readable is taken from the node's newest manifest. */
async function readNodes(
  store: KeyValue,
  project: string,
  keys: readonly string[],
  entries: readonly CheckpointEntry[],
): Promise<{ readonly nodes: readonly NodeRecord[]; readonly damaged: readonly string[] }> {
  const prefix = keysOf(project).nodes;
  const damaged: string[] = [];
  const ids = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const nodes: NodeRecord[] = [];
  for (const id of new Set([...ids, ...entries.map(({ node }) => node)])) {
    const stored = await readNode(store, project, id);
    const newest = entries.findLast(({ node }) => node === id);
    const node = stored ?? (newest ? await recordInManifest(store, project, newest.uuid) : null);
    if (node) nodes.push(node);
    else damaged.push("A node of the tree cannot be read, and is left out.");
  }
  return { nodes: nodes.sort((a, b) => a.number - b.number), damaged };
}

/** Whose node's record of its making a key is; null: nobody's. */
const ofNode = ({ reports, pictures, trajectories, drawings }: ReturnType<typeof keysOf>, key: string): string | null =>
  [reports, pictures, trajectories, drawings].map((prefix) => after(prefix, key)).find((node) => node !== null) ?? null;

/** What a crash left behind: parts, reports, pictures, drawings and pixels that nothing names. Never while a save is under way elsewhere. */
export async function collectLeftovers(store: KeyValue, project: string): Promise<void> {
  const keys = keysOf(project);
  await collectOrphans(store, project);
  const all = await store.keys();
  const nodes = new Set([
    BASE,
    ...all.map((key) => after(keys.nodes, key)),
    ...(await listCheckpoints(store, project)).map(({ node }) => node),
  ]);
  // a list that cannot be read may name all pixels
  const pairs = await readPairList(store, project).catch(() => null);
  const pixels = pairs && new Set(pairs.map(({ key }) => key));
  const gone = all.filter((key) => {
    const node = ofNode(keys, key);
    return node === null ? pixels && key.startsWith(keys.pairs) && !pixels.has(key) : !nodes.has(node);
  });
  if (gone.length > 0) await store.deleteMany(gone);
}

/**
 * Wipes what is marked as deleted, in one transaction, and first whatever a crash left behind. The opponent of a node
 * that is still to be trained stays, and so does its parent before the first save, and for as long as there is a LoRA whoever it
 * lies over: their weights are needed. `living`: the only one goes also where it is not marked, since on a full disk it could not
 * be. Returns the bytes that were freed.
 */
export async function purge(store: KeyValue, project: string, only: string | null, living = false): Promise<number> {
  const keys = keysOf(project);
  await collectLeftovers(store, project);
  const marked = new Date().toISOString();
  const nodes = (await readTree(store, project, new Set())).nodes.map((standing) =>
    living && standing.node.id === only ? { ...standing, node: { ...standing.node, deleted: marked } } : standing,
  );
  const needed = new Set<string>();
  for (const { node, newest } of nodes) {
    if (node.deleted !== null || node.gone || newest?.complete) continue;
    needed.add(node.opponent);
    if (!newest) needed.add(node.parent);
  }
  if (only !== null) for (const { node } of nodes) if (node.id !== only) needed.add(node.id);
  const find = (id: string): NodeRecord | null => nodes.find(({ node }) => node.id === id)?.node ?? null;
  for (const { node } of nodes) {
    if ((node.deleted !== null || node.gone) && !needed.has(node.id)) continue;
    for (let over: NodeRecord | null = node; over; ) {
      const ground: string | null = await groundOf(over, find);
      if (ground !== null) needed.add(ground);
      over = ground === null ? null : find(ground);
    }
  }
  needed.delete(BASE);
  const { wiped, stubs } = planPurge(
    nodes.map(({ node }) => node),
    needed,
  );
  if (wiped.size === 0) return 0;
  const entries = await listCheckpoints(store, project);
  const uuids = new Set(entries.filter(({ node }) => wiped.has(node)).map(({ uuid }) => uuid));
  const gone = (await store.keys()).filter((key) => {
    const node = ofNode(keys, key);
    const uuid = after(keys.manifests, key) ?? after(keys.parts, key);
    const record = after(keys.nodes, key);
    return (
      (node !== null && wiped.has(node)) ||
      (uuid !== null && uuids.has(uuid)) ||
      (record !== null && wiped.has(record) && !stubs.has(record))
    );
  });
  const left = nodes
    .filter(({ node }) => stubs.has(node.id))
    .map(({ node }) => nodeEntry(project, { ...node, gone: true }));
  const head = headOf(
    project,
    entries.filter(({ node }) => !wiped.has(node)),
  );
  try {
    await store.setMany([head, ...left], gone);
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== "quota") throw error;
    // a full disk takes deletions alone; a list that is lost is made again from the manifests that are left
    await store.deleteMany([...gone, keys.head]);
    await store.setMany([head, ...left]);
  }
  return nodes.filter(({ node }) => wiped.has(node.id)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What stands after the prefix, up to the next slash; null for keys without the prefix. */
function after(prefix: string, key: string): string | null {
  return key.startsWith(prefix) ? (key.slice(prefix.length).split("/")[0] ?? null) : null;
}
