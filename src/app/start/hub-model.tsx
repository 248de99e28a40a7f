/** @file A model from the hub: its address, what would be downloaded, the download, and what is kept of earlier ones. */
import { useEffect, useId, useState } from "react";
import type { HubModel } from "../../studio/api.ts";
import { count, room, roomOf } from "../format.ts";
import type { HubTask } from "../own-model/hub-store.ts";
import { downloadedFolder, filesBehind } from "../own-model/model-files.ts";
import { Progress } from "../parts/progress.tsx";
import { useActions, useHub, useWorkbench } from "../state/context.tsx";

const SHORT = 8;

/** "main at 39593d56" */
const revisionOf = ({ revision, commit }: HubModel): string =>
  revision === commit ? `commit ${commit.slice(0, SHORT)}` : `${revision} at ${commit.slice(0, SHORT)}`;

/** Configurations are far below what `room` tells apart. */
const sizeInWords = (bytes: number): string => (bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : room(bytes));

export function HubModels({ disabled }: { readonly disabled: boolean }) {
  const { recall } = useWorkbench().hub.getState();
  const task = useHub((state) => state.task);
  const found = useHub((state) => state.found);
  useEffect(() => {
    void recall();
  }, [recall]);
  return (
    <div className="hub">
      <Trouble />
      {task?.kind === "downloading" ? (
        <Download task={task} />
      ) : found !== null ? (
        <Offer model={found} disabled={disabled} />
      ) : (
        <Ask looking={task} disabled={disabled} />
      )}
      {task === null && found === null ? <Kept disabled={disabled} /> : null}
    </div>
  );
}

function Trouble() {
  const trouble = useHub((state) => state.trouble);
  return trouble === null ? null : (
    <p className="small bad" role="alert">
      {trouble.message} {trouble.hint}
    </p>
  );
}

function Ask({ looking, disabled }: { readonly looking: HubTask | null; readonly disabled: boolean }) {
  const hub = useWorkbench().hub.getState();
  const [address, setAddress] = useState("");
  const id = useId();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void hub.look(address);
      }}
    >
      <label htmlFor={id} className="small">
        Name or address at huggingface.co
      </label>
      <input
        id={id}
        className="field"
        value={address}
        spellCheck={false}
        autoComplete="off"
        placeholder="owner/name@revision"
        onChange={(event) => setAddress(event.target.value)}
      />
      {looking === null ? (
        <p className="small quiet">
          Nothing is asked before you click. Then the hub learns which model you look for and this computer’s network
          address, as with any page that you open. Nothing of yours is sent.
        </p>
      ) : (
        <p className="small quiet" role="status">
          {looking.waiting ?? "Asking the hub, and reading the model’s headers"}
        </p>
      )}
      <div className="row">
        {looking === null ? (
          <button type="submit" className="button" disabled={disabled || address.trim() === ""}>
            Look it up
          </button>
        ) : (
          <button type="button" className="button" onClick={hub.stop}>
            Stop
          </button>
        )}
      </div>
    </form>
  );
}

function Offer({ model, disabled }: { readonly model: HubModel; readonly disabled: boolean }) {
  const hub = useWorkbench().hub.getState();
  const free = useHub((state) => state.free);
  const get = useGet();
  const missing = model.bytes - model.here;
  const fits = free === null || missing <= free;
  return (
    <div className="offer" role="group" aria-label={model.repo}>
      <div>
        <b>{model.repo}</b>
        <br />
        <span className="small quiet">{revisionOf(model)}</span>
      </div>
      <ul className="files small" aria-label="Files that are downloaded">
        {model.files.map(({ path, size }) => (
          <li key={path}>
            <span>{path}</span>
            <span className="quiet num">{sizeInWords(size)}</span>
          </li>
        ))}
      </ul>
      <p className="small quiet">
        {count(model.files.length, "file")},{" "}
        {model.here > 0 ? `${roomOf(model.here, model.bytes)} here` : room(model.bytes)}
        {free === null ? "" : `; this browser has ${room(free)} free for this page`}.
      </p>
      {fits ? null : (
        <p className="small bad" role="alert">
          It takes {room(missing)} more, and there are {room(free)}. Free space on the disk, or delete other models or
          iterations here.
        </p>
      )}
      <div className="row">
        <button type="button" className="button primary" disabled={disabled || !fits} onClick={() => void get(model)}>
          {model.whole
            ? "Use it"
            : model.here > 0
              ? `Download the other ${room(missing)}`
              : `Download ${room(missing)}`}
        </button>
        <button type="button" className="button" onClick={hub.leave}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function Download({ task: { model, bytes, waiting } }: { readonly task: HubTask & { kind: "downloading" } }) {
  const hub = useWorkbench().hub.getState();
  return (
    <div className="offer" role="group" aria-label={model.repo}>
      <div>
        <b>{model.repo}</b>
        <br />
        <span className="small quiet num">{roomOf(bytes, model.bytes)}</span>
      </div>
      <Progress done={bytes / Math.max(1, model.bytes)} label="Downloading the model" />
      <p className="small quiet" role="status">
        {waiting ?? (bytes === model.bytes ? "Checking it" : "Downloading. You can use the page meanwhile.")}
      </p>
      <div className="row">
        <button type="button" className="button" onClick={hub.stop}>
          Pause
        </button>
      </div>
    </div>
  );
}

function Kept({ disabled }: { readonly disabled: boolean }) {
  const kept = useHub((state) => state.kept);
  if (kept === null || kept.length === 0) return null;
  return (
    <ul className="kept" aria-label="Models of the hub in this browser">
      {kept.map((model) => (
        <KeptModel key={model.key} model={model} disabled={disabled} />
      ))}
    </ul>
  );
}

function KeptModel({ model, disabled }: { readonly model: HubModel; readonly disabled: boolean }) {
  const { source, hub } = useWorkbench();
  const get = useGet();
  const isOpen = source.kind === "own" && source.last.download === model.key;
  const state = model.whole ? room(model.bytes) : `${roomOf(model.here, model.bytes)} here`;
  return (
    <li>
      <div>
        <b>{model.repo}</b>
        <br />
        <span className="small quiet">
          {revisionOf(model)}, {state}
        </span>
      </div>
      <div className="row">
        <button type="button" className="button" disabled={disabled || isOpen} onClick={() => void get(model)}>
          {isOpen ? "Open" : model.whole ? "Use it" : "Go on"}
        </button>
        <button
          type="button"
          className="button plain"
          disabled={disabled || isOpen}
          aria-label={`Delete ${model.repo} from this browser`}
          onClick={() => void hub.getState().drop(model)}
        >
          Delete
        </button>
      </div>
    </li>
  );
}

/** Downloads what is missing, then goes on as with a model that was picked from the disk. */
function useGet(): (model: HubModel) => Promise<void> {
  const actions = useActions();
  const { hub } = useWorkbench();
  return async (model) => {
    if (!model.whole && !(await hub.getState().download(model))) return;
    hub.getState().leave();
    const folder = await downloadedFolder(model.key, model.title);
    await actions.pickModel(await filesBehind(folder), folder, model.key);
  };
}
