/** @file An iteration under way: its stages, its numbers, its pictures as they come. */
import { ago, pace } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { ProblemMessage } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import { whyNotStart } from "../state/selectors.ts";
import type { Current } from "../state/studio-state.ts";
import { useNow } from "../use-now.ts";
import { useReports, useTimeLeft } from "../use-reports.ts";
import { pausedInWords } from "../words.ts";
import { Look } from "./look.tsx";
import { Stages } from "./stages.tsx";
import { Title } from "./title.tsx";

export function Live({ current }: { readonly current: Current }) {
  const actions = useActions();
  const obstacle = useStudio(whyNotStart);
  const { name, phase, problem } = current;
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  const running = phase === "running" || phase === "pausing";
  return (
    <>
      <Title name={name} opponent={opponent}>
        {running ? (
          <button
            type="button"
            className="button primary"
            disabled={phase === "pausing"}
            onClick={() => void actions.pause()}
          >
            <Glyph name="pause" />
            {phase === "pausing" ? "Pausing after this step" : "Pause"}
            <kbd className="wide-only">P</kbd>
          </button>
        ) : phase === "paused" ? (
          <button
            type="button"
            className="button primary"
            disabled={obstacle !== null}
            title={obstacle ?? undefined}
            onClick={() => void actions.spin()}
          >
            <Glyph name="play" />
            Continue
            <kbd className="wide-only">P</kbd>
          </button>
        ) : null}
      </Title>
      {problem === null ? null : <ProblemMessage problem={problem} primary />}
      <Stages current={current} />
      <Facts current={current} />
      {phase === "paused" ? (
        <p className="quiet">
          {pausedInWords(current)}. Closing the page is safe: {name} goes on from its last saved step.
        </p>
      ) : null}
      <Look current={current} />
    </>
  );
}

function Facts({ current }: { readonly current: Current }) {
  const last = useReports(current.node).at(-1);
  const left = useTimeLeft();
  const running = current.phase === "running" || current.phase === "pausing";
  const now = useNow(current.saved !== null);
  const drawing = current.stage === "opponents" || current.stage === "samples";
  return (
    <dl className="facts">
      {drawing ? (
        <Fact name="Picture" value={`${current.done} of ${current.of}`} />
      ) : (
        <Fact name="Step" value={`${current.step} of ${current.settings.steps}`} />
      )}
      {running && left !== null ? (
        <Fact name="Left" value={current.stage === "opponents" ? `${left}, then training` : left} />
      ) : null}
      {!drawing && last !== undefined ? (
        <>
          <Fact name="Speed" value={pace(last.seconds, "step")} />
          <Fact name="Loss" value={last.loss.toFixed(3)} />
        </>
      ) : null}
      {current.saved === null ? null : (
        <Fact name="Saved" value={`step ${current.saved.step}, ${ago((now - current.saved.at) / 1000)}`} />
      )}
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
