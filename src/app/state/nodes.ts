/** @file The tree, as components ask for it: names, numbers in addresses, and what the next iteration grows from. */
import { BASE, defaultName, nodeName } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo } from "../../studio/api.ts";
import type { Growth, StudioState } from "./studio-state.ts";

type WithNodes = Pick<StudioState, "nodes">;

export function nodeOf({ nodes }: WithNodes, id: NodeId | null): NodeInfo | undefined {
  return nodes.find((node) => node.id === id);
}

/** "Base", "SPIN 2", or what a person named it. */
export function nameOf(state: WithNodes, id: NodeId): string {
  const node = nodeOf(state, id);
  return id === BASE || node === undefined ? "Base" : nodeName(node);
}

/** Finished nodes that were not deleted, in the order in which they were grown. */
export function keptNodes({ nodes }: WithNodes): readonly NodeInfo[] {
  return nodes.filter((node) => node.state === "kept" && node.deleted === null);
}

/** Base and every finished node: whatever can draw. */
export function models(state: WithNodes): readonly NodeId[] {
  return [BASE, ...keptNodes(state).map(({ id }) => id)];
}

/** The newest finished node, or Base. */
export function newest(state: WithNodes): NodeId {
  return models(state).at(-1) ?? BASE;
}

/** What could be deleted to make room: what the run under way does not need, and what is deleted already first. */
export function spare(state: Pick<StudioState, "nodes" | "current">): readonly NodeInfo[] {
  const { nodes, current } = state;
  const run = nodeOf(state, current?.node ?? null);
  const needed = [run?.id, run?.opponent, run?.parent, current?.opponent];
  const there = nodes.filter(({ id, bytes }) => bytes > 0 && !needed.includes(id));
  return there.toSorted((a, b) => Number(a.deleted === null) - Number(b.deleted === null));
}

/** In an address: 0 is Base. */
export function numberOf(state: WithNodes, id: NodeId): number {
  return nodeOf(state, id)?.number ?? 0;
}

/** Null where no such node is in the tree. */
export function idOf({ nodes }: WithNodes, number: number): NodeId | null {
  return number === 0 ? BASE : (nodes.find((node) => node.number === number)?.id ?? null);
}

/** What the next iteration will be: chosen, or the newest node's child against it. */
export interface NextNode extends Growth {
  readonly iteration: number;
  readonly number: number;
  readonly title: string;
}

export function nextNode(state: Pick<StudioState, "nodes" | "next">): NextNode {
  const { nodes, next } = state;
  const parent = next.parent ?? newest(state);
  const iteration = (nodeOf(state, parent)?.iteration ?? 0) + 1;
  const name = next.name ?? null;
  return {
    parent,
    opponent: next.opponent ?? parent,
    name,
    iteration,
    number: Math.max(0, ...nodes.map((node) => node.number)) + 1,
    title: name ?? defaultName(iteration, nodes),
  };
}

/** The list with this node in it, as it now is. */
export function withNode(nodes: readonly NodeInfo[], node: NodeInfo): readonly NodeInfo[] {
  return [...nodes.filter(({ id }) => id !== node.id), node].sort((a, b) => a.number - b.number);
}
