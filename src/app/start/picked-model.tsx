/** @file A model that was picked: what it is, what a step of it takes, and the way to open it. */
import type { Examined, Fit } from "../../studio/api.ts";
import { count, millions, room } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { Progress } from "../parts/progress.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import type { Picked } from "../state/own-model.ts";
import { PictureSide } from "./picture-side.tsx";

const GIGABYTE = 1e9;
const MEMORIES = [4, 6, 8, 12, 16, 24, 32, 48];

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

function Uses({ examined, noGpu }: { readonly examined: Examined; readonly noGpu: boolean }) {
  const { lora, full, large } = examined;
  const blocked = large && noGpu;
  return (
    <>
      <ul className="verdicts">
        <Use name="LoRA" fit={lora} blocked={blocked} />
        <Use name="All weights" fit={full} blocked={blocked} />
      </ul>
      {large && full.fits && !blocked ? <WholeCosts parameters={examined.parameters} /> : null}
    </>
  );
}

function Use({ name, fit, blocked }: { readonly name: string; readonly fit: Fit; readonly blocked: boolean }) {
  const able = fit.fits && !blocked;
  const pairs = `${count(fit.pairs, "pair")} at a time`;
  const told = able ? `${room(fit.bytes)}, ${pairs}` : blocked ? "needs WebGPU" : `needs ${room(fit.bytes)}`;
  return (
    <li className={able ? "verdict" : "verdict no"}>
      <Glyph name={able ? "check" : "no"} />
      {name}
      <span className="quiet num">{told}</span>
    </li>
  );
}

const FLOAT = 4;

/** Policy, opponent and average, the moments of a run that is not finished: each a number a weight. */
function WholeCosts({ parameters }: { readonly parameters: number }) {
  const vector = FLOAT * parameters;
  return (
    <p className="small quiet">
      All weights: a finished node is {room(vector)} in this browser’s storage, or {room(vector / 2)} in float16; while
      it trains it has up to two saves, with AdamW’s moments {room(3 * vector)} each. An average of the weights is{" "}
      {room(vector)} more, on the card and in a save.
    </p>
  );
}
