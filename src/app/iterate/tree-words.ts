/** @file A node of the tree in words: where it stands, what it costs, and what the next one from it is called. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo } from "../../studio/api.ts";
import { count, room } from "../format.ts";
import { nameOf, newest, nextNode, nodeOf } from "../state/nodes.ts";
import type { Current, StudioState } from "../state/studio-state.ts";
import { NEXT } from "./tree-rows.ts";

/** Who plays whom: of the run under way, else of what is looked at. */
export function sidesNow(state: StudioState, shown: NodeId): { player: NodeId | null; opponent: NodeId | null } {
  const { current } = state;
  if (current !== null) return { player: current.node ?? NEXT, opponent: current.opponent };
  if (shown === NEXT) return { player: null, opponent: nextNode(state).opponent };
  const node = nodeOf(state, shown);
  return node === undefined || node.state === "gone"
    ? { player: null, opponent: null }
    : { player: node.id, opponent: node.opponent };
}

/** Two short lines under a name. */
export function nodeWords(state: StudioState, id: NodeId, opponentNow: boolean): readonly [string, string] {
  const { current } = state;
  if (id === NEXT && current === null) return ["next", ""];
  const node = nodeOf(state, id);
  if (current !== null && (current.node ?? NEXT) === id) return [runWords(current, state.elsewhere), cost(node)];
  if (node === undefined) return [opponentNow ? "the opponent now" : (state.model?.title ?? "as it came"), ""];
  if (node.state === "gone") return ["gone", ""];
  if (node.deleted !== null) return ["deleted", `frees ${room(node.bytes)}`];
  if (node.state === "begun") return [`paused, ${node.step} of ${node.of}`, cost(node)];
  if (node.brought !== null) return [opponentNow ? "the opponent now" : "from your disk", cost(node)];
  const steps = node.step < node.of ? `${node.step} of ${node.of}` : count(node.step, "step");
  return [opponentNow ? "the opponent now" : `against ${nameOf(state, node.opponent)}`, `${steps}, ${cost(node)}`];
}

function cost(node: NodeInfo | undefined): string {
  return node === undefined || node.bytes === 0 ? "" : room(node.bytes);
}

function runWords(run: Current, elsewhere: boolean): string {
  const steps = `${run.step} of ${run.settings.steps}`;
  if (run.phase === "failed") return `stopped, ${steps}`;
  if (run.phase === "paused") return elsewhere ? `in another tab, ${steps}` : `paused, ${steps}`;
  if (run.stage === "opponents") return `drawing, ${run.done} of ${run.of}`;
  return run.stage === null ? "starting" : `training, ${steps}`;
}

/** Whether something came from it that is not gone: another child would be a branch. */
export function hasChild({ nodes }: Pick<StudioState, "nodes">, id: NodeId): boolean {
  return nodes.some((node) => node.parent === id && node.state !== "gone" && node.deleted === null);
}

/** "Start SPIN 3" from the newest, "Branch from SPIN 1" where something came from it, else "Continue from SPIN 2 b". */
export function growthInWords(state: StudioState, id: NodeId): string {
  if (id === newest(state)) return `Start ${nextNode({ nodes: state.nodes, next: {} }).title}`;
  return `${hasChild(state, id) ? "Branch" : "Continue"} from ${nameOf(state, id)}`;
}

/** Why nothing can be grown or changed now; null where it can. */
export function treeObstacle(state: Pick<StudioState, "current" | "elsewhere">): string | null {
  if (state.elsewhere) return "Another tab trains this project.";
  const { current } = state;
  return current?.phase === "running" || current?.phase === "pausing"
    ? `${current.name} is running. Pause it first.`
    : null;
}

/** What else a LoRA's file needs to draw as its node does; null where the base model is all. */
export function groundInWords(state: Pick<StudioState, "nodes">, node: NodeInfo): string | null {
  const { train, rank } = node.settings;
  if (train !== "lora") return null;
  let ground = nodeOf(state, node.parent);
  // a LoRA of the same rank was gone on with, so that the file holds it too
  while (ground?.settings.train === "lora" && ground.settings.rank === rank && !ground.brought?.under)
    ground = nodeOf(state, ground.parent);
  if (ground === undefined) return null;
  const name = nameOf(state, ground.id);
  return `This LoRA lies over the weights of ${name}. Over the base model alone it draws something else.`;
}

/** In the address. */
export function hrefOf(state: StudioState, id: NodeId): string {
  if (id === BASE) return "#iterate/0";
  const number = nodeOf(state, id)?.number ?? state.current?.number ?? nextNode(state).number;
  return `#iterate/${number}`;
}
