/** @file The pictures by which nodes are known in the tree: prompt 1, its seed, the same for all. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo } from "../../studio/api.ts";
import { nodeOf } from "./nodes.ts";
import { cellKey, isRunning } from "./selectors.ts";
import type { Prompt, StudioState } from "./studio-state.ts";

/** One that waits draws from the step at which it stands. */
const faceCell = (node: NodeInfo): NodeId => (node.state === "begun" ? `${node.id}@${node.step}` : node.id);

/** The picture of a node in the tree. */
export function faceOf(state: StudioState, id: NodeId): string | undefined {
  const [prompt] = state.prompts;
  const node = nodeOf(state, id);
  if (prompt === undefined) return undefined;
  const run = state.current?.node === id ? state.current : null;
  const sample = run?.samples.findLast(({ prompt: text, seed }) => text === prompt.text && seed === prompt.seed);
  return sample?.picture ?? state.cells[cellKey(node === undefined ? id : faceCell(node), prompt)];
}

export interface Face {
  readonly node: NodeId;
  readonly cell: NodeId;
  readonly prompt: Prompt;
}

/** The next one to draw, unless a run or another drawing has the engine. */
export function nextFace(state: StudioState, without: ReadonlySet<NodeId>): Face | null {
  const [prompt] = state.prompts;
  if (prompt === undefined || state.machine !== "ready" || state.drawing !== null || state.sampling) return null;
  if (isRunning(state)) return null;
  const faces = [
    { node: BASE, cell: BASE },
    ...state.nodes
      .filter((node) => node.state !== "gone" && node.deleted === null && (node.step > 0 || node.brought !== null))
      .map((node) => ({ node: node.id, cell: faceCell(node) })),
  ];
  const face = faces.find(({ cell }) => !without.has(cell) && state.cells[cellKey(cell, prompt)] === undefined);
  return face === undefined ? null : { ...face, prompt };
}
