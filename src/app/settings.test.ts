import { expect, test } from "vitest";
import type { ModelInfo, SpinSettings } from "../studio/api.ts";
import { readSettings, printSettings } from "./settings-file.ts";
import { differences, rateOf, settingsSummary, strengthOf, warnings } from "./settings-words.ts";
import { NUMBER_FIELDS, parseNumber, presetSettings, type NumberField } from "./settings.ts";

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
  memory: { bytes: 2e8, weights: 1.7e7, pairs: 8, recomputes: false },
  resolution: 64,
  parameters: 4.1e6,
  large: false,
  guidance: 3,
  presets: [
    { id: "first", title: "First", help: "", settings: [settings(5e-5), settings(1e-5)] },
    { id: "second", title: "Second", help: "", settings: [settings(1)] },
  ],
  scoring: null,
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

test("another preset is chosen by its id; one that is not there any more is the newcomer's", () => {
  expect(presetSettings(model, 1, "second")?.learningRate).toBe(1);
  expect(presetSettings(model, 1, "gone")?.learningRate).toBe(5e-5);
});

test("the panel says how far the settings are from the preset, closed in a number, open in words", () => {
  const preset = settings(5e-5);
  const changed: SpinSettings = { ...preset, steps: 10, loss: "hinge", safeguard: 0, usedPairs: 12 };
  expect(settingsSummary("Quick", preset, preset)).toBe("Quick");
  expect(settingsSummary("Quick", changed, preset)).toBe("Quick, with 4 changes");
  expect(differences(changed, preset)).toEqual([
    "Steps 10 instead of 60.",
    "Loss hinge instead of logistic.",
    "Safeguard’s factor off instead of 0.9.",
    "Used pairs 12 instead of all.",
  ]);
});

test("settings without a sampler mean DDIM", () => {
  const preset = settings(5e-5);
  expect(differences({ ...preset, sampler: "ddim" }, preset)).toEqual([]);
  expect(differences(preset, { ...preset, sampler: "ddim" })).toEqual([]);
  expect(differences({ ...preset, sampler: "dpmpp-2m-karras" }, preset)).toEqual([
    "Sampler DPM-Solver++ 2M, Karras instead of DDIM.",
  ]);
});

test("settings without an average of the weights mean none", () => {
  const preset = settings(5e-5);
  expect(differences({ ...preset, emaDecay: 0 }, preset)).toEqual([]);
  expect(differences({ ...preset, emaDecay: 0.99 }, preset)).toEqual(["EMA decay 0.99 instead of off."]);
});

test("a strength is a multiple of the preset's rate, and known again by it", () => {
  const preset = settings(5e-5);
  expect(rateOf(preset, 3)).toBe(0.00015);
  expect(strengthOf({ ...preset, learningRate: 0.00015 }, preset)?.value).toBe("strong");
  expect(strengthOf(preset, preset)?.value).toBe("preset");
  expect(strengthOf({ ...preset, learningRate: 1e-5 }, preset)).toBeNull();
});

test("what asks for much says so: a large batch, hours, pairs met very often", () => {
  const small = settings(5e-5);
  expect(warnings(small, 48, 100)).toEqual([]);
  const paper = { ...small, pairsPerStep: 256, steps: 50 };
  expect(warnings(paper, 256, 7200)).toEqual([
    "It asks for 256 pairs a step, 50 steps, about 2 h an iteration on this computer.",
  ]);
  expect(warnings(paper, 48, null)).toEqual([
    "It asks for 256 pairs a step, 50 steps.",
    "Each of your 48 pairs is met 267 times.",
  ]);
});

test("settings come back from their file as they were", () => {
  const all: SpinSettings = {
    ...settings(3.3e-7),
    loss: "hinge",
    independentNoise: true,
    safeguard: 0,
    sampler: "pndm",
    emaDecay: 0.99,
  };
  expect(readSettings(printSettings(all), model)).toEqual({ settings: all, refused: [] });
});

test("of a file with faults the good fields are kept, and each refused one is named with what was expected", () => {
  const file = {
    steps: 80,
    beta: -1,
    loss: "square",
    sampler: "euler",
    seed: "42",
    train: "lora",
    independentNoise: 1,
    warmupSteps: 2.5,
    __proto__x: {},
    constructor: 1,
  };
  const { settings: kept, refused } = readSettings(JSON.stringify({ settings: file }), model);
  expect(kept).toEqual({ steps: 80 });
  expect(refused).toEqual([
    "Beta: Must be 1 to 20,000. It was -1.",
    'Loss: expected logistic, hinge, correlation, got "square".',
    'Sampler: expected ddim, pndm, dpmpp-2m, dpmpp-2m-karras, got "euler".',
    'Seed: expected a number, got "42".',
    'Trains: Pocket can do full, got "lora".',
    "Independent noise: expected true or false, got 1.",
    "Warm-up: Write a whole number from 0 to 1,000. It was 2.5.",
    '"__proto__x" is no setting.',
    '"constructor" is no setting.',
  ]);
});

test.each([
  ["not json", "The file is not JSON, which settings are written in."],
  ["[1, 2]", "The file has no object of settings."],
  ["{}", "The file has no settings in it."],
  [" ".repeat(200_000), "The file is too long to be settings."],
])("a file that is none is refused in one sentence: %.10s", (text, sentence) => {
  expect(readSettings(text, model)).toEqual({ settings: {}, refused: [sentence] });
});

test("a file of very many faults names the first twenty", () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`x${at}`, 1]));
  const { refused } = readSettings(JSON.stringify(many), model);
  expect(refused).toHaveLength(21);
  expect(refused.at(-1)).toBe("And 30 more.");
});
