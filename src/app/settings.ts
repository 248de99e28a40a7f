/** @file The settings of an iteration that a person may change: unit, range, one line of help. Presets come from the engine. */
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
    low: 1e-8,
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
    high: 512,
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

/** What the iteration has where nothing was changed: the newcomer's preset; null until a model is open. */
export function presetSettings(model: ModelInfo | null, iteration: number): SpinSettings | null {
  const settings = model?.presets[0]?.settings ?? [];
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
