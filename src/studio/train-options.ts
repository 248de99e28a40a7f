/** @file The settings of an iteration as the paper's code takes them, and which of them do not go together. */
import { type DdimProcess, ddimProcess } from "../diffusion/ddim-process.ts";
import { StudioError } from "../lib/errors.ts";
import { adamWDefaults } from "../spin/adamw.ts";
import type { TrainOptions } from "../spin/algorithm1.ts";
import { type ErrorScale, errorScale, logitWarning, minSnr, sumScale, times, typicalLogit } from "../spin/weighting.ts";
import type { SpinSettings } from "./api.ts";
import type { Model } from "./model.ts";
import type { SelfPlayJob } from "./self-play-job.ts";
import { processOf } from "./trajectories.ts";

/** Rows of a training run for a number of pairs a step: the largest divisor up to `most`, and how often it is repeated. */
export function microBatch(
  pairsPerStep: number,
  most: number,
): { readonly pairs: number; readonly accumulation: number } {
  for (let pairs = Math.min(most, pairsPerStep); pairs > 1; pairs--) {
    if (pairsPerStep % pairs === 0) return { pairs, accumulation: pairsPerStep / pairs };
  }
  return { pairs: 1, accumulation: pairsPerStep };
}

/** @throws StudioError `settings` where they do not go together. */
export function trainOptions(
  model: Model,
  { settings, iteration }: Pick<SelfPlayJob, "settings" | "iteration">,
): TrainOptions {
  refuseMixed(settings);
  const { pairs, accumulation } = microBatch(settings.pairsPerStep, model.choices.samples / 2);
  const process = processOf(model, settings);
  return {
    ...adamWDefaults,
    seed: settings.seed,
    iteration,
    noise: model.noise,
    shape: { latents: model.latents, text: model.textShape },
    beta: settings.beta,
    loss: settings.loss,
    accumulation,
    pairsPerBatch: pairs,
    steps: settings.steps,
    learningRate: settings.learningRate,
    warmupSteps: settings.warmupSteps,
    schedule: settings.schedule ?? "linear",
    independentNoise: settings.independentNoise,
    captionDropout: settings.captionDropout,
    maxGradNorm: 1,
    emaDecay: settings.emaDecay ?? 0,
    safeguard: settings.safeguard,
    method: settings.method === "sft" ? "sft" : "spin",
    loser: settings.loser ?? "forward",
    ...(process ? { process } : {}),
    scale: scaleOf(model, settings, process),
  };
}

/** s_t: the weighting's, times min-SNR's where that is asked for. h_t of losers that are noised forward is that of all t of the schedule. */
function scaleOf(model: Model, settings: SpinSettings, process: DdimProcess | null): ErrorScale {
  const { method, loser, weighting = "mean", snrGamma = 0 } = settings;
  const { noise, scheduler, latents } = model;
  const size = latents.reduce((a, b) => a * b);
  const steps = noise.alphasCumprod.length;
  const every: DdimProcess = {
    ...ddimProcess({ ...scheduler, stepsOffset: 0, timestepSpacing: "leading", schedule: noise, steps }),
  };
  const snr: ErrorScale = snrGamma > 0 ? minSnr(noise, snrGamma) : () => 1;
  if (method === "sft") return snr;
  if (process && loser === "exact") return sumScale(weighting, process, size);
  return times(errorScale(weighting, process ?? every, size), snr);
}

/** A sentence where the logit's size promises that nothing is learnt, or null. SFT has no logit. */
export function logitHint({ method, beta, scale, noise, process, loser }: TrainOptions): string | null {
  if (method === "sft" || !scale) return null;
  const timesteps = process?.timesteps ?? [...noise.alphasCumprod.keys()];
  const terms = loser === "exact" ? timesteps.length : 1;
  return logitWarning(terms * typicalLogit(beta, scale, timesteps), beta);
}

/** @throws StudioError `settings` */
function refuseMixed(settings: SpinSettings): void {
  const { method = "spin", loser = "forward", weighting = "mean", sampler = "ddim" } = settings;
  const { eta = 0, snrGamma = 0, independentNoise } = settings;
  const refusals: readonly (readonly [boolean, string])[] = [
    [
      method === "sft" && (loser !== "forward" || weighting === "paper"),
      "Supervised fine-tuning meets no loser and has no logit: leave losers and weighting as they are.",
    ],
    [
      method === "dpo" && loser !== "forward",
      "Diffusion-DPO's losers are given pictures, and a picture has no trajectory: noise them forward.",
    ],
    [
      loser !== "forward" && sampler !== "ddim",
      "The opponent's trajectory is DDIM's, whose steps the objective speaks of: choose that sampler.",
    ],
    [
      loser === "exact" && snrGamma > 0,
      "The exact objective is a sum of log likelihoods, which min-SNR would break: turn min-SNR off.",
    ],
    [
      loser === "exact" && independentNoise,
      "The exact objective meets every t, and its trajectories have noise of their own: turn independent noise off.",
    ],
    [loser !== "exact" && eta > 0, "Only the exact objective has a sigma above 0: set eta to 0."],
  ];
  const found = refusals.find(([wrong]) => wrong);
  if (found) throw new StudioError("settings", found[1]);
}
