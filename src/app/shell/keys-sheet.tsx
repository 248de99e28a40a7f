/** @file The sheet of keys, and the switch for those that are a single letter. */
import { useState } from "react";
import { setSingleKeys, singleKeys } from "../keys.ts";
import { Dialog } from "../parts/dialog.tsx";

const SHEET: readonly (readonly [keys: readonly string[], words: string])[] = [
  [["G", "P"], "go to Pairs; then I Iterate, C Compare, V Vote, R Report"],
  [["P"], "pause or continue"],
  [["1", "2", "3"], "all left, middle, all right"],
  [["M"], "next compare mode"],
  [["C"], "swap left and right"],
  [["←", "→"], "model: in the viewer the right one, with Shift the left"],
  [["↑", "↓"], "prompt"],
  [["A", "B"], "set left or right in the grid"],
  [["Enter"], "open side by side"],
  [["A", "B", "T", "S", "U"], "in Vote: prefer A or B, tie, skip, undo"],
  [["Z"], "fit or 1:1"],
  [["+", "−", "0"], "larger, smaller, fit; arrows move pictures that have the focus"],
  [["Esc"], "back to the grid"],
  [["?"], "this sheet"],
];

export function KeysSheet({ onClose }: { readonly onClose: () => void }) {
  const [on, setOn] = useState(singleKeys);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {SHEET.map(([keys, words]) => (
          <KeyRow key={words} keys={keys} words={words} />
        ))}
      </dl>
      <label className="row">
        <input
          type="checkbox"
          checked={on}
          onChange={() => {
            setSingleKeys(!on);
            setOn(!on);
          }}
        />
        Keys of a single letter, digit or sign
      </label>
      <form method="dialog">
        <button className="button">Close</button>
      </form>
    </Dialog>
  );
}

export function KeyRow({ keys, words }: { readonly keys: readonly string[]; readonly words: string }) {
  return (
    <>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  );
}
