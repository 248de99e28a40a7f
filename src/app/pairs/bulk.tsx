/** @file Edits of all captions at once: find and replace, words before and after. Each is one step back. */
import { useId, useState } from "react";
import { count } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { countMatches, replaceMatches } from "./replace.ts";

export type Bulk = "replace" | "add";

export function BulkDialog({ bulk, onClose }: { readonly bulk: Bulk; readonly onClose: () => void }) {
  return bulk === "replace" ? <Replace onClose={onClose} /> : <AddWords onClose={onClose} />;
}

function Replace({ onClose }: { readonly onClose: () => void }) {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs);
  const [find, setFind] = useState("");
  const [replacement, setReplacement] = useState("");
  const [matchCase, setMatchCase] = useState(false);
  const finding = { find, matchCase };
  const counts = pairs.map((pair) => countMatches(pair.caption, finding));
  const matches = counts.reduce((sum, n) => sum + n, 0);
  const captions = counts.filter((n) => n > 0).length;
  const ids = pairs.filter((_, at) => (counts[at] ?? 0) > 0).map((pair) => pair.id);
  const replace = (): void => {
    actions.edit(`replace ${count(matches, "match", "matches")}`, ids, (pair) => {
      return { caption: replaceMatches(pair.caption, finding, replacement) };
    });
    onClose();
  };
  return (
    <Dialog title="Find and replace" onClose={onClose}>
      <Words label="Find" value={find} onChange={setFind} focus />
      <Words label="Replace with" value={replacement} onChange={setReplacement} />
      <label className="row">
        <input type="checkbox" checked={matchCase} onChange={(event) => setMatchCase(event.target.checked)} />
        Match capital letters
      </label>
      <p className="quiet" role="status">
        {find === ""
          ? "In the captions of all pairs."
          : matches === 0
            ? "No match."
            : `${count(matches, "match", "matches")} in ${count(captions, "caption")}.`}
      </p>
      <Buttons
        label={matches === 0 ? "Replace" : `Replace ${matches}`}
        off={matches === 0}
        act={replace}
        onClose={onClose}
      />
    </Dialog>
  );
}

function AddWords({ onClose }: { readonly onClose: () => void }) {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs);
  const [before, setBefore] = useState("");
  const [after, setAfter] = useState("");
  const captioned = pairs.filter((pair) => pair.caption.trim() !== "");
  const wrap = (caption: string): string => `${before}${caption.trim()}${after}`;
  const add = (): void => {
    actions.edit(
      `add words to ${count(captioned.length, "caption")}`,
      captioned.map((pair) => pair.id),
      (pair) => ({ caption: wrap(pair.caption) }),
    );
    onClose();
  };
  const off = before + after === "" || captioned.length === 0;
  return (
    <Dialog title="Add words to every caption" onClose={onClose}>
      <Words label="Before" value={before} onChange={setBefore} focus />
      <Words label="After" value={after} onChange={setAfter} />
      <p className="quiet small">
        With their spaces and commas. The first caption would be:
        <br />
        <span className="prompt">{wrap(captioned[0]?.caption ?? "")}</span>
      </p>
      <Buttons label={`Add to ${count(captioned.length, "caption")}`} off={off} act={add} onClose={onClose} />
    </Dialog>
  );
}

interface WordsProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly focus?: boolean;
}

function Words({ label, value, onChange, focus = false }: WordsProps) {
  const id = useId();
  return (
    <div className="words">
      <label className="small quiet" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="field"
        value={value}
        maxLength={1000}
        ref={(element) => {
          if (focus && element !== null && element.value === "" && !element.dataset["met"]) {
            element.dataset["met"] = "true";
            element.focus();
          }
        }}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

interface ButtonsProps {
  readonly label: string;
  readonly off: boolean;
  readonly act: () => void;
  readonly onClose: () => void;
}

function Buttons({ label, off, act, onClose }: ButtonsProps) {
  return (
    <div className="row">
      <button type="button" className="button primary" disabled={off} onClick={act}>
        {label}
      </button>
      <button type="button" className="button" onClick={onClose}>
        Leave as it is
      </button>
    </div>
  );
}
