/** @file From where and against whom the next iteration grows, in words, and what can be chosen there. */
import { useState } from "react";
import { Act } from "../parts/act.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, newest, nextNode } from "../state/nodes.ts";
import { OpponentDialog } from "./tree-dialogs.tsx";
import { hasChild, treeObstacle } from "./tree-words.ts";

export interface GrowthProps {
  /** "ln 2 = 0.693" */
  readonly lossAtStart: string;
}

export function Growth({ lossAtStart }: GrowthProps) {
  const actions = useActions();
  const [asking, setAsking] = useState(false);
  const title = useStudio((state) => nextNode(state).title);
  const parent = useStudio((state) => nextNode(state).parent);
  const parentName = useStudio((state) => nameOf(state, parent));
  const opponent = useStudio((state) => nameOf(state, nextNode(state).opponent));
  const copy = useStudio((state) => nextNode(state).opponent === parent);
  const branch = useStudio((state) => hasChild(state, parent));
  const latest = useStudio((state) => (newest(state) === parent ? null : nameOf(state, newest(state))));
  const obstacle = useStudio(treeObstacle);
  const choice = useStudio((state) => state.nodes.some((node) => node.state === "kept"));
  return (
    <>
      <p className="lede">
        {branch ? `${title} is a branch: it starts from ${parentName}, beside what came from it before. ` : ""}
        {title} will play against {opponent}.{" "}
        {copy
          ? `It starts as an exact copy, so the loss starts at ${lossAtStart} and goes down as it learns to tell your pictures from the opponent’s.`
          : `It starts as a copy of ${parentName}, so the loss does not start at ${lossAtStart}: it shows at once how far the two are apart.`}
      </p>
      {!choice ? null : (
        <div className="row">
          <Act obstacle={obstacle} onClick={() => setAsking(true)}>
            Play against another
          </Act>
          {latest === null ? null : (
            <button type="button" className="button plain" onClick={actions.clearNext}>
              Go on from {latest} instead
            </button>
          )}
        </div>
      )}
      {asking ? <OpponentDialog node={parent} onClose={() => setAsking(false)} /> : null}
    </>
  );
}
