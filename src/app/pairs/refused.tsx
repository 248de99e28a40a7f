/** @file The files that were not taken, each with its reason; names are shown as text, whatever is in them. */
import { count } from "../format.ts";
import { Message } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { plainText } from "./plain-text.ts";

const MOST = 200;

export function Refused() {
  const actions = useActions();
  const refused = useStudio((state) => state.refused);
  if (refused.length === 0) return null;
  const files = new Set(refused.map(({ path }) => path)).size;
  return (
    <Message
      bad
      title={`${count(files, "file was", "files were")} not taken. Nothing on your disk was changed.`}
      buttons={
        <button type="button" className="button" onClick={actions.clearRefused}>
          Close
        </button>
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
