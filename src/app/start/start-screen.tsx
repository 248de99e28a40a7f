/** @file Start: what this is, a project to go on with, and what the page has to work with. */
import { useState } from "react";
import { count } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { DropZone } from "../parts/drop-zone.tsx";
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio, useWorkbench } from "../state/context.tsx";
import { keptNodes, nameOf, newest } from "../state/nodes.ts";
import { isRunning } from "../state/selectors.ts";
import { pausedInWords, runInWords } from "../words.ts";
import { AwaySection, ModelSection } from "./model-section.tsx";
import { ComputerSection } from "./setup.tsx";
import { Shown } from "./shown.tsx";

export function StartScreen() {
  const returning = useStudio((state) => state.pairs.length > 0 || state.nodes.length > 0);
  return (
    <section className="screen start" aria-labelledby="start-h">
      <AwaySection />
      {returning ? <Resume /> : null}
      <Pitch returning={returning} />
      <div className="own">
        <section aria-labelledby="drop-h">
          <h2 id="drop-h">Your pairs</h2>
          <DropZone
            title="Drop pictures with captions here"
            help="a folder, a .zip, or files: .png .jpg .webp with .txt, metadata.jsonl, .csv or .parquet"
          />
          {returning ? null : (
            <p className="small quiet">
              Or <a href="#report">open a project’s file</a> that was saved before.
            </p>
          )}
        </section>
        <ModelSection />
        <ComputerSection />
      </div>
    </section>
  );
}

function Pitch({ returning }: { readonly returning: boolean }) {
  const actions = useActions();
  const own = useWorkbench().source.kind !== "pocket";
  const picked = useStudio((state) => state.picked !== null);
  const ready = useStudio((state) => state.machine === "ready" && state.reading === null && state.current === null);
  const begin = async (): Promise<void> => {
    if (own) return actions.usePocket();
    await actions.takeSamples();
    globalThis.location.hash = "#pairs";
  };
  return (
    <div className="pitch">
      <div>
        <h1 id="start-h">A picture model that gets better by playing against its earlier self.</h1>
        <p className="lede">
          Bring pictures with captions. In every iteration the model learns to tell your pictures from the ones its last
          version drew. You watch it improve, side by side, in this browser, on your own computer.
        </p>
        <div className="go">
          <button
            type="button"
            className={returning || own || picked ? "button large" : "button large primary"}
            disabled={!ready && !own}
            onClick={() => void begin()}
          >
            Try it with the built-in pocket model
          </button>
          <span className="quiet">
            {own
              ? "It has a project of its own; this one stays as it is."
              : returning
                ? "Adds 48 sample pairs to yours. Nothing is downloaded."
                : "With 48 sample pairs. Nothing is downloaded."}
          </span>
        </div>
      </div>
      <Shown />
    </div>
  );
}

function Resume() {
  const current = useStudio((state) => state.current);
  const last = useStudio((state) => keptNodes(state).length);
  const lastName = useStudio((state) => nameOf(state, newest(state)));
  const pairs = useStudio((state) => state.pairs.length);
  const picture = useStudio((state) => state.pairs[0]?.picture);
  const running = useStudio(isRunning);
  const ready = useStudio((state) => state.machine === "ready");
  const actions = useActions();
  const [asking, setAsking] = useState(false);
  const words =
    current === null
      ? last === 0
        ? `${count(pairs, "pair")} on this computer, nothing trained yet.`
        : `${lastName} is done, with ${count(pairs, "pair")}.`
      : `${running ? runInWords(current) : `${pausedInWords(current)}. Saved on this computer`}.`;
  return (
    <div className="resume">
      <PictureView id={picture} label="" />
      <div>
        <b>Your project</b>
        <br />
        <span className="quiet">{words}</span>
      </div>
      <div className="row">
        {current !== null && !running ? (
          <button type="button" className="button primary" disabled={!ready} onClick={() => void actions.spin()}>
            Continue
          </button>
        ) : (
          <a className="button primary" href={last === 0 && current === null ? "#pairs" : "#iterate"}>
            Open
          </a>
        )}
        <button type="button" className="button plain" disabled={running} onClick={() => setAsking(true)}>
          Start over
        </button>
      </div>
      {asking ? <StartOver pairs={pairs} last={last} onClose={() => setAsking(false)} /> : null}
    </div>
  );
}

function StartOver(props: { readonly pairs: number; readonly last: number; readonly onClose: () => void }) {
  const actions = useActions();
  const { pairs, last, onClose } = props;
  const what = last === 0 ? count(pairs, "pair") : `${count(pairs, "pair")} and ${count(last, "iteration")}`;
  const forget = async (): Promise<void> => {
    await actions.startOver();
    onClose();
  };
  return (
    <Dialog title="Delete this project?" onClose={onClose}>
      <p className="quiet">This deletes {what} from this browser. The files on your disk stay as they are.</p>
      <div className="row">
        <button type="button" className="button primary" onClick={() => void forget()}>
          Delete {what}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Keep them
        </button>
      </div>
    </Dialog>
  );
}
