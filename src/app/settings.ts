/** @file The settings of an iteration that a person may change: unit, range, one line of help. Presets come from the engine. */
import type { ModelInfo, Preset, SpinSettings } from "../studio/api.ts";

/** Keys whose value is a number. */
export type NumberKey = {
  [K in keyof SpinSettings]-?: Required<SpinSettings>[K] extends number ? K : never;
}[keyof SpinSettings];

export interface NumberField {
  readonly key: NumberKey;
  readonly label: string;
  /** after the range; empty: a bare number */
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  readonly help: string;
}

const whole = (
  key: NumberKey,
  label: string,
  unit: string,
  [low, high]: readonly [number, number],
  help: string,
): NumberField => ({ key, label, unit, low, high, whole: true, help });
const real = (...rest: Parameters<typeof whole>): NumberField => ({ ...whole(...rest), whole: false });

/** In the order in which they are shown. */
export const NUMBER_FIELDS: readonly NumberField[] = [
  whole("steps", "Steps", "steps", [1, 5000], "more is longer and stronger"),
  real("learningRate", "Learning rate", "", [1e-8, 1e-2], "how far one step moves the weights"),
  whole("warmupSteps", "Warm-up", "steps", [0, 1000], "the rate rises for so long, then falls to 0"),
  real("beta", "Beta", "", [1, 20000], "higher stays nearer to the opponent"),
  whole("pairsPerStep", "Pairs a step", "pairs", [1, 512], "more is steadier and slower"),
  whole("usedPairs", "Used pairs", "pairs", [0, 100000], "so many of yours, always the same ones; 0 is all of them"),
  real("captionDropout", "Caption dropout", "of all captions", [0, 1], "left empty, so that guidance keeps working"),
  whole("opponentSteps", "Opponent’s steps", "steps", [1, 200], "to draw one of its pictures"),
  real("guidance", "Guidance", "", [0, 30], "how closely its pictures follow the caption"),
  real(
    "eta",
    "Noise on its way (eta)",
    "",
    [0, 1],
    "0 is DDIM’s plain way, 1 as noisy as DDPM; for the exact objective",
  ),
  real("snrGamma", "Min-SNR gamma", "", [0, 100], "weakens the errors at little noise; 5 is usual, 0 is off"),
  real("safeguard", "Safeguard’s factor", "", [0.05, 1], "lower guards your pictures more and learns slower"),
  real("emaDecay", "EMA decay", "", [0.5, 0.99999], "higher averages over more steps"),
  whole("probeEvery", "Probe every", "steps", [0, 1000], "measures the error on fixed draws; 0 is never"),
  whole("rank", "LoRA rank", "", [1, 128], "more can learn more, in larger files"),
  whole("seed", "Seed", "", [0, 4294967295], "the same seed gives the same run"),
];

export const fieldOf: { readonly [K in NumberKey]: NumberField } = Object.fromEntries(
  NUMBER_FIELDS.map((field) => [field.key, field]),
) as { [K in NumberKey]: NumberField };

/** Where a switch is turned on again. */
export const SAFEGUARD_ON = 0.9;
export const EMA_ON = 0.99;

/** Settings from before there was one have none. */
export const numberIn = (settings: SpinSettings, key: NumberKey): number => settings[key] ?? 0;

/** What this model can train: what its presets do. */
export function trainedBy(model: ModelInfo): readonly SpinSettings["train"][] {
  return [...new Set(model.presets.flatMap(({ settings }) => settings.map(({ train }) => train)))];
}

/** l(0): what the loss is while the player is still an exact copy of the opponent. */
export const LOSS_AT_START: {
  readonly [L in SpinSettings["loss"]]: { readonly value: number; readonly name: string };
} = {
  logistic: { value: Math.LN2, name: "ln 2" },
  hinge: { value: 1, name: "1" },
  correlation: { value: 1, name: "1" },
};

/** The chosen preset, or the newcomer's. */
export function presetOf(model: ModelInfo, id: string | null): Preset {
  const preset = model.presets.find((each) => each.id === id) ?? model.presets[0];
  if (preset === undefined) throw new Error("internal: a model without presets");
  return preset;
}

/** The preset's settings of iteration 1, 2, …; null until a model is open. */
export function presetSettings(
  model: ModelInfo | null,
  iteration: number,
  id: string | null = null,
): SpinSettings | null {
  if (model === null) return null;
  const { settings } = presetOf(model, id);
  return settings[Math.min(iteration, settings.length) - 1] ?? null;
}

/** 0.00005, not 5e-5 */
export function plainNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(12).replace(/0+$/, "");
}

export function rangeInWords(field: NumberField): string {
  const bound = (n: number): string => (Number.isInteger(n) ? n.toLocaleString("en") : plainNumber(n));
  return `${bound(field.low)} to ${bound(field.high)}`;
}

export type Parsed = { readonly value: number } | { readonly fault: string };

/** The value that was typed, or one sentence: what was expected. */
export function parseNumber(field: NumberField, text: string): Parsed {
  const trimmed = text.trim().replace(/,(?=\d{3}(\D|$))/g, "");
  return trimmed === ""
    ? { fault: `Write a number from ${rangeInWords(field)}.` }
    : checkNumber(field, Number(trimmed));
}

export function checkNumber(field: NumberField, value: number): Parsed {
  if (!Number.isFinite(value)) return { fault: `Write a number from ${rangeInWords(field)}.` };
  if (field.whole && !Number.isInteger(value)) return { fault: `Write a whole number from ${rangeInWords(field)}.` };
  if (value < field.low || value > field.high) return { fault: `Must be ${rangeInWords(field)}.` };
  return { value };
}
