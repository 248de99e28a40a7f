/** @file What can be done with a node, in the order of its menu. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId, NodeInfo } from "../../studio/api.ts";
import { count, room } from "../format.ts";
import type { MenuItem } from "../parts/menu.tsx";
import { nameOf, newest, nodeOf } from "../state/nodes.ts";
import type { StudioState } from "../state/studio-state.ts";
import type { Row } from "./tree-rows.ts";
import { growthInWords, hasChild, treeObstacle } from "./tree-words.ts";

/** What the tree itself does for a node. */
export interface TreeHands {
  readonly ask: (dialog: "rename" | "opponent" | "export", node: NodeId) => void;
  readonly fold: (node: NodeId, fold: boolean) => void;
}

export function nodeActions(state: StudioState, row: Row, hands: TreeHands): readonly MenuItem[] {
  const { id } = row;
  const node = nodeOf(state, id);
  const fold: readonly MenuItem[] =
    row.children === 0
      ? []
      : [
          {
            label: row.folded ? `Show ${count(row.descendants, "node")} after it` : "Hide what came from it",
            hint: row.folded ? "→" : "←",
            act: () => hands.fold(id, !row.folded),
          },
        ];
  if (id !== BASE && (node === undefined || node.state === "gone")) return fold;
  if (node !== undefined && node.deleted !== null) return [...ofDeleted(state, node), ...fold];
  if (node?.state === "begun") return [...ofBegun(state, node), ...ofAny(state, node, hands), ...fold];
  const obstacle = treeObstacle(state);
  // from the newest the page's one primary button starts at once; here it can be set up
  const label =
    id === newest(state) && !hasChild(state, id) ? `Continue from ${nameOf(state, id)}` : growthInWords(state, id);
  return [
    { label, obstacle, act: () => state.growFrom(id) },
    { label: "Play against…", obstacle, act: () => hands.ask("opponent", id) },
    ...(node === undefined ? [] : ofAny(state, node, hands)),
    ...fold,
  ];
}

function ofAny(state: StudioState, node: NodeInfo, hands: TreeHands): readonly MenuItem[] {
  const elsewhere = state.elsewhere ? "Another tab trains this project." : null;
  const runs = state.current?.node === node.id ? treeObstacle(state) : elsewhere;
  return [
    { label: "Rename…", hint: "F2", obstacle: elsewhere, act: () => hands.ask("rename", node.id) },
    ...(node.step > 0 ? [{ label: "Export…", act: () => hands.ask("export", node.id) }] : []),
    { label: "Delete", hint: "Del", obstacle: runs, act: () => void state.deleteNode(node.id) },
  ];
}

function ofBegun(state: StudioState, node: NodeInfo): readonly MenuItem[] {
  const name = nameOf(state, node.id);
  if (state.current?.node === node.id && state.current.phase === "running")
    return [{ label: `Pause ${name}`, hint: "P", act: () => void state.pause() }];
  const obstacle = treeObstacle(state);
  const go = { label: `Continue ${name}`, obstacle, act: () => void state.spin(node.id) };
  if (node.step === 0) return [go];
  return [go, { label: `Keep ${name} at step ${node.step}`, obstacle, act: () => void state.keepNode(node.id) }];
}

function ofDeleted(state: StudioState, node: NodeInfo): readonly MenuItem[] {
  const obstacle = state.elsewhere ? "Another tab trains this project." : null;
  return [
    { label: `Restore ${nameOf(state, node.id)}`, obstacle, act: () => void state.restoreNode(node.id) },
    { label: `Free ${room(node.bytes)} now`, obstacle, act: () => void state.purge(node.id) },
  ];
}
