/**
 * @file Projects of schema 1, a chain of iterations, carried over to the tree: iteration k becomes the node "k", so that its
 * reports and its opponent's pictures lie where they are looked for. One transaction: before it the chain is whole, after it the tree.
 */
import * as v from "valibot";
import { BASE } from "../lib/node-name.ts";
import { type CheckpointEntry, entriesOfManifests, headOf, retained } from "./checkpoints.ts";
import type { KeyValue } from "./key-value.ts";
import { count, keysOf, refuseNewer } from "./keys.ts";
import { type NodeRecord, nodeEntry, readNode } from "./nodes.ts";
import { hashOfPairs, hashOfPixels, type PairInfo, pairsEntry } from "./projects.ts";

const chain = v.object({ schema: v.literal(1) });
const moment = { uuid: v.string(), sequence: count, step: count, complete: v.boolean(), iteration: count };
const headSchema = v.object({ schema: v.literal(1), entries: v.array(v.object(moment)) });
const pairsSchema = v.object({
  schema: v.literal(1),
  pairs: v.array(v.object({ id: v.string(), caption: v.string(), side: v.number() })),
});

/** Whether the project is a chain. @throws StudioError `newer` where a later version wrote it: it stays untouched. */
export async function isChain(store: KeyValue, project: string): Promise<boolean> {
  const keys = keysOf(project);
  const [record, head] = [await store.get(keys.record), await store.get(keys.head)];
  for (const value of [record, head]) refuseNewer(value, project);
  return [record, head].some((value) => v.safeParse(chain, value).success);
}

/** Does nothing where there is no chain. Callers hold the project's lock. */
export async function upgrade(store: KeyValue, project: string): Promise<void> {
  if (!(await isChain(store, project))) return;
  const keys = keysOf(project);
  const settings = (await store.keys()).filter((key) => key.startsWith(keys.settings));
  const begun = settings.map((key) => Number(key.slice(keys.settings.length))).filter(Number.isSafeInteger);
  const entries = await entriesOf(store, project);
  const iterations = [...new Set([...begun, ...entries.map(({ node }) => Number(node))])].sort((a, b) => a - b);
  const pairs = await pairsOf(store, project);
  const nodes: NodeRecord[] = [];
  for (const iteration of iterations) {
    const parent = nodes.at(-1)?.id ?? BASE;
    nodes.push({
      id: String(iteration),
      parent,
      opponent: parent,
      iteration,
      number: iteration,
      name: null,
      settings: ((await store.get(keys.settings + iteration)) ?? {}) as NodeRecord["settings"],
      pairs: pairs && (await hashOfPairs(pairs)),
      createdAt: new Date().toISOString(),
      deleted: null,
      gone: false,
    });
  }
  const known = await Promise.all(nodes.map(({ id }) => readNode(store, project, id)));
  const fresh = nodes.filter((_, at) => !known[at]);
  await store.setMany(
    [
      headOf(project, retained(entries)),
      ...fresh.map((node) => nodeEntry(project, node)),
      ...(pairs ? [pairsEntry(project, pairs)] : []),
    ],
    settings,
  );
}

/** As its head lists them, or, where that is lost, whatever has a manifest. */
async function entriesOf(store: KeyValue, project: string): Promise<readonly CheckpointEntry[]> {
  const all = await entriesOfManifests(store, project);
  const head = v.safeParse(headSchema, await store.get(keysOf(project).head));
  if (!head.success) return all;
  return head.output.entries.map(({ iteration, ...entry }) => {
    const bytes = all.find(({ uuid }) => uuid === entry.uuid)?.bytes ?? 0;
    return { ...entry, node: String(iteration), bytes };
  });
}

/** The list with the hashes that it lacked; null where there is none of schema 1. */
async function pairsOf(store: KeyValue, project: string): Promise<readonly PairInfo[] | null> {
  const { record, pairs } = keysOf(project);
  const parsed = v.safeParse(pairsSchema, await store.get(record));
  if (!parsed.success) return null;
  const list: PairInfo[] = [];
  for (const { id, caption, side } of parsed.output.pairs) {
    const key = `${pairs}${id}/${side}`;
    const rgba = await store.get(key);
    list.push({ id, caption, side, key, sha256: rgba instanceof Uint8ClampedArray ? await hashOfPixels(rgba) : "" });
  }
  return list;
}
