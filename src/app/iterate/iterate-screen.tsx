/** @file Iterate: the tree, the node that is looked at, its curves. */
import { useMemo } from "react";
import { BASE, nodeName } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { useStudio } from "../state/context.tsx";
import { pausedRun } from "../state/machine.ts";
import { idOf, newest, nextNode, nodeOf } from "../state/nodes.ts";
import type { Current, StudioState } from "../state/studio-state.ts";
import { useReports } from "../use-reports.ts";
import { Charts } from "./charts.tsx";
import { Done } from "./done.tsx";
import { Live } from "./live.tsx";
import { Base, Brought, Lost } from "./other-nodes.tsx";
import { Ready } from "./ready.tsx";
import { NEXT } from "./tree-rows.ts";
import { Tree } from "./tree.tsx";

/** The node in the address; else the one under way, the newest one kept, or the next. */
function shownOf(state: StudioState, asked: number | null): NodeId {
  const { current } = state;
  const found = asked === null ? null : idOf(state, asked);
  if (found !== null) return found;
  if (current !== null) return current.node ?? NEXT;
  if (asked === nextNode(state).number) return NEXT;
  return newest(state) === BASE ? NEXT : newest(state);
}

/** @param asked the number of the node in the address */
export function IterateScreen({ asked }: { readonly asked: number | null }) {
  const shown = useStudio((state) => shownOf(state, asked));
  const current = useStudio((state) => state.current);
  const node = useStudio((state) => nodeOf(state, shown));
  const lost = node !== undefined && (node.state === "gone" || node.deleted !== null);
  const waiting = useMemo(() => (node?.state === "begun" && !lost ? pausedRun(node) : null), [node, lost]);
  // a run that is begun and not the one under way can be gone on with as well
  const run: Current | null = current !== null && (current.node ?? NEXT) === shown ? current : waiting;
  const reports = useReports(lost || shown === NEXT ? (run?.node ?? null) : shown);
  const charts = reports.length > 0;
  const lossName = run?.settings.loss ?? node?.settings.loss ?? null;
  const name = run?.name ?? (node === undefined ? "" : nodeName(node));
  return (
    <section className={charts ? "screen iterate" : "screen iterate no-charts"} aria-labelledby="it-h">
      <Tree shown={shown} />
      <div className="run">
        {run !== null ? (
          <Live current={run} />
        ) : shown === BASE ? (
          <Base />
        ) : node === undefined ? (
          <Ready />
        ) : lost ? (
          <Lost node={node} />
        ) : node.brought === null ? (
          <Done node={node} />
        ) : (
          <Brought node={node} loras={node.brought.loras} />
        )}
      </div>
      {charts ? (
        <Charts name={name} reports={reports} savedSteps={run?.savedSteps ?? NONE} lossName={lossName} />
      ) : null}
    </section>
  );
}

const NONE: readonly number[] = [];
