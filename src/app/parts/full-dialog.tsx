/** @file The browser's storage is full: what can go, chosen by a person, and the run goes on. */
import { useState } from "react";
import { nodeName } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { count, room } from "../format.ts";
import type { Problem } from "../problem.ts";
import { saveFile } from "../save-file.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { faceOf } from "../state/faces.ts";
import { spare } from "../state/nodes.ts";
import { Dialog } from "./dialog.tsx";
import { PictureView } from "./picture.tsx";

export function FullDialog({ problem, onClose }: { readonly problem: Problem; readonly onClose: () => void }) {
  const actions = useActions();
  const state = useStudio((whole) => whole);
  const nodes = spare(state);
  const [marked, setMarked] = useState<ReadonlySet<NodeId>>(
    () => new Set(nodes.filter(({ deleted }) => deleted !== null).map(({ id }) => id)),
  );
  const [saving, setSaving] = useState(false);
  const chosen = nodes.filter(({ id }) => marked.has(id));
  const bytes = chosen.reduce((sum, node) => sum + node.bytes, 0);
  const toggle = (id: NodeId): void => {
    const rest = [...marked].filter((each) => each !== id);
    setMarked(new Set(marked.has(id) ? rest : [...rest, id]));
  };
  const goOn = (): void => {
    onClose();
    void actions.makeRoom(chosen.map(({ id }) => id));
  };
  const save = async (): Promise<void> => {
    setSaving(true);
    const file = await actions.exportProject();
    setSaving(false);
    if (file !== null) saveFile(file.name, "application/zip", file.bytes);
  };
  return (
    <Dialog title={problem.title} onClose={onClose}>
      <p className="quiet">
        {problem.safe}{" "}
        {nodes.length === 0
          ? "Nothing here can be deleted: free space on the disk, or save the project first."
          : "Delete something below, or save the project first."}
      </p>
      {nodes.length === 0 ? null : (
        <div className="prune" role="group" aria-label="What can be deleted">
          {nodes.map((node) => (
            <label key={node.id}>
              <input type="checkbox" checked={marked.has(node.id)} onChange={() => toggle(node.id)} />
              <PictureView id={faceOf(state, node.id)} label="" />
              <span>
                {nodeName(node)}
                <small>
                  {node.deleted === null
                    ? `${count(node.step, "step")}; its weights and curves go for good`
                    : "deleted; it cannot be restored any more then"}
                </small>
              </span>
              <span className="num">{room(node.bytes)}</span>
            </label>
          ))}
        </div>
      )}
      <div className="row">
        <button type="button" className="button primary" disabled={nodes.length > 0 && bytes === 0} onClick={goOn}>
          {nodes.length === 0 ? "Try again" : `Delete ${room(bytes)} and go on`}
        </button>
        <button type="button" className="button" disabled={saving} onClick={() => void save()}>
          {saving ? "Writing the file" : "Save project .zip"}
        </button>
        <button type="button" className="button plain" onClick={onClose}>
          Not now
        </button>
      </div>
    </Dialog>
  );
}
