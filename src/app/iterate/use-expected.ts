/** @file How long the stages will take here, for components. */
import { useSyncExternalStore } from "react";
import type { SpinSettings } from "../../studio/api.ts";
import { expected, work, type ByStage, type Task } from "../expected.ts";
import { drawSteps } from "../state/compare.ts";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { samplePrompts } from "../state/samples.ts";
import { goodPairs } from "../state/selectors.ts";

function useTask(settings: SpinSettings): { readonly task: Task; readonly forwardMs: number | null } {
  const pairs = useStudio((state) => goodPairs(state).length);
  const prompts = useStudio((state) => samplePrompts(state).length);
  const large = useStudio((state) => state.model?.large ?? false);
  const preflight = useStudio((state) => state.preflight);
  const forwardMs = preflight?.measured.find(({ backend }) => backend === preflight.chosen)?.forwardMs ?? null;
  return { task: { settings, pairs, prompts, drawSteps: drawSteps(large) }, forwardMs };
}

/** Seconds by stage, from the speed that this computer was measured at; null until it was. */
export function useExpected(settings: SpinSettings): ByStage | null {
  const { task, forwardMs } = useTask(settings);
  return forwardMs === null ? null : expected(task, forwardMs, { durations: () => [] });
}

/** The same of the run under way, by what it took so far; without any measure, in parts of the work. */
export function useRunExpected(settings: SpinSettings): ByStage {
  const { metrics } = useWorkbench();
  const { task, forwardMs } = useTask(settings);
  useSyncExternalStore(metrics.subscribe, () => metrics.worked().length + metrics.durations("opponents").length);
  return expected(task, forwardMs, metrics) ?? work(task);
}
