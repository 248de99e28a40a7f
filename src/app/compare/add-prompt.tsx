/** @file One more row for the grid. */
import { useState, type SyntheticEvent } from "react";
import { useActions } from "../state/context.tsx";

export function AddPrompt() {
  const actions = useActions();
  const [text, setText] = useState("");
  const add = (event: SyntheticEvent): void => {
    event.preventDefault();
    actions.addPrompt(text);
    setText("");
  };
  return (
    <form className="try" onSubmit={add}>
      <input
        className="field"
        aria-label="A prompt to add"
        placeholder="one more prompt"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="button" disabled={text.trim() === ""}>
        Add
      </button>
    </form>
  );
}
