/** @file Pairs: what is in, what was refused and why, what needs a look, captions to edit, and the way on. */
import { useEffect, useRef, useState } from "react";
import { useDropzone } from "react-dropzone";
import { DropZone } from "../parts/drop-zone.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Progress } from "../parts/progress.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { isRunning } from "../state/selectors.ts";
import { pausedInWords } from "../words.ts";
import { type Bulk, BulkDialog } from "./bulk.tsx";
import { Gallery } from "./gallery.tsx";
import { Head } from "./head.tsx";
import { Inspector, InspectorFoot } from "./inspector.tsx";
import { Problems } from "./problems.tsx";
import { Refused } from "./refused.tsx";
import { usePaste, useTake } from "../take.ts";

const NARROW = "(max-width: 700px)";
const REST_MS = 1500;

export function PairsScreen() {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs);
  const reading = useStudio((state) => state.reading);
  const selected = useStudio((state) => state.selected);
  const locked = useStudio((state) => state.current !== null);
  const [adding, setAdding] = useState(false);
  const [bulk, setBulk] = useState<Bulk | null>(null);
  const [closely, setClosely] = useState(false);
  const caption = useRef<HTMLTextAreaElement>(null);
  const chosen = pairs.find((pair) => pair.id === selected);
  const { getRootProps, isDragActive } = useAnywhere();
  // a place where files may fall is no control: neither focused nor disabled
  const { role: _, tabIndex: _0, "aria-disabled": _1, ...root } = getRootProps();
  usePaste();
  useUndoKeys();
  useTokens();
  useLateSave();
  const empty = pairs.length === 0;
  const narrow = (): boolean => globalThis.matchMedia(NARROW).matches;
  const pick = (id: string): void => {
    actions.select(id);
    if (narrow()) setClosely(true);
  };
  const step = (by: number): void => {
    const at = pairs.findIndex(({ id }) => id === selected) + by;
    const next = pairs.at(at % Math.max(1, pairs.length));
    if (next !== undefined) actions.select(next.id);
  };
  const write = (id: string): void => {
    pick(id);
    // the inspector of that pair is there with the next frame
    requestAnimationFrame(() => caption.current?.focus());
  };
  return (
    <section
      {...root}
      className={`screen pairs${empty ? " bare" : ""}${isDragActive ? " over" : ""}`}
      aria-labelledby="pairs-h"
    >
      <Head adding={adding} onAdd={() => setAdding(!adding)} onBulk={setBulk} />
      {reading === null ? null : <Progress done={reading.done / Math.max(1, reading.of)} label="Reading pairs" />}
      <Refused />
      {locked && !empty ? <Locked /> : null}
      {locked || reading !== null || !(empty || adding || isDragActive) ? null : (
        <DropZone
          title={empty ? "Drop pictures with captions here" : isDragActive ? "Let go to add these" : "Drop more here"}
          help={
            empty
              ? "Files, folders or zips. Captions can be .txt files beside the pictures, metadata.jsonl, .csv, .json or .parquet."
              : "Or paste them."
          }
          samples={empty}
        />
      )}
      {empty ? null : (
        <>
          {locked ? null : <Problems onWrite={write} />}
          <Gallery locked={locked} onPick={pick} />
          {chosen === undefined ? null : (
            <aside className="inspect" aria-label="Selected pair">
              <Inspector key={chosen.id} pair={chosen} locked={locked} caption={caption} />
              <InspectorFoot pair={chosen} locked={locked} onStep={step} />
            </aside>
          )}
        </>
      )}
      {bulk === null ? null : <BulkDialog bulk={bulk} onClose={() => setBulk(null)} />}
      {closely && chosen !== undefined ? (
        <Dialog title={`Pair ${pairs.indexOf(chosen) + 1}`} onClose={() => setClosely(false)}>
          <div className="inspect closely">
            <Inspector key={chosen.id} pair={chosen} locked={locked} caption={caption} />
            <InspectorFoot pair={chosen} locked={locked} onStep={step} />
          </div>
          <div className="row">
            <button type="button" className="button primary" onClick={() => setClosely(false)}>
              Back to the pairs
            </button>
          </div>
        </Dialog>
      ) : null}
    </section>
  );
}

/** Files may be dropped anywhere on the screen. */
function useAnywhere() {
  const take = useTake();
  return useDropzone({ noClick: true, noKeyboard: true, disabled: take === null, onDrop: (files) => take?.(files) });
}

/** Control or Command with Z, and with Shift or Y for redo; in a field they are the field's. */
function useUndoKeys(): void {
  const actions = useActions();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { key, target } = event;
      if (!(event.ctrlKey || event.metaKey) || event.altKey || document.querySelector("dialog[open]")) return;
      if (target instanceof Element && target.closest("input, textarea, select") !== null) return;
      const letter = key.toLowerCase();
      if (letter !== "z" && letter !== "y") return;
      event.preventDefault();
      if (letter === "y" || event.shiftKey) actions.redo();
      else actions.undo();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [actions]);
}

/** Captions are counted when a person rests; a count that fails is asked for again with the next change. */
function useTokens(): void {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs);
  const able = useStudio((state) => state.machine === "ready" && state.reading === null && !isRunning(state));
  useEffect(() => {
    if (!able || pairs.length === 0) return;
    const timer = setTimeout(() => void actions.countTokens().catch(() => undefined), 250);
    return () => clearTimeout(timer);
  }, [actions, pairs, able]);
}

/** What was typed is saved when the field is left, or here: a field that scrolled away is never left. */
function useLateSave(): void {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs);
  const unsaved = useStudio((state) => state.unsaved && state.reading === null);
  useEffect(() => {
    if (!unsaved) return;
    const timer = setTimeout(() => void actions.savePairs(), REST_MS);
    const onHide = (): void => void actions.savePairs();
    document.addEventListener("visibilitychange", onHide);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onHide);
    };
  }, [actions, pairs, unsaved]);
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
