/** @file The model: Pocket, or a person's own from the disk or from the hub. */
import { useRef, useState } from "react";
import { type ModelHandle, filesBehind, pickHandle } from "../own-model/model-files.ts";
import { millions } from "../format.ts";
import { FileInput } from "../parts/file-input.tsx";
import { sourceFile } from "../read-files.ts";
import { useActions, useStudio, useWorkbench } from "../state/context.tsx";
import { isRunning } from "../state/selectors.ts";
import { HubModels } from "./hub-model.tsx";
import { PickedModel } from "./picked-model.tsx";

export function ModelSection() {
  const actions = useActions();
  const { source } = useWorkbench();
  const news = useNews();
  const picked = useStudio((state) => state.picked && (state.picked.download === null ? "disk" : "hub"));
  const away = useStudio((state) => state.machine === "away");
  const busy = useStudio((state) => isRunning(state) || state.reading !== null);
  const [choosing, setChoosing] = useState<"disk" | "hub" | null>(null);
  const own = source.kind !== "pocket";
  const another = away ? null : (picked ?? choosing);
  const choose = (from: "disk" | "hub" | null): void => {
    setChoosing(from);
    actions.unpick();
  };
  const stay = (): void => choose(null);
  return (
    <section aria-labelledby="model-h">
      <h2 id="model-h">Model</h2>
      <fieldset className="options" disabled={busy}>
        <legend className="visually-hidden">Model</legend>
        {own ? (
          <Option name={source.last.title} help={`yours, ${news}`} checked={another === null} onChoose={stay} />
        ) : source.last === null ? null : (
          <Option name={source.last.title} help="yours, with its own project" onChoose={() => void actions.reopen()} />
        )}
        <Option
          name="Pocket"
          help={`built in, 64 px pictures${own ? ", with its own project" : `, ${news}`}`}
          checked={!own && another === null}
          onChoose={() => (own ? void actions.usePocket() : stay())}
        />
        <Option
          name="Stable Diffusion 1.5 from disk"
          help="a diffusers folder or one .safetensors file; ONNX exports too"
          checked={another === "disk"}
          onChoose={() => choose("disk")}
        />
        <Option
          name="Stable Diffusion 1.5 from the hub"
          help="by its name at huggingface.co: downloaded once, kept in this browser"
          checked={another === "hub"}
          onChoose={() => choose("hub")}
        />
        <Option name="Training artifacts" help="a folder of ONNX files made for this page: not in this page yet" />
      </fieldset>
      {picked !== null && !away ? (
        <PickedModel />
      ) : another === "disk" ? (
        <PickModel disabled={busy} />
      ) : another === "hub" ? (
        <HubModels disabled={busy} />
      ) : null}
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
      {picked ? <PickedModel /> : source.last.download === undefined ? <PickModel disabled={false} /> : <Gone />}
    </section>
  ) : null;
}

/** A downloaded model that was deleted since, here or by the browser. */
function Gone() {
  const { source } = useWorkbench();
  return (
    <>
      <p>{source.last?.title} was downloaded from the hub, and is no longer in this browser. Its project is safe.</p>
      <HubModels disabled={false} />
    </>
  );
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
