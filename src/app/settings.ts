/** @file The settings of an iteration that a person may change: unit, range, default, one line of help. */
import type { ModelInfo, SpinSettings } from "../studio/api.ts";
import { count } from "./format.ts";

/** Keys whose value is a number. */
export type NumberKey = "steps" | "learningRate" | "beta" | "pairsPerStep" | "opponentSteps" | "seed";

export interface NumberField {
  readonly key: NumberKey;
  readonly label: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  readonly help: string;
}

export const NUMBER_FIELDS: readonly NumberField[] = [
  { key: "steps", label: "Steps", unit: "", low: 1, high: 5000, whole: true, help: "more is longer and stronger" },
  {
    key: "learningRate",
    label: "Learning rate",
    unit: "",
    low: 1e-7,
    high: 1e-2,
    whole: false,
    help: "how far one step moves the weights",
  },
  {
    key: "beta",
    label: "Beta",
    unit: "",
    low: 1,
    high: 20000,
    whole: false,
    help: "higher stays nearer to the opponent",
  },
  {
    key: "pairsPerStep",
    label: "Pairs a step",
    unit: "",
    low: 1,
    high: 64,
    whole: true,
    help: "more is steadier and slower",
  },
  {
    key: "opponentSteps",
    label: "Opponent’s steps",
    unit: "",
    low: 1,
    high: 200,
    whole: true,
    help: "to draw one of its pictures",
  },
  {
    key: "seed",
    label: "Seed",
    unit: "",
    low: 0,
    high: 4294967295,
    whole: true,
    help: "the same seed gives the same run",
  },
];

export const LOSSES: readonly { readonly value: SpinSettings["loss"]; readonly label: string }[] = [
  { value: "logistic", label: "Logistic" },
  { value: "hinge", label: "Hinge" },
  { value: "correlation", label: "Correlation" },
];

/** l(0): what the loss is while the player is still an exact copy of the opponent. */
export const LOSS_AT_START: {
  readonly [L in SpinSettings["loss"]]: { readonly value: number; readonly name: string };
} = {
  logistic: { value: Math.LN2, name: "ln 2" },
  hinge: { value: 1, name: "1" },
  correlation: { value: 1, name: "1" },
};

/** Small models are trained whole, as in the paper; large ones through LoRA. */
const LARGE = 50e6;

/** A falling rate damps the swing round the data that later iterations show at a constant one. */
const SMALL_RATES = [5e-5, 1.5e-5, 5e-6];

export function isLarge(model: ModelInfo | null): boolean {
  return model !== null && model.parameters > LARGE;
}

export function defaultSettings(model: ModelInfo | null, iteration: number): SpinSettings {
  const large = isLarge(model);
  return {
    steps: large ? 400 : 60,
    pairsPerStep: large ? 4 : 8,
    learningRate: large ? 1e-5 : (SMALL_RATES[iteration - 1] ?? 5e-6),
    warmupSteps: large ? 20 : 5,
    beta: 2000,
    loss: "logistic",
    captionDropout: large ? 0.2 : 0.1,
    independentNoise: false,
    opponentSteps: large ? 50 : 16,
    guidance: model?.guidance ?? 3,
    seed: 42,
    train: large ? "lora" : "full",
    rank: 16,
  };
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
  const value = Number(trimmed);
  if (trimmed === "" || !Number.isFinite(value)) return { fault: `Write a number from ${rangeInWords(field)}.` };
  if (field.whole && !Number.isInteger(value)) return { fault: `Write a whole number from ${rangeInWords(field)}.` };
  if (value < field.low || value > field.high) return { fault: `Must be ${rangeInWords(field)}.` };
  return { value };
}

/** Closed panel: what differs from the default, in words. */
export function settingsSummary(settings: SpinSettings, defaults: SpinSettings): string {
  const changed = (Object.keys(defaults) as (keyof SpinSettings)[]).filter((key) => settings[key] !== defaults[key]);
  return changed.length === 0 ? "balanced" : `${count(changed.length, "change")} from balanced`;
}
