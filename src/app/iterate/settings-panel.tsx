/** @file Settings of the next iteration: each with its range, its default, one line of help. */
import { useId, useState } from "react";
import type { SpinSettings } from "../../studio/api.ts";
import { Glyph } from "../parts/glyph.tsx";
import {
  LOSSES,
  NUMBER_FIELDS,
  plainNumber,
  presetSettings,
  rangeInWords,
  settingsSummary,
  type NumberField,
} from "../settings.ts";
import { useActions, useStudio } from "../state/context.tsx";

export function SettingsPanel({ iteration }: { readonly iteration: number }) {
  const actions = useActions();
  const model = useStudio((state) => state.model);
  const wanted = useStudio((state) => state.wanted);
  const [round, setRound] = useState(0);
  const defaults = presetSettings(model, iteration);
  if (defaults === null) return null;
  const settings: SpinSettings = { ...defaults, ...wanted };
  const reset = (): void => {
    actions.resetSettings();
    setRound(round + 1); // the fields forget what was typed
  };
  return (
    <details className="settings">
      <summary>Settings: {settingsSummary(settings, defaults)}</summary>
      <div className="grid">
        {NUMBER_FIELDS.map((field) => (
          <NumberInput
            key={`${field.key} ${round}`}
            field={field}
            value={settings[field.key]}
            preset={defaults[field.key]}
          />
        ))}
        <div className="setting">
          <label htmlFor="loss">Loss</label>
          <select
            id="loss"
            className="field"
            value={settings.loss}
            onChange={(event) => actions.setLoss(event.target.value as SpinSettings["loss"])}
          >
            {LOSSES.map((loss) => (
              <option key={loss.value} value={loss.value}>
                {loss.label}
              </option>
            ))}
          </select>
          <small>the paper’s is logistic</small>
        </div>
      </div>
      {Object.keys(wanted).length === 0 ? null : (
        <p className="reset">
          <button type="button" className="button" onClick={reset}>
            Back to balanced
          </button>
        </p>
      )}
    </details>
  );
}

interface NumberProps {
  readonly field: NumberField;
  readonly value: number;
  readonly preset: number;
}

function NumberInput({ field, value, preset }: NumberProps) {
  const actions = useActions();
  const fault = useStudio((state) => state.faults[field.key]);
  const [text, setText] = useState(() => plainNumber(value));
  const id = useId();
  return (
    <div className="setting">
      <label htmlFor={id}>{field.label}</label>
      <input
        id={id}
        className="field"
        inputMode={field.whole ? "numeric" : "decimal"}
        value={text}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-help`}
        onChange={(event) => {
          setText(event.target.value);
          actions.setNumber(field.key, event.target.value);
        }}
      />
      <small id={`${id}-help`} className={fault === undefined ? undefined : "fault"}>
        {fault === undefined ? (
          `${rangeInWords(field)}, usually ${plainNumber(preset)}; ${field.help}`
        ) : (
          <>
            <Glyph name="bang" />
            {fault}
          </>
        )}
      </small>
    </div>
  );
}
