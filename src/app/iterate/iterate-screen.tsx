/** @file Iterate: the tree, the node that is looked at, its curves. */
import { keptNodes } from "../state/nodes.ts";
import { useStudio } from "../state/context.tsx";
import { useReports } from "../use-reports.ts";
import { Charts } from "./charts.tsx";
import { Done } from "./done.tsx";
import { Live } from "./live.tsx";
import { Ready } from "./ready.tsx";
import { Tree } from "./tree.tsx";

/** @param asked the number of the node in the address; else the one under way, the newest one kept, or the first */
export function IterateScreen({ asked }: { readonly asked: number | null }) {
  const current = useStudio((state) => state.current);
  const nodes = useStudio((state) => state.nodes);
  const kept = keptNodes({ nodes });
  const viewed = asked !== null && asked > 0 ? asked : (current?.number ?? kept.at(-1)?.number ?? 1);
  const found = kept.find(({ number }) => number === viewed);
  const live = current !== null && (current.number === viewed || found === undefined);
  const done = live ? undefined : found;
  const reports = useReports(live ? current.node : (done?.id ?? null));
  const charts = reports.length > 0;
  const savedSteps = live ? current.savedSteps : NONE;
  const lossName = live ? current.settings.loss : (done?.settings.loss ?? null);
  return (
    <section className={charts ? "screen iterate" : "screen iterate no-charts"} aria-labelledby="it-h">
      <Tree viewed={live ? current.number : (done?.number ?? null)} />
      <div className="run">
        {live ? <Live current={current} /> : done !== undefined ? <Done node={done} /> : <Ready />}
      </div>
      {charts ? <Charts reports={reports} savedSteps={savedSteps} lossName={lossName} /> : null}
    </section>
  );
}

const NONE: readonly number[] = [];
