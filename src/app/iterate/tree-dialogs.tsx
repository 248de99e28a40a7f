/** @file What the tree asks: a name, an opponent, a kind of file. */
import { useState, type SubmitEvent } from "react";
import { BASE, nodeName } from "../../lib/node-name.ts";
import type { ExportKind, NodeId, NodeInfo } from "../../studio/api.ts";
import { room } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { PictureView } from "../parts/picture.tsx";
import { saveFile } from "../save-file.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { faceOf } from "../state/faces.ts";
import { models, nameOf, nextNode, nodeOf } from "../state/nodes.ts";
import { groundInWords } from "./tree-words.ts";

export type DialogKind = "rename" | "opponent" | "export";

interface Asked {
  readonly node: NodeId;
  readonly onClose: () => void;
}

export function TreeDialog({ kind, node, onClose }: Asked & { readonly kind: DialogKind }) {
  const info = useStudio((state) => nodeOf(state, node));
  if (kind === "opponent") return <OpponentDialog node={node} onClose={onClose} />;
  if (info === undefined) return null;
  return kind === "rename" ? (
    <RenameDialog node={info} onClose={onClose} />
  ) : (
    <ExportDialog node={info} onClose={onClose} />
  );
}

const LONGEST_NAME = 40;

function RenameDialog({ node, onClose }: { readonly node: NodeInfo; readonly onClose: () => void }) {
  const actions = useActions();
  const [name, setName] = useState(nodeName(node));
  const own = nodeName({ ...node, name: null });
  const rename = (event: SubmitEvent): void => {
    event.preventDefault();
    const wanted = name.trim();
    void actions.renameNode(node.id, wanted === "" || wanted === own ? null : wanted);
    onClose();
  };
  return (
    <Dialog title={`Rename ${nodeName(node)}`} onClose={onClose}>
      <form className="sheet-form" onSubmit={rename}>
        <label>
          Name
          <input
            className="field"
            value={name}
            maxLength={LONGEST_NAME}
            onChange={(event) => setName(event.target.value)}
            onFocus={(event) => event.target.select()}
          />
          <small>Left empty, it is {own} again.</small>
        </label>
        <div className="row">
          <button className="button primary">Rename</button>
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The parent is the paper's; any other that was kept will do. */
export function OpponentDialog({ node, onClose }: Asked) {
  const actions = useActions();
  const state = useStudio((whole) => whole);
  const name = nameOf(state, node);
  const { title } = nextNode({ nodes: state.nodes, next: { parent: node } });
  const chosenBefore = nextNode(state).parent === node ? nextNode(state).opponent : node;
  const [opponent, setOpponent] = useState(chosenBefore);
  const choose = (): void => {
    onClose();
    actions.growFrom(node, opponent);
  };
  return (
    <Dialog title={`Who ${title} plays against`} onClose={onClose}>
      <div className="opponents" role="radiogroup" aria-label="Opponent">
        {models(state)
          .toReversed()
          .map((id) => (
            <label key={id}>
              <input type="radio" name="opponent" checked={id === opponent} onChange={() => setOpponent(id)} />
              <PictureView id={faceOf(state, id)} label="" />
              <span>
                <b>{nameOf(state, id)}</b>
                <small>
                  {id === node ? "where it starts from, as in the paper" : id === BASE ? "the model as it came" : ""}
                </small>
              </span>
            </label>
          ))}
      </div>
      <p className="quiet">
        {opponent === node
          ? "It starts as an exact copy of its opponent."
          : `It starts as a copy of ${name}, so at the start it is not even with its opponent.`}
      </p>
      <div className="row">
        <button type="button" className="button primary" onClick={choose}>
          Play against {nameOf(state, opponent)}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}

const KINDS: { readonly [K in ExportKind]: { readonly label: string; readonly help: string } } = {
  lora: {
    label: "LoRA for A1111, ComfyUI and others",
    help: "safetensors in kohya’s names, 16-bit: a small file beside the base model. Most programs read it.",
  },
  "lora-diffusers": {
    label: "LoRA for diffusers",
    help: "safetensors in PEFT’s names, 32-bit: what load_lora_weights reads, and what other training goes on from.",
  },
  weights: {
    label: "Weights of the UNet",
    help: "safetensors in diffusers’ names: takes the place of the model’s own.",
  },
  checkpoint: { label: "Checkpoint", help: "A zip of all that was saved, to look into or to keep safe." },
};

function ExportDialog({ node, onClose }: { readonly node: NodeInfo; readonly onClose: () => void }) {
  const ground = useStudio((state) => groundInWords(state, node));
  const actions = useActions();
  const [busy, setBusy] = useState<ExportKind | null>(null);
  const [done, setDone] = useState("");
  const kinds: readonly ExportKind[] =
    node.settings.train === "lora" ? ["lora", "lora-diffusers", "checkpoint"] : ["weights", "checkpoint"];
  const take = async (kind: ExportKind): Promise<void> => {
    setBusy(kind);
    const file = await actions.exportNode(node.id, kind);
    setBusy(null);
    if (file === null) return onClose();
    saveFile(file.name, "application/octet-stream", file.bytes);
    setDone(`${file.name}, ${room(file.bytes.length)}, is in your downloads.`);
  };
  const at = node.state === "begun" ? `, as of step ${node.step}` : "";
  return (
    <Dialog title={`Export ${nodeName(node)}${at}`} onClose={onClose}>
      {ground === null ? null : <p>{ground}</p>}
      <ul className="exports">
        {kinds.map((kind) => (
          <li key={kind}>
            <button type="button" className="button" disabled={busy !== null} onClick={() => void take(kind)}>
              {KINDS[kind].label}
            </button>
            <span className="quiet small">{KINDS[kind].help}</span>
          </li>
        ))}
      </ul>
      <p role="status" className="quiet">
        {busy === null ? done : "Writing the file."}
      </p>
      <form method="dialog">
        <button className="button">Close</button>
      </form>
    </Dialog>
  );
}
