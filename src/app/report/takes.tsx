/** @file Files to take away, and a project that comes back as one. */
import { useRef, useState, type ReactNode } from "react";
import { BASE } from "../../lib/node-name.ts";
import { count, room } from "../format.ts";
import { useSave } from "../compare/use-save.ts";
import { saveFile } from "../save-file.ts";
import { columnsOf, rowsOf } from "../state/compare.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { keptNodes, nameOf, nodeOf } from "../state/nodes.ts";
import { isRunning } from "../state/selectors.ts";
import { useSaveVotes } from "../vote/use-save-votes.ts";
import { OpenProject } from "./open-project.tsx";

export interface TakesProps {
  readonly votes: number;
  /** then the primary action is here */
  readonly scored: boolean;
}

export function Takes({ votes, scored }: TakesProps) {
  const saveVotes = useSaveVotes();
  const several = useStudio((state) => keptNodes(state).length > 0);
  return (
    <section aria-labelledby="takes-h">
      <h2 id="takes-h">Take it with you</h2>
      <ul className="takes">
        {several ? <Weights primary={scored} /> : null}
        {several ? <PictureGrid /> : null}
        {votes > 0 ? (
          <Take title="Votes" help={`${count(votes, "vote")}, one a line`}>
            <button type="button" className="button" onClick={saveVotes}>
              Save .jsonl
            </button>
          </Take>
        ) : null}
        <Project />
      </ul>
    </section>
  );
}

function Take({
  title,
  help,
  children,
}: {
  readonly title: string;
  readonly help: string;
  readonly children: ReactNode;
}) {
  return (
    <li>
      <span>
        <b>{title}</b>
        <small>{help}</small>
      </span>
      <span className="row">{children}</span>
    </li>
  );
}

/** As Compare shows it; what it lacks is drawn first. */
function PictureGrid() {
  const actions = useActions();
  const prompts = useStudio((state) => rowsOf(state).length);
  const columns = useStudio((state) => columnsOf(state).length);
  const drawing = useStudio((state) => state.drawing !== null);
  const free = useStudio((state) => state.machine === "ready" && !isRunning(state));
  const { saving, saveGrid } = useSave();
  const save = async (): Promise<void> => {
    await actions.drawMissing();
    saveGrid();
  };
  const help = `${count(prompts, "prompt")} × ${count(columns, "model")} with labels; prompt and seed inside the file`;
  return (
    <Take title="Picture grid" help={help}>
      <button type="button" className="button" disabled={!free || drawing || saving} onClick={() => void save()}>
        {drawing ? "Drawing" : "Save .png"}
      </button>
    </Take>
  );
}

function Weights({ primary }: { readonly primary: boolean }) {
  const actions = useActions();
  const nodes = useStudio((state) => state.nodes);
  const kept = keptNodes({ nodes });
  const [chosen, setChosen] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const node = nodeOf({ nodes }, chosen) ?? kept.at(-1);
  if (node === undefined) return null;
  const lora = node.settings.train === "lora";
  const save = async (): Promise<void> => {
    setSaving(true);
    const file = await actions.exportNode(node.id, lora ? "lora" : "weights");
    if (file !== null) saveFile(file.name, "application/octet-stream", file.bytes);
    setSaving(false);
  };
  const help = lora
    ? "a small file beside the base model, for A1111, ComfyUI, diffusers and others"
    : "the whole UNet, in diffusers’ names";
  return (
    <Take title={`${lora ? "LoRA" : "Weights"} of ${nameOf({ nodes }, node.id)}`} help={help}>
      {kept.length < 2 ? null : (
        <select
          className="field"
          aria-label="Model to save"
          value={node.id}
          onChange={(event) => setChosen(event.target.value)}
        >
          {kept.map(({ id }) => (
            <option key={id} value={id}>
              {nameOf({ nodes }, id)}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        className={primary ? "button primary" : "button"}
        disabled={saving}
        onClick={() => void save()}
      >
        Save .safetensors
      </button>
    </Take>
  );
}

function Project() {
  const actions = useActions();
  const bytes = useStudio((state) => state.nodes.reduce((sum, node) => sum + (node.id === BASE ? 0 : node.bytes), 0));
  const empty = useStudio((state) => state.pairs.length === 0 && state.nodes.length === 0);
  const busy = useStudio((state) => isRunning(state) || state.elsewhere || state.machine === "reading");
  const [saving, setSaving] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const save = async (): Promise<void> => {
    setSaving(true);
    const made = await actions.exportProject();
    if (made !== null) saveFile(made.name, "application/zip", made.bytes);
    setSaving(false);
  };
  return (
    <Take
      title="Whole project"
      help={`pairs, iterations, settings, votes${bytes === 0 ? "" : `: about ${room(bytes)}`}, opens again on any computer`}
    >
      <input
        ref={input}
        type="file"
        accept=".zip"
        hidden
        aria-label="Choose a project file"
        onChange={(event) => {
          setFile(event.target.files?.[0] ?? null);
          event.target.value = "";
        }}
      />
      <button
        type="button"
        className="button"
        disabled={busy}
        title={busy ? "Pause the run first." : undefined}
        onClick={() => input.current?.click()}
      >
        Open .zip
      </button>
      <button type="button" className="button" disabled={saving || empty} onClick={() => void save()}>
        Save .zip
      </button>
      {file === null ? null : <OpenProject file={file} onClose={() => setFile(null)} />}
    </Take>
  );
}
