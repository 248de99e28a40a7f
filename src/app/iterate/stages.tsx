/** @file The stages of an iteration: to come, running, paused, done; as wide as the time they take. */
import type { Stage } from "../../studio/api.ts";
import { widths } from "../expected.ts";
import { Progress } from "../parts/progress.tsx";
import { useStudio } from "../state/context.tsx";
import { isLost, isRunning } from "../state/selectors.ts";
import type { Current } from "../state/studio-state.ts";
import { useRunExpected } from "./use-expected.ts";

/** Encoding belongs to drawing: it turns what was drawn, and the person's own pictures, into latents. */
const STAGES: readonly { readonly stages: readonly Stage[]; readonly name: string; readonly bar: string }[] = [
  { stages: ["opponents", "encode"], name: "Draw opponents", bar: "Opponents drawn" },
  { stages: ["train"], name: "Train", bar: "Training steps" },
  { stages: ["samples"], name: "Compare", bar: "Compare pictures" },
];

export function Stages({ current }: { readonly current: Current }) {
  const at = current.stage === null ? 0 : STAGES.findIndex(({ stages }) => stages.includes(current.stage ?? "train"));
  const running = useStudio((state) => isRunning({ current }) && !isLost(state));
  const times = widths(useRunExpected(current.settings));
  const columns = [times.opponents, times.train, times.samples].map((share) => `minmax(0, ${share.toFixed(3)}fr)`);
  return (
    <ol className="stages" aria-label={`Stages of ${current.name}`} style={{ gridTemplateColumns: columns.join(" ") }}>
      {STAGES.map(({ name, bar }, index) => {
        const share = index < at ? 1 : index > at ? 0 : shareOf(current);
        const state = index < at ? "done" : index > at ? "" : running ? "on" : "on held";
        return (
          <li key={name} className={state}>
            <Progress done={share} label={bar} />
            <span>
              <b>{name}</b>{" "}
              <span className="num">{index === at && current.of > 0 ? `${current.done} of ${current.of}` : ""}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function shareOf(current: Current): number {
  return current.of === 0 ? 0 : current.done / current.of;
}
