/** @file What may be done to the tree of nodes, and how the page is shown it. Callers hold the project's lock where they write. */
import { StudioError } from "../lib/errors.ts";
import { BASE, cleanName, defaultName, nodeName } from "../lib/node-name.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { type NodeRecord, writeNode } from "../storage/nodes.ts";
import { readPairList, readReports } from "../storage/projects.ts";
import { type NodeStanding, readTree } from "../storage/tree.ts";
import type { GrowRequest, NodeId, NodeInfo, ProjectState, SpinSettings } from "./api.ts";
import type { Damage } from "./damage.ts";
import { backendOf } from "./other-numerics.ts";

export function infoOf({ node, newest, bytes }: NodeStanding): NodeInfo {
  const { id, parent, opponent, iteration, number, name, createdAt, deleted, brought } = node;
  const settings = node.settings as unknown as SpinSettings;
  const state = node.gone ? "gone" : newest?.complete ? "kept" : "begun";
  const step = newest?.step ?? 0;
  return {
    id,
    parent,
    opponent,
    iteration,
    number,
    name,
    settings,
    createdAt,
    backend: backendOf(node),
    state,
    step,
    of: settings.steps,
    bytes,
    deleted,
    brought: brought ? { loras: brought.loras, under: brought.under } : null,
  };
}

/** Without what only the tabs know. */
export async function projectState(
  store: KeyValue,
  project: string,
  { spoilt }: Damage,
): Promise<Omit<ProjectState, "elsewhere">> {
  const pairs = await readPairList(store, project);
  const { nodes, damaged } = await readTree(store, project, new Set(spoilt.keys()));
  return {
    project,
    pairs: pairs.map(({ id, caption, sha256 }) => ({ id, caption, sha256 })),
    nodes: nodes.map(infoOf),
    reports: Object.fromEntries(await readReports(store, project)) as ProjectState["reports"],
    damaged: [...damaged, ...spoilt.values()],
  };
}

/** @throws StudioError `no-node` */
export async function standingOf(
  store: KeyValue,
  project: string,
  id: NodeId,
  { spoilt }: Damage,
): Promise<NodeStanding> {
  const { nodes } = await readTree(store, project, new Set(spoilt.keys()));
  const found = nodes.find(({ node }) => node.id === id);
  if (!found) throw new StudioError("no-node", "This node is not in the project any more.", "Load the page again.");
  return found;
}

/** @throws StudioError `parent` where a node does not stand to grow from or to play against. */
export async function grow(
  store: KeyValue,
  { project, parent, opponent, name, settings }: GrowRequest,
  { spoilt }: Damage,
): Promise<NodeInfo> {
  const { nodes } = await readTree(store, project, new Set(spoilt.keys()));
  const depth = (id: NodeId, role: string): number => {
    if (id === BASE) return 0;
    const found = nodes.find(({ node }) => node.id === id);
    if (!found || found.node.gone || found.node.deleted !== null)
      throw new StudioError("parent", `The ${role} was deleted.`, "Restore it, or choose another.");
    if (!found.newest?.complete)
      throw new StudioError("parent", `${nodeName(found.node)} is not finished, and a finished ${role} was expected.`);
    return found.node.iteration;
  };
  depth(opponent, "opponent");
  const iteration = depth(parent, "parent") + 1;
  if (settings.train === "full" && readsOtherwise(parent, nodes))
    throw new StudioError(
      "parent",
      "The LoRA that this would start from adapts the text encoder too, which training of all weights would lose.",
      "Train a LoRA over it.",
    );
  const node = newRecord({ parent, opponent, iteration, name, settings }, nodes);
  await writeNode(store, project, node);
  return infoOf({ node, newest: null, bytes: 0 });
}

/** Whether a node has another text encoder than the model as it came. */
function readsOtherwise(id: NodeId, nodes: readonly NodeStanding[]): boolean {
  const node = nodes.find((standing) => standing.node.id === id)?.node;
  return node !== undefined && (node.brought?.text === true || readsOtherwise(node.parent, nodes));
}

type Place = Pick<NodeRecord, "parent" | "opponent" | "iteration" | "name"> & { readonly settings: SpinSettings };

/** Of a node that is yet to be written, the next of these. */
export function newRecord(
  { parent, opponent, iteration, name, settings }: Place,
  nodes: readonly NodeStanding[],
): NodeRecord {
  return {
    id: crypto.randomUUID(),
    parent,
    opponent,
    iteration,
    number: Math.max(0, ...nodes.map((standing) => standing.node.number)) + 1,
    name: chosenName(name, iteration, nodes),
    settings: { ...settings },
    pairs: null,
    createdAt: new Date().toISOString(),
    deleted: null,
    gone: false,
  };
}

/** @throws StudioError `gone` for a node that was deleted for good. */
export async function changeNode(
  store: KeyValue,
  project: string,
  id: NodeId,
  change: Partial<Pick<NodeRecord, "deleted" | "pairs" | "numerics">>,
  damage: Damage,
): Promise<NodeInfo> {
  const standing = await standingOf(store, project, id, damage);
  if (standing.node.gone)
    throw new StudioError("gone", `${nodeName(standing.node)} was deleted for good, so it cannot be changed.`);
  const node = { ...standing.node, ...change };
  await writeNode(store, project, node);
  return infoOf({ ...standing, node });
}

export async function renameNode(
  store: KeyValue,
  project: string,
  id: NodeId,
  name: string | null,
  damage: Damage,
): Promise<NodeInfo> {
  const { nodes } = await readTree(store, project, new Set(damage.spoilt.keys()));
  const standing = await standingOf(store, project, id, damage);
  const others = nodes.filter(({ node }) => node.id !== id);
  const node = { ...standing.node, name: chosenName(name, standing.node.iteration, others) };
  await writeNode(store, project, node);
  return infoOf({ ...standing, node });
}

/** A person's name, or the default where it is not plainly "SPIN k". */
function chosenName(name: string | null, iteration: number, others: readonly NodeStanding[]): string | null {
  const given = cleanName(name);
  const named =
    given ??
    defaultName(
      iteration,
      others.map(({ node }) => node),
    );
  return named === nodeName({ name: null, iteration }) ? null : named;
}
