/** @file The model, and what this computer can do with it. */
import type { Measured } from "../../studio/api.ts";
import { millions } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { BACKEND_NAMES } from "../shell/bar.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { isRunning } from "../state/selectors.ts";
import type { BackendName } from "../state/studio-state.ts";

export function ModelSection() {
  const model = useStudio((state) => state.model);
  const failed = useStudio((state) => state.machine === "failed");
  return (
    <section aria-labelledby="model-h">
      <h2 id="model-h">Model</h2>
      {model === null ? (
        failed ? (
          <p className="quiet">Not open</p>
        ) : (
          <Bones words="Opening the model" />
        )
      ) : (
        <dl className="able">
          <div>
            <dt>Name</dt>
            <dd>{model.title}, built in</dd>
          </div>
          <div>
            <dt>Pictures</dt>
            <dd>
              {model.resolution} × {model.resolution} px
            </dd>
          </div>
          <div>
            <dt>Weights</dt>
            <dd>{millions(model.parameters)}, all of them trained</dd>
          </div>
          <div>
            <dt>Shape</dt>
            <dd>Stable Diffusion 1.5, smaller</dd>
          </div>
        </dl>
      )}
    </section>
  );
}

const AUTOMATIC = "automatic";

export function ComputerSection() {
  const actions = useActions();
  const preflight = useStudio((state) => state.preflight);
  const force = useStudio((state) => state.force);
  const busy = useStudio((state) => isRunning(state) || (state.machine !== "ready" && state.machine !== "failed"));
  const failed = useStudio((state) => state.machine === "failed");
  return (
    <section aria-labelledby="able-h">
      <h2 id="able-h">This computer</h2>
      <div className="able">
        <div>
          <label className="quieter" htmlFor="runs-on">
            Runs on
          </label>
          <select
            id="runs-on"
            className="field"
            value={force ?? AUTOMATIC}
            disabled={busy}
            onChange={(event) => {
              const { value } = event.target;
              void actions.chooseBackend(value === AUTOMATIC ? null : (value as BackendName));
            }}
          >
            <option value={AUTOMATIC}>the fastest</option>
            <option value="webgpu">WebGPU</option>
            <option value="wasm">WebAssembly</option>
          </select>
        </div>
      </div>
      {preflight === null ? (
        failed ? null : (
          <Bones words="Measuring this computer" />
        )
      ) : (
        <>
          <p className="small quiet">{preflight.reason}</p>
          <ul className="verdicts">
            {preflight.measured.map((measured) => (
              <Verdict key={measured.backend} measured={measured} chosen={measured.backend === preflight.chosen} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Verdict({ measured, chosen }: { readonly measured: Measured; readonly chosen: boolean }) {
  const { backend, description, forwardMs, problem } = measured;
  const name = BACKEND_NAMES[backend] ?? backend;
  return (
    <li className={forwardMs === null ? "verdict no" : "verdict"}>
      <Glyph name={forwardMs === null ? "no" : "check"} />
      <span>
        {chosen ? <b>{name}, in use</b> : name}
        <br />
        <span className="small quiet">{problem ?? description}</span>
      </span>
      <span className="num quiet">{forwardMs === null ? "" : `${Math.max(1, Math.round(forwardMs))} ms a pass`}</span>
    </li>
  );
}

function Bones({ words }: { readonly words: string }) {
  return (
    <div className="bones">
      <span className="quiet">{words}</span>
      {["82%", "64%", "74%"].map((inlineSize) => (
        <i key={inlineSize} style={{ inlineSize }} />
      ))}
    </div>
  );
}
