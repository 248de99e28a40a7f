/** @file An iteration under way: its stages, its numbers, its pictures as they come. */
import { useState } from "react";
import type { StepReport } from "../../studio/api.ts";
import { ago, rate } from "../format.ts";
import { Message, ProblemMessage } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import type { Current } from "../state/studio-state.ts";
import { useNow } from "../use-now.ts";
import { useReports, useTimeLeft } from "../use-reports.ts";
import { pausedInWords } from "../words.ts";
import { Look } from "./look.tsx";
import { OtherNumbers } from "./other-numbers.tsx";
import { RunButtons } from "./run-buttons.tsx";
import { SettingsList } from "./settings-list.tsx";
import { Stages } from "./stages.tsx";
import { Title } from "./title.tsx";
import { TryIt } from "./trial.tsx";

export function Live({ current }: { readonly current: Current }) {
  const { name, phase, problem } = current;
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  const elsewhere = useStudio((state) => state.elsewhere);
  return (
    <>
      <Title name={name} opponent={opponent}>
        <RunButtons current={current} />
      </Title>
      {problem === null ? null : <ProblemMessage problem={problem} primary />}
      <OtherNumbers current={current} />
      <Stages current={current} />
      <Facts current={current} />
      <Hint current={current} />
      {phase === "paused" ? elsewhere ? <InOtherTab current={current} /> : <Waiting current={current} /> : null}
      <Look current={current} />
      {current.node === null ? null : <SettingsList name={name} settings={current.settings} />}
    </>
  );
}

function InOtherTab({ current: { name, step, settings } }: { readonly current: Current }) {
  return (
    <p className="quiet">
      {name} is at step {step} of {settings.steps} in another tab. Here its curves follow at every save.
    </p>
  );
}

/** The model stays loaded, so it can be tried. */
function Waiting({ current }: { readonly current: Current }) {
  return (
    <div className="resting">
      <p className="quiet">
        {pausedInWords(current)}. Closing the page is safe: {current.name} goes on from its last saved step.
        {current.step > 0 ? " The model stays loaded, so you can try a prompt while it waits." : ""}
      </p>
      {current.step > 0 ? <TryIt current={current} /> : null}
    </div>
  );
}

/** What the newest probe makes of the run, where it has something to say. */
function Hint({ current }: { readonly current: Current }) {
  const actions = useActions();
  const [seen, setSeen] = useState<number | null>(null);
  const probe = useReports(current.node).findLast((report) => report.probe !== null)?.probe;
  if (probe?.hint == null || probe.step === seen) return null;
  const { hint, step } = probe;
  return (
    <div role="status">
      <Message
        glyph="bang"
        title={`${hint.split(": ")[0] ?? hint}.`}
        buttons={
          <>
            <button type="button" className="button" onClick={() => void actions.stopAndKeep()}>
              Stop here
            </button>
            <button type="button" className="button plain" onClick={() => setSeen(step)}>
              Go on
            </button>
          </>
        }
      >
        <p>
          Measured after step {step}, on the same draws as at the start. Stop here, or begin again with a lower learning
          rate.
        </p>
      </Message>
    </div>
  );
}

function Facts({ current }: { readonly current: Current }) {
  const reports = useReports(current.node);
  const last = reports.at(-1);
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
      {left === null || current.phase === "failed" ? null : (
        <Fact
          name="Left"
          value={!running ? `${left} after resuming` : current.stage === "opponents" ? `${left}, then training` : left}
        />
      )}
      {!drawing && last !== undefined ? (
        <>
          <Fact name="Speed" value={speed(current.settings.pairsPerStep, reports)} />
          <Fact name="Loss" value={last.loss.toFixed(3)} />
        </>
      ) : null}
      {current.saved === null ? null : (
        <Fact name="Saved" value={`step ${current.saved.step}, ${ago((now - current.saved.at) / 1000)}`} />
      )}
      {current.stage === "train" && running ? <SampleNow /> : null}
    </dl>
  );
}

function SampleNow() {
  const actions = useActions();
  const sampling = useStudio((state) => state.sampling);
  return (
    <div className="push">
      <dt className="visually-hidden">Samples</dt>
      <dd>
        <button type="button" className="button tiny" disabled={sampling} onClick={() => void actions.sampleNow()}>
          {sampling ? "Drawing" : "Sample now"}
        </button>
      </dd>
    </div>
  );
}

/** Of the last ten steps, their work alone. */
function speed(pairsPerStep: number, reports: readonly StepReport[]): string {
  const recent = reports.slice(-10);
  const seconds = recent.reduce((sum, report) => sum + report.seconds, 0);
  return rate((pairsPerStep * recent.length) / Math.max(seconds, 1e-9), "pair");
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
