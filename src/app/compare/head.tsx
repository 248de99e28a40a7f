/** @file Above and below the grid: what is drawn, the way to the viewer, the keys, and pictures out. */
import { useEffect, useState } from "react";
import type { NodeId } from "../../studio/api.ts";
import { leftInWords } from "../eta.ts";
import { count } from "../format.ts";
import { type Command, useKey } from "../keys.ts";
import { Act } from "../parts/act.tsx";
import { Key } from "../parts/key.tsx";
import { printRoute } from "../route.ts";
import { isHeld, missingIn, waitsForPerson } from "../state/compare.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, numberOf } from "../state/nodes.ts";
import { isRunning } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";
import { runInWords } from "../words.ts";
import { drawInWords, useDrawSeconds } from "./draw-time.ts";
import type { At } from "./grid.tsx";
import { OnePrompt, Setup } from "./setup.tsx";
import { drawnWith, useSave } from "./use-save.ts";
import { useSeen } from "../use-seen.ts";

export interface HeadProps {
  readonly rows: readonly Prompt[];
  readonly columns: readonly NodeId[];
  readonly sides: { readonly left: NodeId; readonly right: NodeId };
  readonly at: At;
}

export function Head({ rows, columns, sides, at }: HeadProps) {
  const [setup, setSetup] = useState<"prompt" | "all" | null>(null);
  const close = (): void => setSetup(null);
  const nodes = useStudio((state) => state.nodes);
  const [left, right] = [numberOf({ nodes }, sides.left), numberOf({ nodes }, sides.right)];
  const row = at.row < rows.length ? at.row : 0;
  const viewer = printRoute({ screen: "compare", viewer: { prompt: row, left, right } });
  useEnter(viewer);
  return (
    <div className="head">
      <h1 id="cmp-h">Compare</h1>
      <News columns={columns} />
      <span className="row push">
        <StopOrDraw />
        <button type="button" className="button" onClick={() => setSetup("prompt")}>
          Add a prompt
        </button>
        <button type="button" className="button" onClick={() => setSetup("all")}>
          Prompts and models
        </button>
        <a className="button primary" href={viewer} aria-keyshortcuts="Enter">
          Open side by side <kbd className="wide-only">Enter</kbd>
        </a>
      </span>
      {setup === "prompt" ? <OnePrompt onClose={close} /> : setup === "all" ? <Setup onClose={close} /> : null}
    </div>
  );
}

/** Enter opens the viewer, unless what has the focus takes the key itself. */
function useEnter(address: string): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Enter" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const takes = "a, button, input, select, textarea, summary, dialog, [contenteditable]";
      if (event.target instanceof Element && event.target.closest(takes) !== null) return;
      if (document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      globalThis.location.hash = address;
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [address]);
}

/** What is drawn now, what waits, or what the grid is. */
function News({ columns }: { readonly columns: readonly NodeId[] }) {
  const prompts = useStudio((state) => state.prompts.length);
  const seedsEach = useStudio((state) => state.seedsEach);
  const model = useStudio((state) => state.model);
  const seen = useSeen();
  const drawing = useStudio((state) => state.drawing);
  const drawn = useStudio((state) => (state.drawing === null ? "" : nameOf(state, state.drawing.node)));
  const missing = useStudio(missingIn);
  const asks = useStudio(waitsForPerson);
  const waiting = useStudio((state) => (state.current !== null && isRunning(state) ? runInWords(state.current) : null));
  if (drawing !== null) {
    const { pace, done, of } = drawing;
    const left = pace === null ? null : leftInWords({ kind: "about", seconds: (pace * missing) / 1000 });
    return (
      <p role="status" aria-live="off">
        Drawing {drawn}, picture {Math.min(of, done + 1)} of {of}
        {left === null ? "" : `, ${left} left`}
      </p>
    );
  }
  if (waiting !== null && missing > 0)
    return (
      <p>
        {waiting}. What is missing here {asks ? "can be" : "is"} drawn after it.
      </p>
    );
  if (asks && missing > 0) return <p>{count(missing, "picture is", "pictures are")} missing</p>;
  if (prompts === 0) return <p>{model === null ? "The model is being opened." : "No prompts yet"}</p>;
  return (
    <p>
      {count(prompts, "prompt")}, {count(columns.length, "model")},{" "}
      {seedsEach === 1 ? "the same seed in every row" : `${seedsEach} seeds a prompt, the same in every row`}
      {model === null ? "" : `, ${drawnWith(model)}. ${seen}`}
    </p>
  );
}

/** Stands where words that change do not move it. */
function StopOrDraw() {
  const actions = useActions();
  const drawing = useStudio((state) => state.drawing !== null);
  const missing = useStudio(missingIn);
  const held = useStudio((state) => isHeld(state) && !isRunning(state));
  const large = useStudio((state) => state.model?.large ?? false);
  const run = useStudio((state) => (isRunning(state) ? state.current?.name : undefined));
  const seconds = useDrawSeconds(missing);
  if (drawing)
    return (
      <Act obstacle={null} onClick={() => actions.holdDrawing(true)}>
        Stop drawing
      </Act>
    );
  if (missing === 0 || !(large || held)) return null;
  const words = missing === 1 ? "Draw it" : `Draw the ${missing}`;
  return (
    <Act obstacle={run === undefined ? null : `${run} is being trained.`} onClick={() => actions.holdDrawing(false)}>
      {large ? drawInWords(missing, seconds) : words}
    </Act>
  );
}

function KeyWord({ of, words }: { readonly of: Command; readonly words: string }) {
  return useKey(of) === null ? null : (
    <span>
      <Key of={of} /> {words}
    </span>
  );
}

export function Foot() {
  const some = useStudio((state) => Object.keys(state.cells).length > 0);
  const { saving, saveAll, saveGrid } = useSave();
  return (
    <div className="gridfoot">
      <p className="keyline">
        <span>
          <kbd>←</kbd>
          <kbd>→</kbd> model
        </span>
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd> prompt
        </span>
        <KeyWord of="setLeft" words="set left" />
        <KeyWord of="setRight" words="set right" />
        <span>
          <kbd>Enter</kbd> open
        </span>
        <KeyWord of="sheet" words="all keys" />
      </p>
      <span className="row push">
        <button type="button" className="button" disabled={!some || saving} onClick={saveGrid}>
          Save the grid as PNG
        </button>
        <button type="button" className="button" disabled={!some || saving} onClick={saveAll}>
          Save every picture
        </button>
      </span>
    </div>
  );
}
