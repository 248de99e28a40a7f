/** @file While a run waits: any prompt, drawn by the run as it is now, beside its opponent. */
import { useState, type FormEvent } from "react";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import type { Current } from "../state/studio-state.ts";

export function TryIt({ current }: { readonly current: Current }) {
  const actions = useActions();
  const sampling = useStudio((state) => state.sampling);
  const ready = useStudio((state) => state.machine === "ready");
  const [text, setText] = useState("");
  const draw = (event: FormEvent): void => {
    event.preventDefault();
    void actions.tryPrompt(text);
  };
  return (
    <>
      <form className="try" onSubmit={draw}>
        <input
          className="field prompt"
          aria-label="Try a prompt"
          placeholder={`try a prompt on ${current.name} as it is now`}
          value={text}
          maxLength={1000}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button" disabled={!ready || sampling || text.trim() === ""}>
          {sampling ? "Drawing" : "Draw"}
        </button>
      </form>
      <TrialView current={current} />
    </>
  );
}

function TrialView({ current }: { readonly current: Current }) {
  const trial = useStudio((state) => state.trial);
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  if (trial === null) return null;
  const player = `${current.name}, step ${trial.step}`;
  return (
    <figure className="trial">
      <TwoUpLazy
        left={{ picture: trial.opponent ?? undefined, name: opponent, side: "opponent" }}
        right={{ picture: trial.player ?? undefined, name: player, side: "player" }}
        prompt={trial.text}
        versus
      />
      <figcaption>
        <span className="prompt">{trial.text}</span> <small className="quieter">seed {trial.seed}</small>
      </figcaption>
    </figure>
  );
}
