/** @file A lost GPU: told quietly the first time, with a countdown and a choice when it happens again. */
import { useEffect, useState } from "react";
import { now } from "../clock.ts";
import { count } from "../format.ts";
import { CopyDiagnostics, Message } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import type { Loss } from "../state/device.ts";
import { lossInWords, safeInWords } from "../words.ts";

export function DeviceNotice() {
  const loss = useStudio((state) => state.loss);
  if (loss === null) return null;
  return <div className="obstacle">{loss.phase === "waiting" ? <Waiting loss={loss} /> : <Told loss={loss} />}</div>;
}

const CAUSE = "This happens when the computer sleeps, or when another program takes the GPU’s memory.";

function Told({ loss }: { readonly loss: Loss }) {
  const actions = useActions();
  const { phase, run, worker } = loss;
  const back = phase === "back";
  const thing = worker ? "engine" : "GPU";
  const where = run === null ? "" : run.savedStep > 0 ? ` from step ${run.savedStep}` : " where it was saved";
  return (
    <div role="status">
      <Message
        glyph={back ? "check" : "bang"}
        title={lossInWords(loss)}
        buttons={
          back ? (
            <button type="button" className="button plain" onClick={actions.closeLoss}>
              Close
            </button>
          ) : undefined
        }
      >
        <p>
          {worker ? "" : `${CAUSE} `}
          {back ? `The ${thing} is back` : `The ${thing} is started anew`}
          {run === null
            ? ". Nothing that was saved is lost."
            : ` and ${run.name} ${back ? "went" : "goes"} on${where}.`}
        </p>
      </Message>
    </div>
  );
}

function Waiting({ loss }: { readonly loss: Loss }) {
  const actions = useActions();
  const safe = useStudio(safeInWords);
  const gpu = useStudio((state) => state.preflight?.chosen === "webgpu");
  const seconds = useSecondsUntil(loss.until ?? 0);
  const { run, worker, tries, of } = loss;
  const redone = run === null ? 0 : run.step - run.savedStep;
  return (
    <Message
      bad
      title={lossInWords(loss)}
      buttons={
        <>
          <button type="button" className="button primary" onClick={() => void actions.revive("now")}>
            Try now
          </button>
          {gpu ? (
            <button type="button" className="button" onClick={() => void actions.revive("wasm")}>
              Go on with the processor
            </button>
          ) : null}
          <button type="button" className="button" onClick={() => void actions.revive("stop")}>
            Stay stopped
          </button>
          <CopyDiagnostics text={loss.diagnostics} />
        </>
      }
    >
      <p>
        {worker ? "" : `${CAUSE} After two losses in two minutes a browser may give pages no GPU for a while. `}
        {safe} {run !== null && run.savedStep > 0 ? `${run.name} is saved up to step ${run.savedStep}. ` : ""}
        {redone > 0 ? `${count(redone, "step")} will be done again. ` : ""}
        {tries < of ? `This is try ${tries} of ${of}.` : "This is the last try, then it waits for you."}
      </p>
      <p>
        <span role="timer">Trying again in {count(seconds, "second")}.</span>
      </p>
    </Message>
  );
}

const LOOK_MS = 250;

/** Rounded up. */
const secondsUntil = (until: number): number => Math.max(0, Math.ceil((until - now()) / 1000));

function useSecondsUntil(until: number): number {
  const [seconds, setSeconds] = useState(() => secondsUntil(until));
  useEffect(() => {
    const look = (): void => setSeconds(secondsUntil(until));
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}
