/** @file Settings as a file: JSON out, and in again with every field checked; what is refused is named, the rest is kept. */
import type { ModelInfo, SpinSettings } from "../studio/api.ts";
import { checkNumber, fieldOf, trainedBy, type NumberKey } from "./settings.ts";
import { CHOICES, isChoice } from "./settings-choices.ts";
import { labelOf } from "./settings-words.ts";

const FORMAT = "spin-studio/settings";
/** far more than any such file has */
const MOST_CHARACTERS = 100_000;
const MOST_NAMED = 20;

export interface TakenSettings {
  readonly settings: Partial<SpinSettings>;
  /** one sentence each */
  readonly refused: readonly string[];
}

export function printSettings(settings: SpinSettings): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, settings }, null, 2)}\n`;
}

/** @param model which it is for: what it cannot train is refused */
export function readSettings(text: string, model: ModelInfo): TakenSettings {
  const refuse = (sentence: string): TakenSettings => ({ settings: {}, refused: [sentence] });
  if (text.length > MOST_CHARACTERS) return refuse("The file is too long to be settings.");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return refuse("The file is not JSON, which settings are written in.");
  }
  // a bare object of settings is taken too
  const fields = isRecord(data) && isRecord(data["settings"]) ? data["settings"] : data;
  if (!isRecord(fields)) return refuse("The file has no object of settings.");
  const settings: { [key: string]: unknown } = {};
  const refused: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    const fault = faultOf(key, value, model);
    if (fault === null) settings[key] = value;
    else refused.push(fault);
  }
  if (Object.keys(settings).length === 0 && refused.length === 0) refused.push("The file has no settings in it.");
  const rest = refused.length - MOST_NAMED;
  return {
    settings: settings as Partial<SpinSettings>,
    refused: rest > 0 ? [...refused.slice(0, MOST_NAMED), `And ${rest} more.`] : refused,
  };
}

/** One sentence, or null where the value is good. */
function faultOf(key: string, value: unknown, model: ModelInfo): string | null {
  if (key === "train") {
    const can = trainedBy(model);
    return can.some((train) => train === value)
      ? null
      : `${labelOf(key)}: ${model.title} can do ${can.join(" and ")}, got ${shown(value)}.`;
  }
  if (isChoice(key)) {
    const known: readonly string[] = CHOICES[key].options.map((each) => each.value);
    return known.some((each) => each === value)
      ? null
      : `${labelOf(key)}: expected ${known.join(", ")}, got ${shown(value)}.`;
  }
  if (key === "independentNoise")
    return typeof value === "boolean" ? null : `${labelOf(key)}: expected true or false, got ${shown(value)}.`;
  if (!Object.hasOwn(fieldOf, key)) return `${shown(key)} is no setting.`;
  const field = fieldOf[key as NumberKey];
  if ((key === "safeguard" || key === "emaDecay") && value === 0) return null;
  if (typeof value !== "number") return `${field.label}: expected a number, got ${shown(value)}.`;
  const checked = checkNumber(field, value);
  return "fault" in checked ? `${field.label}: ${checked.fault} It was ${shown(value)}.` : null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
