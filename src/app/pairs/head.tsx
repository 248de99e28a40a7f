/** @file The head of Pairs: how many are good, what can be done with all of them, and the one way on. */
import { useState } from "react";
import { count, duration } from "../format.ts";
import { Onward } from "../parts/onward.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { goodPairs, isFaulty, isRunning } from "../state/selectors.ts";
import { useNow } from "../use-now.ts";
import type { Bulk } from "./bulk.tsx";
import { stopReading } from "../take.ts";

export interface HeadProps {
  readonly adding: boolean;
  readonly onAdd: () => void;
  readonly onBulk: (bulk: Bulk) => void;
}

export function Head({ adding, onAdd, onBulk }: HeadProps) {
  const pairs = useStudio((state) => state.pairs);
  const good = useStudio((state) => goodPairs(state).length);
  const reading = useStudio((state) => state.reading);
  const locked = useStudio((state) => state.current !== null);
  const faulty = pairs.filter(isFaulty).length;
  return (
    <div className="head">
      <h1 id="pairs-h">Pairs</h1>
      {reading === null ? (
        <p>{summary(pairs.length, good, faulty)}</p>
      ) : (
        <p role="status">
          Reading {reading.done} of {reading.of}
          <TimeLeft {...reading} />
        </p>
      )}
      <div className="row push">
        {reading === null ? null : (
          <button type="button" className="button" onClick={stopReading}>
            Stop reading
          </button>
        )}
        {locked || reading !== null || pairs.length === 0 ? null : (
          <>
            <Steps />
            <button type="button" className="button" aria-expanded={adding} onClick={onAdd}>
              Add more
            </button>
            <button type="button" className="button" onClick={() => onBulk("replace")}>
              Find and replace
            </button>
            <button type="button" className="button" onClick={() => onBulk("add")}>
              Add words
            </button>
          </>
        )}
        {pairs.length === 0 || reading !== null ? null : <Next good={good} faulty={faulty} />}
      </div>
    </div>
  );
}

const TOLD_FROM = 8;

/** By the pace so far, once there is one. */
function TimeLeft({ done, of }: { readonly done: number; readonly of: number }) {
  const now = useNow(true);
  const [from] = useState({ at: now, done });
  const read = done - from.done;
  if (read < TOLD_FROM || done >= of) return null;
  const seconds = ((now - from.at) / read / 1000) * (of - done);
  return `, about ${duration(seconds)} left`;
}

function summary(all: number, good: number, faulty: number): string {
  if (all === 0) return "None yet";
  const out = all - good - faulty;
  return [
    count(all, "pair"),
    out === 0 && faulty === 0 ? "all good" : `${good} good`,
    ...(faulty > 0 ? [`${faulty} ${faulty === 1 ? "needs" : "need"} a look`] : []),
    ...(out > 0 ? [`${out} left out`] : []),
  ].join(", ");
}

/** Back and forth through the edits. */
function Steps() {
  const actions = useActions();
  const back = useStudio((state) => state.past.at(-1)?.words ?? null);
  const forth = useStudio((state) => state.future.at(-1)?.words ?? null);
  if (back === null && forth === null) return null;
  return (
    <>
      <button
        type="button"
        className="button plain"
        disabled={back === null}
        title={back === null ? undefined : `Undo: ${back}`}
        onClick={actions.undo}
      >
        Undo
      </button>
      <button
        type="button"
        className="button plain"
        disabled={forth === null}
        title={forth === null ? undefined : `Redo: ${forth}`}
        onClick={actions.redo}
      >
        Redo
      </button>
    </>
  );
}

function Next({ good, faulty }: { readonly good: number; readonly faulty: number }) {
  const actions = useActions();
  const running = useStudio(isRunning);
  if (faulty === 0 || running) return <Onward />;
  return (
    <button type="button" className="button primary" onClick={actions.leaveOutFaulty}>
      Use the {good} good {good === 1 ? "one" : "ones"}
    </button>
  );
}
