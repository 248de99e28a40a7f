/** @file Settings that were thought about: for the page and the command line, by the size of the model. */
import type { Preset, SpinSettings } from "./api.ts";
import { isLarge } from "./size.ts";

const common = {
  loss: "logistic",
  independentNoise: false,
  seed: 42,
  rank: 16,
  usedPairs: 0,
} as const;

/**
 * Rates fall from iteration to iteration, which damps the swing round the pairs that a constant one shows. At 5e-5 sixty steps
 * already run past the pairs' finish, and the next iteration turns back; sixty at 1.2e-5 are there after two; thirty at 1e-5 leave
 * each of three something to gain.
 */
const quickRates = [5e-5, 1.5e-5, 5e-6];
/** A LoRA moves with its factors, of which one starts at zero: at 5e-5 it hardly does. */
const loraRates = [3e-4, 2e-4, 1e-4];
const steadyRates = [1e-5, 9e-6, 8e-6, 7e-6];

function iterations(
  settings: Omit<SpinSettings, "learningRate">,
  rates: readonly number[],
  changed: readonly Partial<SpinSettings>[] = [],
): readonly SpinSettings[] {
  return rates.map((learningRate, k) => ({ ...settings, learningRate, ...changed[k] }));
}

export interface PresetsOf {
  readonly parameters: number;
  /** the model's own */
  readonly guidance: number;
  /** whether the whole of a large model may be trained: where it fits */
  readonly whole?: boolean;
}

/** What may be chosen for a model, the newcomer's first. */
export function presetsFor({ parameters, guidance, whole = false }: PresetsOf): readonly Preset[] {
  if (!isLarge(parameters)) return [...small(guidance), paper("full", guidance), sft("full", guidance)];
  const large = [balanced(guidance), paper("lora", guidance), sft("lora", guidance)];
  return whole ? [...large, wholeLarge(guidance)] : large;
}

/** Those of the command line, which reads given losers too. */
export function presetsWithLosers(model: PresetsOf): readonly Preset[] {
  return [...presetsFor(model), dpo(isLarge(model.parameters) ? "lora" : "full", model.guidance)];
}

/** The whole network, guarded; opponents as the pictures are drawn later, but in fewer steps. */
function small(guidance: number): readonly Preset[] {
  const settings = {
    ...common,
    train: "full",
    steps: 30,
    pairsPerStep: 32,
    warmupSteps: 5,
    beta: 2000,
    captionDropout: 0.1,
    opponentSteps: 20,
    guidance,
    safeguard: 0.9,
    probeEvery: 10,
  } as const;
  const quick = { ...settings, usedPairs: 48, pairsPerStep: 16, steps: 24, opponentSteps: 16, probeEvery: 12 };
  return [
    {
      id: "quick",
      title: "Quick",
      help: "a few minutes an iteration: 48 pairs, each met eight times",
      settings: iterations(quick, quickRates),
    },
    {
      id: "default",
      title: "Thorough",
      help: "all pairs, up to 256 are worth it; longer, and each of three iterations gains",
      settings: iterations(settings, steadyRates),
    },
    {
      id: "lora",
      title: "LoRA",
      help: "as quick, into a small file beside the weights; gentler",
      settings: iterations({ ...quick, train: "lora" }, loraRates),
    },
  ];
}

function balanced(guidance: number): Preset {
  const settings = {
    ...common,
    train: "lora",
    steps: 400,
    pairsPerStep: 4,
    warmupSteps: 20,
    beta: 2000,
    captionDropout: 0.2,
    opponentSteps: 50,
    guidance,
    safeguard: 0,
    probeEvery: 50,
  } as const;
  return {
    id: "balanced",
    title: "Balanced",
    help: "a LoRA on the attention, as much as a computer at home can do",
    settings: iterations(settings, [1e-5]),
  };
}

/** As the LoRA, and gentler: here every weight moves. */
function wholeLarge(guidance: number): Preset {
  const { settings } = balanced(guidance);
  return {
    id: "whole",
    title: "All weights",
    help: "every weight of the model, as in the paper; for a large graphics card, in checkpoints of gigabytes",
    settings: settings.map((each) => ({ ...each, train: "full", learningRate: 2e-6 })),
  };
}

/** The paper's supervised fine-tuning (3.3), whose steps it does not say. */
function sft(train: SpinSettings["train"], guidance: number): Preset {
  const settings = {
    ...paperCommon(train, guidance),
    method: "sft",
    schedule: "constant",
    steps: 1000,
    warmupSteps: 500,
    beta: 2000,
  } as const;
  return {
    id: "sft",
    title: "SFT",
    help: "supervised fine-tuning as in the paper: no opponent, the rate stays; hours",
    settings: iterations(settings, [1e-5]),
  };
}

/** The paper's own run of Diffusion-DPO on given losers. */
function dpo(train: SpinSettings["train"], guidance: number): Preset {
  const settings = {
    ...paperCommon(train, guidance),
    method: "dpo",
    steps: 350,
    warmupSteps: 200,
    beta: 2000,
  } as const;
  return {
    id: "dpo",
    title: "Diffusion-DPO",
    help: "on given losers, as in the paper; hours",
    settings: iterations(settings, [2e-5]),
  };
}

const paperCommon = (train: SpinSettings["train"], guidance: number) =>
  ({
    ...common,
    train,
    pairsPerStep: 256,
    captionDropout: 0.2,
    opponentSteps: 50,
    guidance,
    seed: 5775709,
    safeguard: 0,
    probeEvery: 10,
  }) as const;

/** As printed, warm-up too: it is longer than the first iteration, whose rate so peaks at a quarter of what it is called. */
function paper(train: SpinSettings["train"], guidance: number): Preset {
  const settings = { ...paperCommon(train, guidance), steps: 500, warmupSteps: 200, beta: 5000 } as const;
  const changed = [{ steps: 50, beta: 2000 }, { steps: 500 }, { steps: 200 }];
  return {
    id: "paper",
    title: "Paper",
    help: "the numbers of SPIN-Diffusion as printed; hours, without the safeguard",
    settings: iterations(settings, [2e-5, 2e-5, 5e-8], changed),
  };
}

/** The preset's settings of iteration 1, 2, … */
export function settingsOf(preset: Preset, iteration: number): SpinSettings {
  return preset.settings[Math.min(iteration, preset.settings.length) - 1] as SpinSettings;
}
