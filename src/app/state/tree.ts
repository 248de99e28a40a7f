/** @file What a person does with the tree: grow from a node, rename, keep, delete and take it back, take files out. */
import { nodeName } from "../../lib/node-name.ts";
import type { NodeInfo } from "../../studio/api.ts";
import { CLOSE, messageOf, type Problem, problemFrom } from "../problem.ts";
import { drawSettings, withCell } from "./compare.ts";
import { pausedRun } from "./machine.ts";
import { nextFace } from "./faces.ts";
import { nextNode, nodeOf, withNode } from "./nodes.ts";
import { picturesOf } from "./run.ts";
import { isRunning } from "./selectors.ts";
import type { Slice, TreeSlice } from "./studio-state.ts";
import { adoptTree } from "./tabs.ts";

export const emptyTree = {
  nodes: [],
  damaged: [],
  read: [],
  turnedAway: null,
  undoable: null,
  next: {},
} satisfies Partial<TreeSlice>;

export const createTree: Slice<TreeSlice> = (set, get, deps) => {
  const { project } = deps;
  /** one at a time; null: nothing is drawn */
  let drawing: AbortController | null = null;
  /** cells that could not be drawn, and are not asked for again */
  const faceless = new Set<string>();

  /** What another tab forbids is told by its banner, as long as it is still there. */
  const refused = async (error: unknown, what: string, safe: string): Promise<void> => {
    const told = problemFrom(error, { what, safe, remedy: CLOSE });
    if (messageOf(error).code === "busy") {
      await get()
        .refresh()
        .catch(() => undefined);
      if (get().elsewhere) return set({ turnedAway: what });
    }
    set({ problem: told });
  };

  /** Runs one change of a node; what it answers stands in the tree. */
  const change = async (what: string, work: () => Promise<NodeInfo>): Promise<boolean> => {
    set({ undoable: null });
    try {
      const node = await work();
      set((state) => ({
        nodes: withNode(state.nodes, node),
        current: state.current?.node === node.id ? { ...state.current, name: nodeName(node) } : state.current,
      }));
      return true;
    } catch (error) {
      await refused(error, what, "The tree is as it was.");
      return false;
    }
  };

  /** The paused run stays in the tree, to be gone on with from there. */
  const putAside = (): void => {
    deps.pictures.drop(picturesOf(get().current));
    set({ current: null });
  };

  const nameOfNode = (id: string): string => {
    const node = nodeOf(get(), id);
    return node === undefined ? "The node" : nodeName(node);
  };

  return {
    ...emptyTree,
    elsewhere: false,

    setNext: (part) => set((state) => ({ next: { ...state.next, ...part } })),
    clearNext: () => set({ next: {} }),

    growFrom(parent, opponent) {
      if (isRunning(get())) return;
      putAside();
      set({ next: opponent === undefined ? { parent } : { parent, opponent }, undoable: null });
      deps.go({ screen: "iterate", iteration: nextNode(get()).number });
    },

    async keepNode(node) {
      const begun = nodeOf(get(), node);
      if (begun === undefined || isRunning(get())) return;
      if (get().current?.node !== node) {
        putAside();
        set({ current: pausedRun(begun) });
      }
      await get().stopAndKeep();
    },

    async renameNode(node, name) {
      const what = `${nameOfNode(node)} could not be renamed.`;
      await change(what, () => deps.studio.call("renameNode", { project, node, name }));
    },

    async deleteNode(node) {
      const what = `${nameOfNode(node)} could not be deleted.`;
      if (!(await change(what, () => deps.studio.call("deleteNode", { project, node })))) return;
      set({ undoable: node });
      // a run of it that was paused is not offered any more, and nothing grows from it
      if (get().current?.node === node) putAside();
      const { next } = get();
      if (next.parent === node || next.opponent === node) set({ next: {} });
    },

    async restoreNode(node) {
      const what = `${nameOfNode(node)} could not be restored.`;
      await change(what, () => deps.studio.call("restoreNode", { project, node }));
    },

    async purge(node) {
      try {
        const { freed } = await deps.studio.call("purge", { project, node: node ?? null });
        set({ undoable: null });
        await get().refresh();
        const waits = get().nodes.find(({ id, deleted, state }) => {
          return deleted !== null && state !== "gone" && (node === undefined || node === id);
        });
        if (waits !== undefined) set({ problem: needed(nodeName(waits)) });
        return freed;
      } catch (error) {
        await refused(error, "The space could not be freed.", "What was deleted can still be restored.");
        return 0;
      }
    },

    async makeRoom(nodes) {
      try {
        for (const node of nodes) await deps.studio.call("purge", { project, node, living: true });
        set({ undoable: null, problem: null });
        await get().refresh();
      } catch (error) {
        return refused(error, "The space could not be freed.", "The run is as it was.");
      }
      await get().spin();
    },

    async takeLoras(loras) {
      set({ undoable: null });
      try {
        const { node, notes } = await deps.studio.call("takeLoras", { project, loras, name: null });
        set((state) => ({ nodes: withNode(state.nodes, node) }));
        return { kind: "taken", name: nodeName(node), notes };
      } catch (error) {
        const { message, hint } = messageOf(error);
        return { kind: "refused", sentence: [message, hint, "The tree is as it was."].filter(Boolean).join(" ") };
      }
    },

    async exportNode(node, what) {
      try {
        return await deps.studio.call("exportNode", { project, node, what });
      } catch (error) {
        await refused(error, `${nameOfNode(node)} could not be exported.`, "The tree is as it was.");
        return null;
      }
    },

    async drawFaces() {
      const { model } = get();
      if (drawing !== null || model === null) return;
      const mine = new AbortController();
      drawing = mine;
      for (let next = nextFace(get(), faceless); next !== null; next = nextFace(get(), faceless)) {
        const { node, cell, prompt } = next;
        const request = { project, node, prompts: [prompt.text], seeds: [prompt.seed], ...drawSettings(model) };
        try {
          const { pictures } = await deps.studio.call("draw", request, mine.signal);
          for (const picture of pictures) set((state) => withCell(state, cell, picture, deps));
          if (pictures.length === 0) faceless.add(cell);
        } catch {
          if (mine.signal.aborted) break;
          faceless.add(cell); // a decoration: the node does without
        }
      }
      drawing = null;
    },
    stopFaces: () => drawing?.abort(),

    async refresh() {
      const state = await deps.studio.call("project", { project });
      set(await adoptTree(state, get, deps));
    },

    async takeOver() {
      try {
        const state = await deps.studio.call("takeOver", { project });
        set(await adoptTree(state, get, deps));
      } catch (error) {
        await refused(error, "The project could not be taken over.", "The other tab goes on.");
      }
    },

    closeUndo: () => set({ undoable: null }),
    closeDamaged: () => set(({ damaged }) => ({ read: damaged })),
  };
};

function needed(name: string): Problem {
  return {
    title: `${name} is still needed, and is not freed yet.`,
    safe: "An iteration that is not finished plays against it or starts from it. It goes when that one is done or deleted.",
    remedy: CLOSE,
    diagnostics: "",
  };
}
