/** @file Settings in words: what differs from a preset, what they ask of this computer. */
import type { SpinSettings } from "../studio/api.ts";
import { count, duration } from "./format.ts";
import { fieldOf, numberIn, plainNumber } from "./settings.ts";
import { CHOICES, chosenIn, isChoice, labelOfChoice } from "./settings-choices.ts";

/** What each setting is called in a sentence. */
export function labelOf(key: keyof SpinSettings): string {
  if (isChoice(key)) return CHOICES[key].label;
  if (key === "independentNoise") return "Independent noise";
  return fieldOf[key].label;
}

const valueOf = (settings: SpinSettings, key: keyof SpinSettings): string | number | boolean => {
  if (isChoice(key)) return chosenIn(settings, key);
  return key === "independentNoise" ? settings.independentNoise : numberIn(settings, key);
};

/** Numbers whose 0 is off. */
const OFF_AT_ZERO: readonly string[] = ["safeguard", "emaDecay", "snrGamma"];

export function valueInWords(settings: SpinSettings, key: keyof SpinSettings): string {
  const value = valueOf(settings, key);
  if (isChoice(key))
    return key === "sampler" ? labelOfChoice(key, String(value)) : labelOfChoice(key, String(value)).toLowerCase();
  if (typeof value === "boolean") return value ? "on" : "off";
  if (OFF_AT_ZERO.includes(key) && value === 0) return "off";
  if (key === "probeEvery" && value === 0) return "never";
  if (key === "usedPairs" && value === 0) return "all";
  return plainNumber(Number(value));
}

export function changedKeys(settings: SpinSettings, preset: SpinSettings): readonly (keyof SpinSettings)[] {
  const keys = new Set([...Object.keys(preset), ...Object.keys(settings)] as (keyof SpinSettings)[]);
  return [...keys].filter((key) => valueOf(settings, key) !== valueOf(preset, key));
}

/** Closed panel: how far it is from the preset. */
export function settingsSummary(title: string, settings: SpinSettings, preset: SpinSettings): string {
  const changed = changedKeys(settings, preset).length;
  return changed === 0 ? title : `${title}, with ${count(changed, "change")}`;
}

/** "Steps 30 instead of 60." for each setting that differs. */
export function differences(settings: SpinSettings, preset: SpinSettings): readonly string[] {
  return changedKeys(settings, preset).map(
    (key) => `${labelOf(key)} ${valueInWords(settings, key)} instead of ${valueInWords(preset, key)}.`,
  );
}

/** Strength in Simple: multiples of the preset's learning rate. */
export const STRENGTHS = [
  { value: "gentle", label: "Gentle", times: 1 / 3, words: "a third of the preset’s rate: slower, safer" },
  { value: "preset", label: "As the preset", times: 1, words: "the preset’s own rate" },
  { value: "strong", label: "Strong", times: 3, words: "three times the preset’s rate: faster, and it may burn" },
] as const;

/** The rate of a strength, in two digits. */
export function rateOf(preset: SpinSettings, times: number): number {
  return times === 1 ? preset.learningRate : Number((preset.learningRate * times).toPrecision(2));
}

/** Null: another rate, set in Advanced. */
export function strengthOf(settings: SpinSettings, preset: SpinSettings): (typeof STRENGTHS)[number] | null {
  return STRENGTHS.find(({ times }) => rateOf(preset, times) === settings.learningRate) ?? null;
}

const HOUR = 3600;
/** Times that a pair is met, above which a run learns its pairs by heart. */
const MET_OFTEN = 60;
const LARGE_BATCH = 128;

/**
 * What a person should know before starting with these.
 * @param seconds of the iteration on this computer; null: not known
 */
export function warnings(settings: SpinSettings, pairs: number, seconds: number | null): readonly string[] {
  const { steps, pairsPerStep, usedPairs } = settings;
  const used = usedPairs > 0 ? Math.min(usedPairs, pairs) : pairs;
  const met = used === 0 ? 0 : Math.round((steps * pairsPerStep) / used);
  const long = seconds !== null && seconds > HOUR;
  const said: string[] = [];
  if (pairsPerStep >= LARGE_BATCH || long) {
    const time = seconds === null ? "" : `, about ${duration(seconds)} an iteration on this computer`;
    said.push(`It asks for ${count(pairsPerStep, "pair")} a step, ${count(steps, "step")}${time}.`);
  }
  if (met > MET_OFTEN) said.push(`Each of your ${count(used, "pair")} is met ${met.toLocaleString("en")} times.`);
  return said;
}
