/** @file The one primary button of a node that is kept, or of Base: starts the next one, or sets up a branch. */
import type { NodeId } from "../../studio/api.ts";
import { Act } from "../parts/act.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { newest } from "../state/nodes.ts";
import { whyNotStart } from "../state/selectors.ts";
import { primaryInWords } from "../words.ts";
import { growthInWords, treeObstacle } from "./tree-words.ts";

export function Primary({ node }: { readonly node: NodeId }) {
  const actions = useActions();
  const starts = useStudio((state) => newest(state) === node);
  // a run that waits comes before a new one
  const words = useStudio((state) =>
    starts && state.current !== null ? primaryInWords(state) : growthInWords(state, node),
  );
  const obstacle = useStudio((state) => treeObstacle(state) ?? (starts ? whyNotStart(state) : null));
  const start = (): void => {
    // what was chosen for a branch is not meant for the next of the newest
    actions.clearNext();
    void actions.spin();
  };
  return (
    <Act kind="primary" obstacle={obstacle} onClick={starts ? start : () => actions.growFrom(node)}>
      {words}
    </Act>
  );
}
