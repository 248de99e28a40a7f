/** @file The step reports of a node, for components that show a number of the last step. */
import { useCallback, useSyncExternalStore } from "react";
import type { NodeId, Stage, StepReport } from "../studio/api.ts";
import { leftInWords, overhead, timeLeft, times } from "./eta.ts";
import type { Metrics } from "./metrics.ts";
import { useStudio, useWorkbench } from "./state/context.tsx";
import { isLost } from "./state/selectors.ts";

export function useReports(node: NodeId | null): readonly StepReport[] {
  const { metrics } = useWorkbench();
  return useSyncExternalStore(
    metrics.subscribe,
    useCallback(() => metrics.reports(node), [metrics, node]),
  );
}

/** Pictures are few and alike: less waiting than for steps. */
const HIDDEN_PICTURES = 3;

/** "about 4 min", of the stage that runs; null while nothing can be said, as of a device that is lost. */
export function useTimeLeft(): string | null {
  const { metrics } = useWorkbench();
  const current = useStudio((state) => state.current);
  const lost = useStudio(isLost);
  useSyncExternalStore(metrics.subscribe, () => (current === null ? null : metrics.reports(current.node)));
  if (lost || current === null || current.stage === null) return null;
  return leftOfStage(metrics, current.stage, current.of - current.done);
}

function leftOfStage(metrics: Metrics, stage: Stage, remaining: number): string | null {
  if (remaining <= 0) return null;
  const wall = metrics.durations(stage);
  if (stage !== "train") return leftInWords(timeLeft(wall, remaining, HIDDEN_PICTURES));
  const worked = metrics.worked();
  return leftInWords(times(timeLeft(worked, remaining), overhead(wall, worked)));
}
