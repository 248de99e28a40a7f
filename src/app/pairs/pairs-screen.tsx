/** @file Pairs: what is in, what was refused and why, captions to edit, and the way on. */
import { count } from "../format.ts";
import { DropZone } from "../parts/drop-zone.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { Message } from "../parts/message.tsx";
import { PictureView } from "../parts/picture.tsx";
import { Progress } from "../parts/progress.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { goodPairs, isFaulty, isRunning, whyNotStart } from "../state/selectors.ts";
import type { PairItem } from "../state/studio-state.ts";
import { pausedInWords, primaryInWords } from "../words.ts";
import { Inspector } from "./inspector.tsx";

export function PairsScreen() {
  const pairs = useStudio((state) => state.pairs);
  const reading = useStudio((state) => state.reading);
  const selected = useStudio((state) => state.selected);
  const locked = useStudio((state) => state.current !== null);
  const chosen = pairs.find((pair) => pair.id === selected);
  return (
    <section className={pairs.length === 0 ? "screen pairs bare" : "screen pairs"} aria-labelledby="pairs-h">
      <Head />
      {reading === null ? null : <Progress done={reading.done / Math.max(1, reading.of)} label="Reading pairs" />}
      <Refused />
      {locked && pairs.length > 0 ? <Locked /> : null}
      {locked || reading !== null ? null : (
        <DropZone
          title={pairs.length === 0 ? "Drop pictures with captions here" : "Drop more here"}
          {...(pairs.length === 0
            ? { help: "Captions can be .txt files beside the pictures, or one metadata.jsonl." }
            : {})}
          samples={pairs.length === 0}
        />
      )}
      {pairs.length === 0 ? null : (
        <>
          <div className="gallery">
            {pairs.map((pair, at) => (
              <Pair key={pair.id} pair={pair} number={at + 1} chosen={pair.id === selected} locked={locked} />
            ))}
          </div>
          {chosen === undefined ? null : <Inspector key={chosen.id} pair={chosen} locked={locked} />}
        </>
      )}
    </section>
  );
}

function Head() {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs);
  const good = useStudio((state) => goodPairs(state).length);
  const reading = useStudio((state) => state.reading);
  const running = useStudio(isRunning);
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const faulty = pairs.filter(isFaulty).length;
  return (
    <div className="head">
      <h1 id="pairs-h">Pairs</h1>
      {reading === null ? (
        <p>{summary(pairs.length, good, faulty)}</p>
      ) : (
        <p role="status">
          Reading {reading.done} of {reading.of}
        </p>
      )}
      {pairs.length === 0 ? null : (
        <div className="row push">
          {faulty > 0 ? (
            <button type="button" className="button primary" onClick={actions.leaveOutFaulty}>
              Use the {good} good ones
            </button>
          ) : running ? (
            <a className="button primary" href="#iterate">
              See it run
            </a>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={obstacle !== null}
              title={obstacle ?? undefined}
              onClick={() => void actions.spin()}
            >
              {primary}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function summary(all: number, good: number, faulty: number): string {
  if (all === 0) return "None yet";
  if (faulty > 0) return `${count(all, "pair")}, ${good} good, ${faulty} without a caption`;
  return all === good ? `${count(all, "pair")}, all good` : `${count(all, "pair")}, ${good} in, ${all - good} left out`;
}

function Locked() {
  const words = useStudio((state) =>
    state.current === null || isRunning(state) ? null : pausedInWords(state.current),
  );
  return (
    <p className="quiet wide-line">
      {words === null ? "" : `${words}. `}Pairs stay as they are until this iteration is done: its opponents were drawn
      for them.
    </p>
  );
}

function Refused() {
  const actions = useActions();
  const refused = useStudio((state) => state.refused);
  if (refused.length === 0) return null;
  return (
    <Message
      bad
      title={`${count(refused.length, "file was", "files were")} not taken. Nothing on your disk was changed.`}
      buttons={
        <button type="button" className="button" onClick={actions.clearRefused}>
          Close
        </button>
      }
    >
      <ul className="refused">
        {refused.map(({ path, reason }) => (
          <li key={`${path} ${reason}`}>
            <b>{path}</b>
            <span className="quiet">{reason}</span>
          </li>
        ))}
      </ul>
    </Message>
  );
}

interface PairProps {
  readonly pair: PairItem;
  readonly number: number;
  readonly chosen: boolean;
  readonly locked: boolean;
}

function Pair({ pair, number, chosen, locked }: PairProps) {
  const actions = useActions();
  const faulty = isFaulty(pair);
  const names = ["pair", chosen ? "chosen" : "", pair.leftOut || faulty ? "out" : ""];
  return (
    <figure className={names.filter((name) => name !== "").join(" ")}>
      <button
        type="button"
        className="pick"
        aria-label={`Select pair ${number}`}
        onClick={() => actions.select(pair.id)}
      >
        <PictureView id={pair.picture} label="" />
      </button>
      {faulty || pair.leftOut ? (
        <span className={faulty ? "flag alarm" : "flag"}>
          <Glyph name={faulty ? "bang" : "no"} />
          {faulty ? "no caption" : "left out"}
        </span>
      ) : null}
      <textarea
        className="caption"
        rows={2}
        aria-label={`Caption of pair ${number}`}
        placeholder="write a caption"
        value={pair.caption}
        readOnly={locked}
        onChange={(event) => actions.setCaption(pair.id, event.target.value)}
        onBlur={() => void actions.savePairs()}
      />
    </figure>
  );
}
