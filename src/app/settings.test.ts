import { expect, test } from "vitest";
import type { ModelInfo, SpinSettings } from "../studio/api.ts";
import { NUMBER_FIELDS, parseNumber, presetSettings, settingsSummary, type NumberField } from "./settings.ts";

const field = (key: string): NumberField => NUMBER_FIELDS.find((candidate) => candidate.key === key) as NumberField;
const settings = (learningRate: number): SpinSettings => ({
  steps: 60,
  pairsPerStep: 8,
  learningRate,
  warmupSteps: 5,
  beta: 2000,
  loss: "logistic",
  captionDropout: 0.1,
  independentNoise: false,
  opponentSteps: 16,
  guidance: 3,
  seed: 42,
  train: "full",
  rank: 16,
  safeguard: 0.9,
  probeEvery: 10,
  usedPairs: 0,
});
const model: ModelInfo = {
  id: "pocket",
  title: "Pocket",
  resolution: 64,
  parameters: 4.1e6,
  large: false,
  guidance: 3,
  presets: [
    { id: "first", title: "First", help: "", settings: [settings(5e-5), settings(1e-5)] },
    { id: "second", title: "Second", help: "", settings: [settings(1)] },
  ],
};

test("numbers are taken as people write them", () => {
  expect(parseNumber(field("steps"), " 1,200 ")).toEqual({ value: 1200 });
  expect(parseNumber(field("learningRate"), "5e-5")).toEqual({ value: 5e-5 });
});

test("what is out of range, not whole or no number is told what was expected", () => {
  expect(parseNumber(field("steps"), "0")).toEqual({ fault: "Must be 1 to 5,000." });
  expect(parseNumber(field("steps"), "2.5")).toEqual({ fault: "Write a whole number from 1 to 5,000." });
  expect(parseNumber(field("beta"), "much")).toEqual({ fault: "Write a number from 1 to 20,000." });
  expect(parseNumber(field("seed"), "")).toHaveProperty("fault");
});

test("an iteration has the first preset's settings, and the last of them goes on; without a model there are none", () => {
  expect([1, 2, 3, 9].map((k) => presetSettings(model, k)?.learningRate)).toEqual([5e-5, 1e-5, 1e-5, 1e-5]);
  expect(presetSettings(null, 1)).toBeNull();
});

test("the closed panel says how far it is from the default", () => {
  const preset = settings(5e-5);
  expect(settingsSummary(preset, preset)).toBe("balanced");
  expect(settingsSummary({ ...preset, steps: 10, beta: 500 }, preset)).toBe("2 changes from balanced");
});
