/** @file How long pictures of the grid will take, before one is drawn. */
import type { NodeInfo, Stage, StepReport } from "../../studio/api.ts";
import { expected } from "../expected.ts";
import { count, duration } from "../format.ts";
import { drawSteps } from "../state/compare.ts";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { keptNodes } from "../state/nodes.ts";

/** Seconds that so many pictures take, by what the steps of a node's training took; null where too few were taken. */
export function drawSeconds(
  pictures: number,
  steps: number,
  { settings }: Pick<NodeInfo, "settings">,
  reports: readonly Pick<StepReport, "seconds">[],
): number | null {
  const task = { settings, pairs: 0, prompts: pictures, drawSteps: steps };
  const durations = (stage: Stage): readonly number[] =>
    stage === "train" ? reports.map(({ seconds }) => seconds) : [];
  return expected(task, null, { durations })?.samples ?? null;
}

/** The same by the newest node that was trained on this backend; null: none was. */
export function useDrawSeconds(pictures: number): number | null {
  const { metrics } = useWorkbench();
  const nodes = useStudio((state) => state.nodes);
  const backend = useStudio((state) => state.preflight?.chosen ?? null);
  const steps = useStudio((state) => drawSteps(state.model?.large ?? false));
  const node = keptNodes({ nodes }).findLast((each) => each.backend === backend);
  return node === undefined ? null : drawSeconds(pictures, steps, node, metrics.reports(node.id));
}

/** "Draw 12 pictures, about 9 min" */
export function drawInWords(pictures: number, seconds: number | null): string {
  return `Draw ${count(pictures, "picture")}${seconds === null ? "" : `, about ${duration(seconds)}`}`;
}
