/** @file All votes of the project as a file. */
import { fileName, saveFile } from "../save-file.ts";
import { useWorkbench } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import { votesJsonl } from "./votes-jsonl.ts";

export function useSaveVotes(): () => void {
  const { store } = useWorkbench();
  return () => {
    const state = store.getState();
    const text = votesJsonl(state.votes, (node) => nameOf(state, node));
    saveFile(fileName([state.model?.id ?? "", "votes"], "jsonl"), "application/jsonl", text);
  };
}
