/** @file The sheet of keys. */
import { Dialog } from "../parts/dialog.tsx";

const SHEET: readonly (readonly [keys: readonly string[], words: string])[] = [
  [["G", "P"], "go to Pairs; then I Iterate, C Compare"],
  [["P"], "pause or continue"],
  [["1", "2", "3"], "all left, middle, all right"],
  [["M"], "next compare mode"],
  [["C"], "swap left and right"],
  [["←", "→"], "right iteration, with Shift the left"],
  [["↑", "↓"], "prompt"],
  [["Esc"], "back to the grid"],
  [["?"], "this sheet"],
];

export function KeysSheet({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {SHEET.map(([keys, words]) => (
          <KeyRow key={words} keys={keys} words={words} />
        ))}
      </dl>
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
