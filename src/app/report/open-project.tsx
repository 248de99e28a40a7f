/** @file A project's file in place of the project that is here: asked before, told after. */
import { useState } from "react";
import { count, room } from "../format.ts";
import { plainText } from "../plain-text.ts";
import { Dialog } from "../parts/dialog.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { keptNodes } from "../state/nodes.ts";

export function OpenProject({ file, onClose }: { readonly file: File; readonly onClose: () => void }) {
  const actions = useActions();
  const pairs = useStudio((state) => state.pairs.length);
  const iterations = useStudio((state) => keptNodes(state).length);
  const [reading, setReading] = useState(false);
  const [lost, setLost] = useState<readonly string[] | null>(null);
  const open = async (): Promise<void> => {
    setReading(true);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const left = await actions.importProject(bytes);
    if (left === null) onClose();
    else if (left.length === 0) reload();
    else setLost(left);
  };
  if (lost !== null)
    return (
      <Dialog title="The project is open, but not all of it could be read" onClose={reload}>
        <ul className="lost">
          {lost.map((sentence) => (
            <li key={sentence}>{plainText(sentence, 500)}</li>
          ))}
        </ul>
        <div className="row">
          <button type="button" className="button primary" onClick={reload}>
            Go on with the rest
          </button>
        </div>
      </Dialog>
    );
  const here = `${count(pairs, "pair")} and ${count(iterations, "iteration")}`;
  return (
    <Dialog title={`Open ${plainText(file.name)}?`} onClose={onClose}>
      <p>
        {pairs + iterations === 0
          ? `Its ${room(file.size)} are read here and stay here.`
          : `It takes the place of the project that is open: ${here} go. Save them as .zip first if you want to keep them.`}
      </p>
      <div className="row">
        <button type="button" className="button primary" disabled={reading} onClick={() => void open()}>
          {reading ? "Opening it" : pairs + iterations === 0 ? "Open it" : "Open it in place of this one"}
        </button>
        <button type="button" className="button" disabled={reading} onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}

/** Everything that is shown comes from the new project then. */
function reload(): void {
  globalThis.location.reload();
}
