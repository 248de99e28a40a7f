/** @file What a person does with the tree: grow from a node, rename, delete and take it back, take files out and in. */
import { nodeName } from "../../lib/node-name.ts";
import type { NodeInfo } from "../../studio/api.ts";
import { CLOSE, problemFrom } from "../problem.ts";
import { withNode } from "./nodes.ts";
import type { Slice, TreeSlice } from "./studio-state.ts";

export const createTree: Slice<TreeSlice> = (set, get, deps) => {
  const { project } = deps;

  /** Runs one change of a node; what it answers stands in the tree. */
  const change = async (what: string, work: () => Promise<NodeInfo>): Promise<void> => {
    try {
      const node = await work();
      set((state) => ({
        nodes: withNode(state.nodes, node),
        current: state.current?.node === node.id ? { ...state.current, name: nodeName(node) } : state.current,
      }));
    } catch (error) {
      set({ problem: problemFrom(error, { what, safe: "The tree is as it was.", remedy: CLOSE }) });
    }
  };

  return {
    nodes: [],
    damaged: [],
    elsewhere: false,
    next: {},

    setNext: (part) => set((state) => ({ next: { ...state.next, ...part } })),
    clearNext: () => set({ next: {} }),

    renameNode: (node, name) =>
      change("The node could not be renamed.", () => deps.studio.call("renameNode", { project, node, name })),

    async deleteNode(node) {
      await change("The node could not be deleted.", () => deps.studio.call("deleteNode", { project, node }));
      // a run of it that was paused is not offered any more
      if (get().current?.node === node && get().nodes.some(({ id, deleted }) => id === node && deleted !== null))
        set({ current: null });
    },

    restoreNode: (node) =>
      change("The node could not be restored.", () => deps.studio.call("restoreNode", { project, node })),

    async purge() {
      try {
        const { freed } = await deps.studio.call("purge", { project, node: null });
        await get().refresh();
        return freed;
      } catch (error) {
        const what = "The space could not be freed.";
        set({ problem: problemFrom(error, { what, safe: "Nothing was deleted.", remedy: CLOSE }) });
        return 0;
      }
    },

    async refresh() {
      const { nodes, damaged, elsewhere } = await deps.studio.call("project", { project });
      set({ nodes, damaged, elsewhere });
    },

    async takeOver() {
      try {
        const { nodes, damaged, elsewhere } = await deps.studio.call("takeOver", { project });
        set({ nodes, damaged, elsewhere });
      } catch (error) {
        const what = "The project could not be taken over.";
        set({ problem: problemFrom(error, { what, safe: "The other tab goes on.", remedy: CLOSE }) });
      }
    },
  };
};
