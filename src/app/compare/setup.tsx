/** @file What the grid shows: prompts of one's own, seeds a prompt, and which models. */
import { useState, type SyntheticEvent } from "react";
import { Choice } from "../parts/choice.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { columnsOf, MOST_PROMPTS } from "../state/compare.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { models, nameOf } from "../state/nodes.ts";

const SEEDS = ["1", "2", "3", "4"].map((value) => ({ value, label: value }));

export function Setup({ onClose }: { readonly onClose: () => void }) {
  const actions = useActions();
  const prompts = useStudio((state) => state.prompts);
  const seedsEach = useStudio((state) => state.seedsEach);
  return (
    <Dialog title="Prompts and models" onClose={onClose}>
      <AddPrompt full={prompts.length >= MOST_PROMPTS} />
      <ul className="asked" aria-label="Prompts">
        {prompts.map(({ text, seed }) => (
          <li key={text}>
            <span className="prompt">{text}</span>
            <small className="quieter">seed {seed}</small>
            <button
              type="button"
              className="button plain"
              aria-label={`Remove ${text}`}
              disabled={prompts.length === 1}
              onClick={() => actions.removePrompt(text)}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <div className="row">
        <span id="seeds-each">Seeds for each prompt</span>
        <Choice
          label="Seeds for each prompt"
          options={SEEDS}
          value={String(seedsEach)}
          onChange={(value) => actions.setSeedsEach(Number(value))}
        />
      </div>
      <Columns />
      <form method="dialog">
        <button className="button">Close</button>
      </form>
    </Dialog>
  );
}

/** One more prompt, and back to the grid. */
export function OnePrompt({ onClose }: { readonly onClose: () => void }) {
  const full = useStudio((state) => state.prompts.length >= MOST_PROMPTS);
  return (
    <Dialog title="Add a prompt" onClose={onClose}>
      <AddPrompt full={full} onAdded={onClose} />
      <form method="dialog">
        <button className="button">Close</button>
      </form>
    </Dialog>
  );
}

interface AddPromptProps {
  readonly full: boolean;
  readonly onAdded?: () => void;
}

function AddPrompt({ full, onAdded }: AddPromptProps) {
  const actions = useActions();
  const [text, setText] = useState("");
  const add = (event: SyntheticEvent): void => {
    event.preventDefault();
    actions.addPrompt(text);
    setText("");
    onAdded?.();
  };
  return (
    <form className="try" onSubmit={add}>
      <input
        className="field"
        aria-label="A prompt to add"
        placeholder={full ? `at most ${MOST_PROMPTS} prompts` : "one more prompt"}
        disabled={full}
        maxLength={1000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="button" disabled={full || text.trim() === ""}>
        Add
      </button>
    </form>
  );
}

function Columns() {
  const actions = useActions();
  const nodes = useStudio((state) => state.nodes);
  const hidden = useStudio((state) => state.hidden);
  const shown = columnsOf({ nodes, hidden });
  return (
    <fieldset className="columns">
      <legend>Models</legend>
      {models({ nodes }).map((node) => {
        const checked = shown.includes(node);
        return (
          <label key={node} className="row">
            <input
              type="checkbox"
              checked={checked}
              disabled={checked && shown.length === 1}
              onChange={() => actions.setHidden(node, checked)}
            />
            {nameOf({ nodes }, node)}
          </label>
        );
      })}
    </fieldset>
  );
}
