/** @file The model: Pocket, or a person's own from the disk. */
import { useRef, useState } from "react";
import { type ModelHandle, filesBehind, pickHandle } from "../own-model/model-files.ts";
import { millions } from "../format.ts";
import { FileInput } from "../parts/file-input.tsx";
import { sourceFile } from "../read-files.ts";
import { useActions, useStudio, useWorkbench } from "../state/context.tsx";
import { isRunning } from "../state/selectors.ts";
import { PickedModel } from "./picked-model.tsx";

export function ModelSection() {
  const actions = useActions();
  const { source } = useWorkbench();
  const news = useNews();
  const picked = useStudio((state) => state.picked !== null);
  const away = useStudio((state) => state.machine === "away");
  const busy = useStudio((state) => isRunning(state) || state.reading !== null);
  const [choosing, setChoosing] = useState(false);
  const own = source.kind !== "pocket";
  const another = (choosing || picked) && !away;
  const stay = (): void => {
    setChoosing(false);
    actions.unpick();
  };
  return (
    <section aria-labelledby="model-h">
      <h2 id="model-h">Model</h2>
      <fieldset className="options" disabled={busy}>
        <legend className="visually-hidden">Model</legend>
        {own ? (
          <Option name={source.last.title} help={`yours, ${news}`} checked={!another} onChoose={stay} />
        ) : source.last === null ? null : (
          <Option name={source.last.title} help="yours, with its own project" onChoose={() => void actions.reopen()} />
        )}
        <Option
          name="Pocket"
          help={`built in, 64 px pictures${own ? ", with its own project" : `, ${news}`}`}
          checked={!own && !another}
          onChoose={() => (own ? void actions.usePocket() : stay())}
        />
        <Option
          name="Stable Diffusion 1.5 from disk"
          help="a diffusers folder or one .safetensors file; ONNX exports too"
          checked={another}
          onChoose={() => setChoosing(true)}
        />
        <Option name="Training artifacts" help="a folder of ONNX files made for this page: not in this page yet" />
      </fieldset>
      {another ? picked ? <PickedModel /> : <PickModel disabled={busy} /> : null}
    </section>
  );
}

interface OptionProps {
  readonly name: string;
  readonly help: string;
  readonly checked?: boolean;
  /** without one it cannot be chosen */
  readonly onChoose?: () => void;
}

function Option({ name, help, checked = false, onChoose }: OptionProps) {
  return (
    <label>
      <input type="radio" name="model" checked={checked} disabled={onChoose === undefined} onChange={onChoose} />
      <b>{name}</b>
      <small>{help}</small>
    </label>
  );
}

/** A model of the last visit whose files the browser does not give by itself: before anything else they are to be given again. */
export function AwaySection() {
  const { source } = useWorkbench();
  const away = useStudio((state) => state.machine === "away");
  const picked = useStudio((state) => state.picked !== null);
  return away && source.kind === "away" ? (
    <section className="away" aria-label={source.last.title}>
      {picked ? <PickedModel /> : <PickModel disabled={false} />}
    </section>
  ) : null;
}

/** Of the model whose workbench this is. */
function useNews(): string {
  const model = useStudio((state) => state.model);
  const machine = useStudio((state) => state.machine);
  if (machine === "away") return "its files are to be given again";
  if (model !== null) return `${millions(model.parameters)} weights, ready`;
  return machine === "failed" ? "not open" : "being opened";
}

function PickModel({ disabled }: { readonly disabled: boolean }) {
  const actions = useActions();
  const { source } = useWorkbench();
  const away = useStudio((state) => state.machine === "away");
  const folder = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const pick = async (what: "folder" | "file"): Promise<void> => {
    const handle = await pickHandle(what);
    if (handle === undefined) (what === "folder" ? folder : file).current?.click();
    else if (handle !== null) await take(handle);
  };
  const take = async (handle: ModelHandle): Promise<void> => actions.pickModel(await filesBehind(handle), handle);
  const onFiles = (files: readonly File[]): void => void actions.pickModel(files.map(sourceFile), null);
  const known = source.kind === "away" && source.last.handle !== null;
  return (
    <>
      {away && source.kind === "away" ? (
        <p>
          {source.last.title} lies on your disk, and the browser gives it to this page only when you say so. Its project
          is safe.
        </p>
      ) : (
        <p className="small quiet">Stable Diffusion 1.5 or a fine-tune of it. It is read where it lies, in pieces.</p>
      )}
      <div className="row">
        {known ? (
          <button type="button" className="button primary" onClick={() => void actions.reopen()}>
            Open it again
          </button>
        ) : null}
        <button type="button" className="button" disabled={disabled} onClick={() => void pick("folder")}>
          Choose a model’s folder
        </button>
        <button type="button" className="button" disabled={disabled} onClick={() => void pick("file")}>
          Choose a model’s file
        </button>
      </div>
      <FileInput ref={folder} label="A model’s folder" folder onFiles={onFiles} />
      <FileInput ref={file} label="A model’s file" accept=".safetensors" onFiles={onFiles} />
    </>
  );
}
