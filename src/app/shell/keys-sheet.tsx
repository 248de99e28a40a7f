/** @file The sheet of keys: what each does, on which screen; single ones can be changed here, or switched off. */
import { Fragment, useState, type KeyboardEvent } from "react";
import {
  areChanged,
  type Command,
  isSingle,
  keyOf,
  label,
  resetKeys,
  setKey,
  setSingleKeys,
  singleKeys,
  useKept,
  wordsOf,
} from "../keys.ts";
import { Dialog } from "../parts/dialog.tsx";

interface Line {
  /** commands, and keys that cannot be changed in square brackets, words between keys as they are */
  readonly keys: readonly (Command | `[${string}]` | "then")[];
  readonly words: string;
}

const SHEET: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  {
    title: "Everywhere",
    lines: [
      { keys: ["go", "then", "goPairs", "goIterate", "goCompare", "goVote", "goReport"], words: "go to a screen" },
      { keys: ["pause"], words: "pause or resume" },
      { keys: ["sheet"], words: "this sheet" },
    ],
  },
  {
    title: "Pairs",
    lines: [
      { keys: ["[←]", "[→]", "[↑]", "[↓]"], words: "from picture to picture" },
      { keys: ["[↓]", "[↑]"], words: "on Next: the next pair, the one before" },
      { keys: ["[Ctrl Z]", "[Ctrl Y]"], words: "undo, redo" },
      { keys: ["[Ctrl V]"], words: "paste pictures, or captions" },
      { keys: ["[←]", "[→]", "[↑]", "[↓]"], words: "on the crop square: move it, with Shift by one pixel" },
      { keys: ["[+]", "[−]"], words: "on the crop square: larger, smaller" },
    ],
  },
  {
    title: "Iterate",
    lines: [
      { keys: ["[↑]", "[↓]"], words: "from iteration to iteration; their first letters too" },
      { keys: ["[←]", "[→]"], words: "hide or show what came from one" },
      { keys: ["[Enter]"], words: "look at it" },
      { keys: ["[Shift F10]"], words: "what can be done with it" },
      { keys: ["[F2]", "[Del]", "[Ctrl Z]"], words: "rename, delete, bring back" },
    ],
  },
  {
    title: "Compare",
    lines: [
      { keys: ["[←]", "[→]", "[↑]", "[↓]"], words: "model and prompt; side by side with Shift the left model" },
      { keys: ["setLeft", "setRight"], words: "set left, set right in the grid" },
      { keys: ["[Enter]", "[Esc]"], words: "open side by side, back to the grid" },
      { keys: ["allLeft", "middle", "allRight"], words: "all left, middle, all right" },
      { keys: ["mode"], words: "next compare mode" },
      { keys: ["swap"], words: "swap left and right" },
      { keys: ["zoom"], words: "fit or 1:1" },
      { keys: ["larger", "smaller", "fit"], words: "larger, smaller, fit; arrows move pictures that have the focus" },
      { keys: ["[←]", "[→]", "[Page]", "[Home]", "[End]"], words: "on the divider: by 2, by 10, all right, all left" },
    ],
  },
  {
    title: "Vote",
    lines: [{ keys: ["voteA", "voteB", "tie", "skip", "undo"], words: "vote, tie, skip, undo" }],
  },
];

export function KeysSheet({ onClose }: { readonly onClose: () => void }) {
  const on = useKept(singleKeys);
  const changed = useKept(areChanged);
  const [news, setNews] = useState("");
  const [asking, setAsking] = useState<Command | null>(null);

  const take = (command: Command, key: string): void => {
    setAsking(null);
    const taken = setKey(command, key);
    setNews(
      taken === null
        ? `${label(key)} is the key for “${wordsOf(command)}” now.`
        : `${label(key)} is taken by “${wordsOf(taken)}”. Nothing was changed: choose another key.`,
    );
  };
  const ask = (command: Command | null): void => {
    setAsking(command);
    setNews(command === null ? "" : `Press a letter, digit or sign for “${wordsOf(command)}”. Esc leaves it as it is.`);
  };

  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="key-groups">
        {SHEET.map(({ title, lines }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl className="keys">
              {lines.map(({ keys, words }) => (
                <Fragment key={words}>
                  <dt>
                    {keys.map((key) =>
                      key === "then" ? (
                        <span key={key}>then</span>
                      ) : isFixed(key) ? (
                        <kbd key={key}>{key.slice(1, -1)}</kbd>
                      ) : (
                        <KeyButton key={key} command={key} asking={asking === key} {...{ on, ask, take }} />
                      ),
                    )}
                  </dt>
                  <dd>{words}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="small quiet" role="status">
        {news === "" ? "Choose a key to change it. Single keys do nothing while you type." : news}
      </p>
      <label className="row">
        <input type="checkbox" checked={on} onChange={() => setSingleKeys(!on)} />
        Keys of a single letter, digit or sign
      </label>
      <form method="dialog" className="row">
        <button className="button">Close</button>
        {changed ? (
          <button type="button" className="button plain" onClick={resetKeys}>
            All keys as they came
          </button>
        ) : null}
      </form>
    </Dialog>
  );
}

const isFixed = (key: string): key is `[${string}]` => key.startsWith("[");

interface KeyButtonProps {
  readonly command: Command;
  readonly asking: boolean;
  readonly on: boolean;
  readonly ask: (command: Command | null) => void;
  readonly take: (command: Command, key: string) => void;
}

/** A key that can be changed: pressed, then the new key. */
function KeyButton({ command, asking, on, ask, take }: KeyButtonProps) {
  const key = label(useKept(() => keyOf(command)));
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!asking || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") ask(null);
    else if (isSingle(event.key)) take(command, event.key);
    else return;
    // Esc would close the sheet
    event.preventDefault();
  };
  return (
    <button
      type="button"
      className="key"
      disabled={!on}
      aria-pressed={asking}
      aria-label={`${key}: ${wordsOf(command)}, change`}
      onClick={() => ask(asking ? null : command)}
      onKeyDown={onKeyDown}
      onBlur={() => {
        if (asking) ask(null);
      }}
    >
      <kbd>{asking ? "…" : key}</kbd>
    </button>
  );
}
