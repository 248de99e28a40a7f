/** @file What a person should know on any screen, above it: another tab, a lost device, damage that was found, a deletion that can be undone. */
import { useEffect } from "react";
import { nodeName } from "../../lib/node-name.ts";
import { room } from "../format.ts";
import { Message } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nodeOf } from "../state/nodes.ts";
import { safeInWords } from "../words.ts";
import { DeviceNotice } from "./device-notice.tsx";

export function Notices() {
  return (
    <>
      <OtherTab />
      <DeviceNotice />
      <Damage />
      <Undo />
    </>
  );
}

/** A tab that ends, or crashes, says nothing: this one looks again now and then, as long as somebody sees it. */
const LOOK_MS = 5000;

function OtherTab() {
  const actions = useActions();
  const elsewhere = useStudio((state) => state.elsewhere);
  const turnedAway = useStudio((state) => state.turnedAway);
  useEffect(() => {
    if (!elsewhere) return;
    const look = (): void => {
      if (document.visibilityState === "visible") void actions.refresh().catch(() => undefined);
    };
    const timer = setInterval(look, LOOK_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [actions, elsewhere]);
  if (!elsewhere) return null;
  return (
    <div className="obstacle" role="status">
      <Message
        title="Another tab trains this project. This one reads along."
        buttons={
          <button type="button" className="button" onClick={() => void actions.takeOver()}>
            Take over
          </button>
        }
      >
        {turnedAway === null ? null : <p>{turnedAway}</p>}
        <p>
          To train or change something here, take over: the other tab then stops at its last saved step, and nothing
          that was saved is lost.
        </p>
      </Message>
    </div>
  );
}

function Damage() {
  const actions = useActions();
  const damaged = useStudio((state) => state.damaged);
  const read = useStudio((state) => state.read);
  const safe = useStudio(safeInWords);
  const fresh = damaged.filter((sentence) => !read.includes(sentence));
  const [only] = fresh;
  if (only === undefined) return null;
  return (
    <div className="obstacle">
      <Message
        bad
        title={fresh.length === 1 ? only : `${fresh.length} things in this browser’s storage cannot be used.`}
        buttons={
          <button type="button" className="button" onClick={actions.closeDamaged}>
            Close
          </button>
        }
      >
        {fresh.length === 1 ? null : (
          <ul className="sentences">
            {fresh.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
        <p>{safe} Whatever needs it uses the newest saved step that is whole.</p>
      </Message>
    </div>
  );
}

/** Stays until it is closed, or something else is done with the tree. */
function Undo() {
  const actions = useActions();
  const node = useStudio((state) => nodeOf(state, state.undoable));
  if (node === undefined) return null;
  return (
    <div className="obstacle" role="status">
      <Message
        title={`${nodeName(node)} is deleted.`}
        buttons={
          <>
            <button type="button" className="button" onClick={() => void actions.restoreNode(node.id)}>
              Undo
            </button>
            <button type="button" className="button plain" onClick={() => void actions.purge(node.id)}>
              Free {room(node.bytes)} now
            </button>
            <button type="button" className="button plain" onClick={actions.closeUndo}>
              Close
            </button>
          </>
        }
      >
        <p>It frees {room(node.bytes)} when you leave the page.</p>
      </Message>
    </div>
  );
}
