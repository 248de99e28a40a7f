/** @file A model that was picked: what it is, what a step of it takes, and the way to open it. */
import type { Examined, MemoryUse } from "../../studio/api.ts";
import { count, millions, room } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { Progress } from "../parts/progress.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import type { Picked } from "../state/own-model.ts";
import { PictureSide } from "./picture-side.tsx";

const GIGABYTE = 1e9;
const MEMORIES = [4, 6, 8, 12, 16, 24];

export function PickedModel() {
  const picked = useStudio((state) => state.picked);
  return picked === null ? null : <Panel picked={picked} />;
}

function Panel({ picked }: { readonly picked: Picked }) {
  const actions = useActions();
  const opening = useStudio((state) => state.machine === "opening");
  const noGpu = useStudio(
    ({ preflight }) => preflight?.measured.every((m) => m.backend !== "webgpu" || m.forwardMs === null) ?? true,
  );
  const { own, bytes, download, examined, looking, refused, keep, copying } = picked;
  const fits = examined !== null && !looking && refused === null && !(examined.large && noGpu);
  return (
    <div className="picked" role="group" aria-label={own.title}>
      <div>
        <b>{own.title}</b>
        <br />
        <span className="small quiet">
          {count(own.files.length, "file")}, {room(bytes)}
          {examined === null ? "" : `, ${millions(examined.parameters)} weights`}
        </span>
      </div>
      {looking ? (
        <p className="small quiet" role="status">
          Looking at it
        </p>
      ) : null}
      {refused === null ? null : (
        <p className="small bad" role="alert">
          {refused}
        </p>
      )}
      {examined === null ? null : (
        <>
          {examined.notes.map((note) => (
            <p key={note} className="small quiet">
              {note}
            </p>
          ))}
          <Shape picked={picked} examined={examined} />
          <Uses examined={examined} noGpu={noGpu} />
          {download === null ? (
            <label className="keep small">
              <input type="checkbox" checked={keep} onChange={(event) => actions.setKeepCopy(event.target.checked)} />
              Keep a copy in this browser, so that it is there next time
            </label>
          ) : (
            <p className="small quiet">It stays in this browser, and is there next time, until you delete it.</p>
          )}
        </>
      )}
      {copying === null ? null : <Progress done={copying / Math.max(1, bytes)} label="Copying the model" />}
      <div className="row">
        <button
          type="button"
          className="button primary"
          disabled={!fits || opening}
          onClick={() => void actions.openPicked()}
        >
          {opening ? "Opening it" : "Open this model"}
        </button>
        <button type="button" className="button" disabled={opening} onClick={actions.unpick}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function Shape({ picked, examined }: { readonly picked: Picked; readonly examined: Examined }) {
  const actions = useActions();
  const { resolution, memory } = picked.own;
  return (
    <div className="able">
      <PictureSide
        sides={examined.sides}
        value={resolution ?? examined.resolution}
        onValue={(side) => void actions.shapeModel({ resolution: side })}
      />
      <div>
        <label htmlFor="picked-memory">Memory</label>
        <select
          id="picked-memory"
          className="field"
          value={memory === null ? "" : memory / GIGABYTE}
          onChange={({ target: { value } }) =>
            void actions.shapeModel({ memory: value === "" ? null : Number(value) * GIGABYTE })
          }
        >
          <option value="">as little as possible</option>
          {MEMORIES.map((gigabytes) => (
            <option key={gigabytes} value={gigabytes}>
              up to {gigabytes} GB
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

function Uses({ examined: { lora, full, large }, noGpu }: { readonly examined: Examined; readonly noGpu: boolean }) {
  const blocked = large && noGpu;
  return (
    <ul className="verdicts">
      <Use name="LoRA" use={blocked ? null : lora} instead={blocked ? "needs WebGPU" : "does not fit"} />
      <Use name="All weights" use={blocked ? null : full} instead={blocked ? "needs WebGPU" : "does not fit"} />
    </ul>
  );
}

function Use({
  name,
  use,
  instead,
}: {
  readonly name: string;
  readonly use: MemoryUse | null;
  readonly instead: string;
}) {
  return (
    <li className={use === null ? "verdict no" : "verdict"}>
      <Glyph name={use === null ? "no" : "check"} />
      {name}
      <span className="quiet num">
        {use === null ? instead : `${room(use.bytes)}, ${count(use.pairs, "pair")} at a time`}
      </span>
    </li>
  );
}
