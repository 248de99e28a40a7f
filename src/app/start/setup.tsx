/** @file What this computer can do. */
import { useEffect, useState } from "react";
import type { Measured, Precision, Preflight } from "../../studio/api.ts";
import { expected } from "../expected.ts";
import { duration, room } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { drawSteps } from "../state/compare.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { isRunning } from "../state/selectors.ts";
import type { BackendName } from "../state/studio-state.ts";

const AUTOMATIC = "automatic";
/** what a newcomer starts with */
const [SAMPLES, PROMPTS] = [48, 4];
/** of the logit, from which rounding is worth a warning */
const NOISY = 0.05;

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
      {preflight !== null ? (
        <>
          <p className="small quiet">{preflight.reason}</p>
          <Abilities preflight={preflight} />
        </>
      ) : failed ? null : (
        <Bones words="Looking at this computer" />
      )}
    </section>
  );
}

/** Before any download, in words: what there is, and what it is enough for. */
function Abilities({ preflight: { measured, chosen } }: { readonly preflight: Preflight }) {
  const found = (name: BackendName): Measured | undefined => measured.find(({ backend }) => backend === name);
  const [gpu, processor] = [found("webgpu"), found("wasm")];
  const free = useRoom();
  const { deviceMemory } = navigator as Navigator & { readonly deviceMemory?: number };
  const where = chosen === "webgpu" ? "on the GPU" : "on the processor";
  const seconds = useNewcomersSeconds();
  const precision = usePrecision();
  return (
    <>
      <dl className="able">
        <Fact name="GPU" value={gpu && inWords(gpu)} />
        <Fact name="Processor" value={processor && inWords(processor)} />
        <Fact name="Memory" value={deviceMemory && `${deviceMemory} GB or more`} />
        <Fact name="Storage" value={free && `${free} free for this page`} />
        <Fact name="Numbers" value={precision && numbersInWords(precision)} />
      </dl>
      <ul className="verdicts">
        <li className="verdict">
          <Glyph name="check" />
          Pocket, {where}
          <span className="quiet num">{seconds === null ? "" : `about ${duration(seconds)} an iteration`}</span>
        </li>
        <li className="verdict no">
          <Glyph name="no" />
          SD-1.5
          <span>{gpu?.forwardMs == null ? "needs WebGPU" : "from 4 GB of graphics memory"}</span>
        </li>
      </ul>
      {gpu?.forwardMs == null ? (
        <p className="small quiet">Open this page in a browser with WebGPU, or go on with Pocket.</p>
      ) : null}
      {precision && precision.logitNoise > NOISY ? (
        <p className="small quiet">
          Rounding on this device moves the numbers that self-play compares by more than {NOISY}. Training works, but
          learns less from each step; another backend may do better.
        </p>
      ) : null}
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string | number | null | undefined }) {
  return value ? (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  ) : null;
}

/** "Apple M2 Pro, 9 ms a pass", "This browser gives pages no WebGPU" */
function inWords({ description, forwardMs, problem }: Measured): string {
  if (forwardMs === null) return capital(problem ?? description);
  return `${capital(description)}, ${Math.max(1, Math.round(forwardMs))} ms a pass`;
}

/** "steps repeat bit by bit, logit noise 0.0014" */
function numbersInWords({ logitNoise, repeats }: Precision): string {
  const noise = logitNoise.toLocaleString("en", { maximumSignificantDigits: 2 });
  return `${repeats ? "steps repeat bit by bit" : "steps do not repeat bit by bit"}, logit noise ${noise}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Measured when a person looks here; null until then. */
function usePrecision(): Precision | null {
  const { askPrecision } = useActions();
  const ready = useStudio((state) => state.machine === "ready");
  useEffect(() => {
    if (ready) void askPrecision();
  }, [ready, askPrecision]);
  return useStudio((state) => state.precision);
}

/** What the browser would let this page store, less what it has; null while it is not known. */
function useRoom(): string | null {
  const [bytes, setBytes] = useState<number | null>(null);
  useEffect(() => {
    void navigator.storage.estimate().then(
      ({ quota, usage }) => setBytes(quota === undefined ? null : Math.max(0, quota - (usage ?? 0))),
      () => undefined,
    );
  }, []);
  return bytes === null ? null : room(bytes);
}

/** Of the first iteration in the newcomer's preset; null until the model is open. */
function useNewcomersSeconds(): number | null {
  const settings = useStudio((state) => state.model?.presets[0]?.settings[0] ?? null);
  const forwardMs = useStudio(({ preflight }) => {
    return preflight?.measured.find(({ backend }) => backend === preflight.chosen)?.forwardMs ?? null;
  });
  if (settings === null || forwardMs === null) return null;
  const task = { settings, pairs: SAMPLES, prompts: PROMPTS, drawSteps: drawSteps(false) };
  const times = expected(task, forwardMs, { durations: () => [] });
  return times && times.opponents + times.train + times.samples;
}

function Bones({ words }: { readonly words: string }) {
  return (
    <div className="bones" role="status">
      <span className="quiet">{words}</span>
      {["82%", "64%", "74%"].map((inlineSize) => (
        <i key={inlineSize} style={{ inlineSize }} />
      ))}
    </div>
  );
}
