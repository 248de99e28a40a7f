/** @file The files that were not taken, each with its reason; names are shown as text, whatever is in them. */
import { useRef } from "react";
import { count } from "../format.ts";
import { Message } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { useTake } from "../take.ts";
import { plainText } from "../plain-text.ts";

const MOST = 200;

export function Refused() {
  const actions = useActions();
  const refused = useStudio((state) => state.refused);
  const pairs = useStudio((state) => state.pairs.length);
  const take = useTake();
  const input = useRef<HTMLInputElement>(null);
  if (refused.length === 0) return null;
  const files = new Set(refused.map(({ path }) => path)).size;
  return (
    <Message
      bad
      title={`${count(files, "file was", "files were")} not taken. Nothing on your disk was changed.`}
      buttons={
        <>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="Choose others"
            onChange={(event) => {
              const files = [...(event.target.files ?? [])];
              event.target.value = "";
              actions.clearRefused();
              take?.(files);
            }}
          />
          <button type="button" className="button" disabled={take === null} onClick={() => input.current?.click()}>
            Choose others
          </button>
          <button type="button" className="button plain" onClick={actions.clearRefused}>
            {pairs === 0 ? "Close" : `Go on with ${pairs}`}
          </button>
        </>
      }
    >
      <ul className="refused">
        {refused.slice(0, MOST).map(({ path, reason }) => (
          <li key={`${path} ${reason}`}>
            <b>{plainText(path)}</b>
            <span className="quiet">{plainText(reason, 500)}</span>
          </li>
        ))}
      </ul>
      {refused.length > MOST ? <p>And {count(refused.length - MOST, "more reason")}.</p> : null}
    </Message>
  );
}
