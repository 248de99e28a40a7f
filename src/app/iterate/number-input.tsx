/** @file One number of the settings: its range, its default, a line of help, or what is wrong with it. */
import { useId, useState } from "react";
import { Glyph } from "../parts/glyph.tsx";
import { plainNumber, rangeInWords, type NumberField } from "../settings.ts";
import { useActions, useStudio } from "../state/context.tsx";

export interface NumberInputProps {
  readonly field: NumberField;
  readonly value: number;
  readonly preset: number;
  readonly disabled?: boolean;
}

/** Remounted (by its key) when its value comes from elsewhere. */
export function NumberInput({ field, value, preset, disabled = false }: NumberInputProps) {
  const actions = useActions();
  const fault = useStudio((state) => state.faults[field.key]);
  const [text, setText] = useState(() => plainNumber(value));
  const id = useId();
  const unit = field.unit === "" ? "" : ` ${field.unit}`;
  return (
    <div className="setting">
      <label htmlFor={id}>{field.label}</label>
      <input
        id={id}
        className="field"
        inputMode={field.whole ? "numeric" : "decimal"}
        value={text}
        disabled={disabled}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-help`}
        onChange={(event) => {
          setText(event.target.value);
          actions.setNumber(field.key, event.target.value);
        }}
      />
      <small id={`${id}-help`} className={fault === undefined ? undefined : "fault"}>
        {fault === undefined ? (
          `${rangeInWords(field)}${unit}, here ${plainNumber(preset)}; ${field.help}`
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
