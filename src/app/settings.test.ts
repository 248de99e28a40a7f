import { expect, test } from "vitest";
import {
  defaultSettings,
  NUMBER_FIELDS,
  parseNumber,
  plainNumber,
  settingsSummary,
  type NumberField,
} from "./settings.ts";

const field = (key: string): NumberField => NUMBER_FIELDS.find((candidate) => candidate.key === key) as NumberField;
const pocket = { id: "pocket", title: "Pocket", resolution: 64, parameters: 4.1e6, guidance: 3 };
const full = { id: "sd15", title: "SD-1.5", resolution: 512, parameters: 860e6, guidance: 7.5 };

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

test("every default lies in its own range, for small and large models and late iterations", () => {
  for (const model of [pocket, full, null]) {
    for (const iteration of [1, 2, 3, 9]) {
      const settings = defaultSettings(model, iteration);
      for (const one of NUMBER_FIELDS) {
        expect(parseNumber(one, plainNumber(settings[one.key]))).toEqual({ value: settings[one.key] });
      }
    }
  }
});

test("small models are trained whole with a falling rate, large ones through LoRA", () => {
  expect(defaultSettings(pocket, 1)).toMatchObject({ train: "full", guidance: 3, learningRate: 5e-5 });
  expect(defaultSettings(pocket, 2).learningRate).toBeLessThan(5e-5);
  expect(defaultSettings(full, 1)).toMatchObject({ train: "lora", guidance: 7.5 });
});

test("the closed panel says how far it is from the default", () => {
  const settings = defaultSettings(pocket, 1);
  expect(settingsSummary(settings, settings)).toBe("balanced");
  expect(settingsSummary({ ...settings, steps: 10, beta: 500 }, settings)).toBe("2 changes from balanced");
});
