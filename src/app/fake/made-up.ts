/** @file Presets and numbers of the engine that only pretends. */
import type { ModelInfo, ProbeReport, SpinSettings, StepReport } from "../../studio/api.ts";
import { noise } from "./painter.ts";

const QUICK: SpinSettings = {
  steps: 60,
  pairsPerStep: 8,
  learningRate: 5e-5,
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
  usedPairs: 48,
};
const falling = (settings: SpinSettings): readonly SpinSettings[] =>
  [5e-5, 1.5e-5, 5e-6].map((learningRate) => ({ ...settings, learningRate }));
export const PRESETS: ModelInfo["presets"] = [
  { id: "quick", title: "Quick", help: "made up, for a minute", settings: falling(QUICK) },
  {
    id: "default",
    title: "Thorough",
    help: "made up, for longer",
    settings: falling({ ...QUICK, pairsPerStep: 32, usedPairs: 0 }),
  },
  {
    id: "paper",
    title: "Paper",
    help: "made up, with the paper’s batch and no safeguard",
    settings: falling({ ...QUICK, pairsPerStep: 256, usedPairs: 0, warmupSteps: 200, safeguard: 0 }),
  },
];

/** Numbers in the manner of a real run: l(0) at the first step, errors of some 0.1 that part by some 10^-4. */
export function madeUpReport(step: number, of: number, iteration: number, seconds: number): StepReport {
  const random = noise(step * 104729 + iteration * 7);
  const swing = (size: number): number => (random() + random() + random() - 1.5) * size;
  const gain = step === 1 ? 0 : 1 - Math.exp((-2.6 * step) / of);
  const winner = 0.1412 + swing(0.002);
  const loser = 0.1124 + swing(0.002);
  return {
    step,
    of,
    loss: step === 1 ? Math.LN2 : Math.max(0.2, Math.LN2 - 0.24 * gain + swing(0.07)),
    accuracy: step === 1 ? 0.5 : Math.min(1, Math.max(0, Math.round((0.5 + 0.33 * gain + swing(0.2)) * 8) / 8)),
    errorWinner: winner - 0.0004 * gain,
    logit: 0.2 * gain,
    errorLoser: loser + 0.0003 * gain,
    errorWinnerOpponent: winner,
    errorLoserOpponent: loser,
    safeguard: step === 1 ? 0.9 : Math.min(1, Math.max(0.2, 0.8 + swing(0.3))),
    gradientNorm: 0.4 + random(),
    learningRate: 5e-5 * (1 - step / of),
    probe: null,
    seconds,
  };
}

/** Errors on fixed draws; a run that goes wrong raises the winner's. */
export function madeUpProbe(step: number, of: number, rising: boolean): ProbeReport {
  const gain = step / of;
  const [winnerStart, loserStart] = [0.139, 0.118];
  const rise = rising ? 0.4 * gain : -0.03 * gain;
  const hint = `The error on your pictures has risen by ${Math.round(100 * rise)} % since the start: stop here or lower the learning rate.`;
  return {
    step,
    winner: winnerStart * (1 + rise),
    loser: loserStart * (1 + 0.05 * gain),
    winnerStart,
    loserStart,
    draws: 64,
    winnerNoise: 0.0004,
    hint: rise > 0.15 ? hint : null,
  };
}

export function deviceLost(step: number): Error {
  return Object.assign(new Error(`The GPU stopped answering at step ${step}.`), {
    code: "device-lost",
    hint: "This happens when the computer sleeps, or when another program takes the GPU’s memory.",
  });
}

export function storageFull(): Error {
  return Object.assign(new Error("The browser's storage is full, and nothing of this was saved."), {
    code: "quota",
    hint: "Delete an iteration that you no longer need, or free space on this disk.",
  });
}

export function notFinite(): Error {
  return Object.assign(new Error("The gradient has values that are not finite, and every one must be."), {
    code: "not-finite",
    hint: "The weights are those of the step before. Try a smaller learning rate or beta.",
  });
}
