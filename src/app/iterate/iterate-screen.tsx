/** @file Iterate: the chain of iterations, the one that is looked at, its curves. */
import { useStudio } from "../state/context.tsx";
import { useReports } from "../use-reports.ts";
import { Charts } from "./charts.tsx";
import { Done } from "./done.tsx";
import { Live } from "./live.tsx";
import { Ready } from "./ready.tsx";
import { Tree } from "./tree.tsx";

/** @param asked the iteration in the address; else the one under way, the last one kept, or the first */
export function IterateScreen({ asked }: { readonly asked: number | null }) {
  const current = useStudio((state) => state.current);
  const kept = useStudio((state) => state.kept);
  const viewed = asked !== null && asked > 0 ? asked : (current?.iteration ?? kept.at(-1) ?? 1);
  const live = current !== null && (current.iteration === viewed || !kept.includes(viewed));
  const iteration = live ? current.iteration : kept.includes(viewed) ? viewed : (kept.at(-1) ?? 0) + 1;
  const reports = useReports(iteration);
  const charts = reports.length > 0 && (live || kept.includes(iteration));
  const savedSteps = live ? current.savedSteps : NONE;
  const lossName = live ? current.settings.loss : null;
  return (
    <section className={charts ? "screen iterate" : "screen iterate no-charts"} aria-labelledby="it-h">
      <Tree viewed={iteration} />
      <div className="run">
        {live ? (
          <Live current={current} />
        ) : kept.includes(iteration) ? (
          <Done iteration={iteration} />
        ) : (
          <Ready iteration={iteration} />
        )}
      </div>
      {charts ? <Charts iteration={iteration} reports={reports} savedSteps={savedSteps} lossName={lossName} /> : null}
    </section>
  );
}

const NONE: readonly number[] = [];
