/** @file Settings of the next iteration: a preset, changes in it, and both as a file out and in. */
import { useRef, type ChangeEvent } from "react";
import type { SpinSettings } from "../../studio/api.ts";
import { Choice } from "../parts/choice.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { count } from "../format.ts";
import { plainText } from "../plain-text.ts";
import { readSettings } from "../settings-file.ts";
import { presetOf, presetSettings } from "../settings.ts";
import { differences, settingsSummary, warnings } from "../settings-words.ts";
import { SaveSettings } from "./save-settings.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { goodPairs } from "../state/selectors.ts";
import { useExpected } from "./use-expected.ts";
import { AdvancedFields, SimpleFields } from "./settings-fields.tsx";

const MODES = [
  { value: "simple", label: "Simple" },
  { value: "advanced", label: "Advanced" },
] as const;

export function SettingsPanel({ iteration, name }: { readonly iteration: number; readonly name: string }) {
  const actions = useActions();
  const model = useStudio((state) => state.model);
  const presetId = useStudio((state) => state.presetId);
  const wanted = useStudio((state) => state.wanted);
  const faulty = useStudio((state) => Object.keys(state.faults).length > 0);
  const advanced = useStudio((state) => state.advanced);
  if (model === null) return null;
  const chosen = presetOf(model, presetId);
  const preset = presetSettings(model, iteration, presetId);
  if (preset === null) return null;
  const settings: SpinSettings = { ...preset, ...wanted };
  const changes = differences(settings, preset);
  return (
    <details className="settings">
      <summary>{`Settings: ${settingsSummary(chosen.title, settings, preset)}`}</summary>
      <fieldset className="presets">
        <legend>Preset</legend>
        {model.presets.map(({ id, title, help }) => (
          <label key={id} htmlFor={`preset-${id}`}>
            <input
              id={`preset-${id}`}
              type="radio"
              name="preset"
              value={id}
              checked={id === chosen.id}
              onChange={() => actions.choosePreset(id)}
            />
            <span>
              {title} <small>{help}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <Warnings settings={settings} />
      <Choice
        label="How many settings"
        options={MODES}
        value={advanced ? "advanced" : "simple"}
        onChange={(mode) => actions.setAdvanced(mode === "advanced")}
      />
      {advanced ? (
        <AdvancedFields settings={settings} preset={preset} />
      ) : (
        <SimpleFields settings={settings} preset={preset} />
      )}
      <Taken />
      {changes.length === 0 ? null : (
        <p className="small">
          Changed from {chosen.title}: {changes.join(" ")}
        </p>
      )}
      <div className="row ends">
        {changes.length === 0 && !faulty ? null : (
          <button type="button" className="button" onClick={actions.resetSettings}>
            Back to {chosen.title}
          </button>
        )}
        <Files settings={settings} name={name} />
      </div>
    </details>
  );
}

function Warnings({ settings }: { readonly settings: SpinSettings }) {
  const pairs = useStudio((state) => goodPairs(state).length);
  const times = useExpected(settings);
  const seconds = times === null ? null : times.opponents + times.train + times.samples;
  const said = warnings(settings, pairs, seconds);
  if (said.length === 0) return null;
  return (
    <p className="warning small">
      <Glyph name="bang" />
      <span>{said.join(" ")}</span>
    </p>
  );
}

/** What came of a file, or of another node's settings. */
function Taken() {
  const actions = useActions();
  const taken = useStudio((state) => state.taken);
  if (taken === null) return null;
  const { title, refused } = taken;
  return (
    <div className="taken" role="status">
      <p>
        {title}
        {refused.length === 0 ? "" : ` ${count(refused.length, "field was", "fields were")} refused, the rest is kept:`}
      </p>
      {refused.length === 0 ? null : (
        <ul>
          {refused.map((sentence) => (
            <li key={sentence} className="fault">
              <Glyph name="bang" />
              {plainText(sentence, 500)}
            </li>
          ))}
        </ul>
      )}
      <button type="button" className="button plain tiny" onClick={actions.dismissTaken}>
        Close
      </button>
    </div>
  );
}

function Files({ settings, name }: { readonly settings: SpinSettings; readonly name: string }) {
  const actions = useActions();
  const model = useStudio((state) => state.model);
  const input = useRef<HTMLInputElement>(null);
  const take = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file === undefined || model === null) return;
    // enough to see that a file is too long
    const text = await file
      .slice(0, 2 ** 20)
      .text()
      .catch(() => "");
    const read = readSettings(text, model);
    const got = Object.keys(read.settings).length;
    actions.takeSettings(`${count(got, "setting")} taken from ${plainText(file.name)}.`, read.settings, read.refused);
  };
  return (
    <>
      <SaveSettings name={name} settings={settings} />
      <button type="button" className="button" onClick={() => input.current?.click()}>
        Take from a file
      </button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Settings file"
        onChange={(event) => void take(event)}
      />
    </>
  );
}
