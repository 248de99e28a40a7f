import { adamWDefaults } from "../spin/adamw.ts";
import { expect, test } from "vitest";
import type { Preset } from "./api.ts";
import { presetsFor, presetsWithLosers, settingsOf } from "./presets.ts";

const pocket = presetsFor({ parameters: 4.1e6, guidance: 3 });
const full = presetsFor({ parameters: 860e6, guidance: 7.5 });
const find = (presets: readonly Preset[], id: string) => presets.find((preset) => preset.id === id) as Preset;

test("a newcomer gets the quick one of a small model and the balanced one of a large, and everybody the paper's", () => {
  expect(pocket.map(({ id }) => id)).toEqual(["quick", "default", "lora", "paper", "sft"]);
  expect(full.map(({ id }) => id)).toEqual(["balanced", "paper", "sft"]);
  const ample = presetsFor({ parameters: 860e6, guidance: 7.5, whole: true });
  expect(ample.map(({ id }) => id)).toEqual(["balanced", "paper", "sft", "whole"]);
  // two gradients of a large model do not fit beside each other
  expect(settingsOf(find(ample, "whole"), 1)).toMatchObject({ train: "full", safeguard: 0 });
});

test("small models are trained whole and guarded at a falling rate, large ones through LoRA", () => {
  for (const id of ["quick", "default"]) {
    const rates = [1, 2, 3].map((k) => settingsOf(find(pocket, id), k).learningRate);
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
    expect(new Set(rates).size).toBe(3);
    expect(settingsOf(find(pocket, id), 9)).toEqual(find(pocket, id).settings.at(-1));
    expect(settingsOf(find(pocket, id), 1)).toMatchObject({ train: "full", guidance: 3, safeguard: 0.9 });
  }
  expect(settingsOf(find(full, "balanced"), 1)).toMatchObject({ train: "lora", guidance: 7.5, safeguard: 0 });
});

test("a small model can be trained either way, a large one by LoRA unless there is room for the whole", () => {
  const kinds = (presets: typeof pocket) =>
    new Set(presets.flatMap(({ settings }) => settings.map(({ train }) => train)));
  expect(kinds(pocket)).toEqual(new Set(["full", "lora"]));
  expect(kinds(full)).toEqual(new Set(["lora"]));
  const [whole, lora] = [settingsOf(find(pocket, "quick"), 1), settingsOf(find(pocket, "lora"), 1)];
  expect(lora).toEqual({ ...whole, train: "lora", rank: 16, learningRate: 3e-4 });
});

test("the paper's numbers, literally: warm-up of 200 steps even where there are 50", () => {
  const numbers = [1, 2, 3].map((k) => {
    const { learningRate, beta, steps, warmupSteps, pairsPerStep, opponentSteps, seed } = settingsOf(
      find(full, "paper"),
      k,
    );
    return [learningRate, beta, steps, warmupSteps, pairsPerStep, opponentSteps, seed];
  });
  expect(numbers).toEqual([
    [2e-5, 2000, 50, 200, 256, 50, 5775709],
    [2e-5, 5000, 500, 200, 256, 50, 5775709],
    [5e-8, 5000, 200, 200, 256, 50, 5775709],
  ]);
});

test("the paper's SFT and its DPO: rates, warm-up, beta, steps", () => {
  const sft = settingsOf(find(full, "sft"), 1);
  expect(sft).toMatchObject({ method: "sft", learningRate: 1e-5, warmupSteps: 500, schedule: "constant" });
  const dpo = settingsOf(find(presetsWithLosers({ parameters: 860e6, guidance: 7.5 }), "dpo"), 1);
  expect(dpo).toMatchObject({ method: "dpo", learningRate: 2e-5, beta: 2000, steps: 350 });
  expect(adamWDefaults.weightDecay).toBe(1e-2);
});

test("where a step is guarded two micro-batches of eight pairs fill a run for each arm: nothing is padded", () => {
  const guarded = pocket.flatMap(({ settings }) => settings).filter(({ safeguard }) => safeguard > 0);
  expect(guarded.length).toBeGreaterThan(0);
  for (const { pairsPerStep } of guarded) expect(pairsPerStep % 16).toBe(0);
});
