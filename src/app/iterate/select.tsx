/** @file A setting that is one of a few names. */
import type { Option } from "../settings-choices.ts";

interface SelectProps<T extends string> {
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly options: readonly Option<T>[];
  /** those that can be chosen; all where there are none */
  readonly can?: readonly T[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

export function Select<T extends string>({ id, label, help, options, can, value, onChange }: SelectProps<T>) {
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="field"
        aria-describedby={`${id}-help`}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={can !== undefined && !can.includes(option.value)}>
            {option.label}
          </option>
        ))}
      </select>
      <small id={`${id}-help`}>{help}</small>
    </div>
  );
}
