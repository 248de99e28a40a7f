/** @file The nodes of a project's tree: from whom each came, against whom it played, under which settings. A node's weights are its checkpoints. */
import * as v from "valibot";
import type { KeyValue } from "./key-value.ts";
import { count, keysOf, refuseNewer, schema } from "./keys.ts";

const nodeFields = {
  id: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)),
  /** a node or `base`: where its training started */
  parent: v.string(),
  /** a node or `base`: who it learns to beat */
  opponent: v.string(),
  /** its depth, 1, 2, …: the paper's k + 1 */
  iteration: count,
  /** counts the project's nodes from 1 */
  number: count,
  name: v.nullable(v.string()),
  settings: v.record(v.string(), v.unknown()),
  /** sha256 of the pairs that it was begun with; null before its first start */
  pairs: v.nullable(v.string()),
  /** whatever decided its bits when it was last started; absent before its first start */
  numerics: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))),
  /** absent where it was trained: LoRAs that a person has, taken as a node */
  brought: v.optional(
    v.object({
      loras: v.array(v.object({ name: v.string(), multiplier: v.number() })),
      /** they are merged into the weights, and the node's own LoRA is none; else the one LoRA is the node's own, trained on as it is */
      under: v.boolean(),
      /** they adapt the text encoder too */
      text: v.boolean(),
    }),
  ),
  createdAt: v.string(),
  /** when it was deleted; it can be restored */
  deleted: v.nullable(v.string()),
  /** deleted for good: nothing is left but this record, for the nodes that came from it */
  gone: v.boolean(),
};
export const nodeSchema = v.object({ schema: v.literal(schema), ...nodeFields });
const recordSchema = v.object(nodeFields);
export type NodeRecord = Readonly<v.InferOutput<typeof recordSchema>>;

export const nodeEntry = (project: string, node: NodeRecord) =>
  [keysOf(project).nodes + node.id, { schema, ...node }] as const;

export async function writeNode(store: KeyValue, project: string, node: NodeRecord): Promise<void> {
  await store.setMany([nodeEntry(project, node)]);
}

/** Null where there is none that can be read. @throws StudioError `newer` */
export async function readNode(store: KeyValue, project: string, id: string): Promise<NodeRecord | null> {
  const value = await store.get(keysOf(project).nodes + id);
  refuseNewer(value, project);
  return parseNode(value);
}

/** A record without its schema number. */
export function parseNode(value: unknown): NodeRecord | null {
  const parsed = v.safeParse(nodeSchema, value);
  if (!parsed.success) return null;
  const { schema: _, ...node } = parsed.output;
  return node;
}

/** What a node's network trains: all of the UNet, rank 0, or a LoRA. */
export interface Trains {
  readonly train: "full" | "lora";
  readonly rank: number;
}

export function trainsOf({ settings: { train, rank } }: Pick<NodeRecord, "settings">): Trains {
  return train === "lora" && typeof rank === "number" ? { train, rank } : { train: "full", rank: 0 };
}

export const sameTrains = (a: Trains, b: Trains): boolean => a.train === b.train && a.rank === b.rank;

/**
 * Over whose weights a node's LoRA lies: its parent's, or where the parent is a LoRA of the same rank, which the node goes on
 * with, over whose that one lies. What was merged from LoRAs is never gone on with, as if it were a base. Null: the node holds all of its weights itself.
 */
export async function groundOf(
  node: Pick<NodeRecord, "settings" | "parent">,
  find: (id: string) => NodeRecord | null | Promise<NodeRecord | null>,
): Promise<string | null> {
  const own = trainsOf(node);
  if (own.train === "full") return null;
  let ground = node.parent;
  const goneOnWith = (parent: NodeRecord | null): parent is NodeRecord =>
    parent !== null && !parent.brought?.under && sameTrains(trainsOf(parent), own);
  for (let parent = await find(ground); goneOnWith(parent); parent = await find(ground)) ground = parent.parent;
  return ground;
}

/** What a purge would do. `needed`: nodes whose weights another node still wants. */
export interface Purge {
  /** their data go */
  readonly wiped: ReadonlySet<string>;
  /** wiped nodes whose record stays: a living node descends from them or played against them */
  readonly stubs: ReadonlySet<string>;
}

export function planPurge(nodes: readonly NodeRecord[], needed: ReadonlySet<string>): Purge {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const wiped = new Set(nodes.filter((n) => n.gone || (n.deleted !== null && !needed.has(n.id))).map((n) => n.id));
  const stubs = new Set<string>();
  const name = (id: string): void => {
    const node = known.get(id);
    if (!node || !wiped.has(id) || stubs.has(id)) return;
    stubs.add(id);
    name(node.parent);
  };
  for (const node of nodes) {
    if (wiped.has(node.id)) continue;
    name(node.parent);
    name(node.opponent);
  }
  return { wiped, stubs };
}
