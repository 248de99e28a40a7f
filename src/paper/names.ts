/** @file What models and curves of the experiments are called, in the order in which tables and figures have them. */
import type { ScoreName } from "./results.ts";

export const modelTitles = {
  base: "Base",
  sft: "SFT",
  dpo: "Diffusion-DPO",
  spin1: "SPIN 1",
  spin2: "SPIN 2",
  spin3: "SPIN 3",
  lora: "SPIN 3, LoRA",
} as const;
export type ModelId = keyof typeof modelTitles;
export const modelIds = Object.keys(modelTitles) as readonly ModelId[];

/** Those of the paper's main tables: LoRA has its own. */
export const mainModels = modelIds.filter((id) => id !== "lora");

export const objectiveTitles = {
  approximate: "approximate (4.9)",
  trajectory: "on the trajectory (C.5)",
  exact: "exact (4.8)",
} as const;
export type ObjectiveId = keyof typeof objectiveTitles;

/** A score with the paper's whose part it plays. */
export const scoreTitles: { readonly [S in ScoreName]: string } = {
  truth: "Truth, dB (PickScore)",
  faith: "Faith (ImageReward)",
  finish: "Finish (Aesthetic)",
  sharpness: "Sharpness (HPS)",
  average: "Average",
};

export const shortScores: { readonly [S in ScoreName]: string } = {
  truth: "Truth",
  faith: "Faith",
  finish: "Finish",
  sharpness: "Sharpness",
  average: "Average",
};

export const scoreDigits: { readonly [S in ScoreName]: number } = {
  truth: 2,
  faith: 3,
  finish: 3,
  sharpness: 3,
  average: 3,
};

/** Searches for settings, by the method that they serve. */
export const searched = ["sft", "dpo", "spin", "lora"] as const;
export type Searched = (typeof searched)[number];
export const searchTitles: { readonly [M in Searched]: string } = {
  sft: "SFT",
  dpo: "Diffusion-DPO",
  spin: "SPIN",
  lora: "SPIN, LoRA",
};
export const searchPart = (method: Searched): string => `search-${method}`;
