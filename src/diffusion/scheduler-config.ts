/**
 * @file A model's scheduler_config.json. A field that is missing has SD-1.5's value. Not read, because
 * StableDiffusionPipeline sets it so for every model: clip_sample, which is false.
 */
import { StudioError } from "../lib/errors.ts";
import { betaSchedules, predictionTypes, type ScheduleConfig, sd15Schedule } from "./noise-schedule.ts";
import type { SamplerConfig } from "./sampler.ts";
import type { SamplerName } from "./samplers.ts";
import { timestepSpacings } from "./timesteps.ts";

export interface SchedulerConfig extends ScheduleConfig, SamplerConfig {
  /** the file's own, where it is one of ours; else DDIM */
  readonly sampler: SamplerName;
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws StudioError `model` for a schedule that cannot be drawn with or trained on. */
export function readSchedulerConfig(fields: Fields = {}): SchedulerConfig {
  if ((fields.trained_betas ?? null) !== null) refuse("brings its own trained_betas", "a beta_schedule");
  if (fields.rescale_betas_zero_snr === true) refuse("has rescale_betas_zero_snr", "a schedule without it");
  if (fields.thresholding === true) refuse("has thresholding", "a model without it");
  const spacing = fields.timestep_spacing ?? null;
  return {
    numTrainTimesteps: wholeOf(fields, "num_train_timesteps", sd15Schedule.numTrainTimesteps, 2),
    betaStart: numberOf(fields, "beta_start", sd15Schedule.betaStart),
    betaEnd: numberOf(fields, "beta_end", sd15Schedule.betaEnd),
    betaSchedule: oneOf(fields, "beta_schedule", betaSchedules, sd15Schedule.betaSchedule),
    predictionType: oneOf(fields, "prediction_type", predictionTypes, sd15Schedule.predictionType),
    stepsOffset: wholeOf(fields, "steps_offset", 1, 0),
    timestepSpacing: spacing === null ? null : oneOf(fields, "timestep_spacing", timestepSpacings, "leading"),
    setAlphaToOne: fields.set_alpha_to_one === true,
    sampler: ownSampler(fields),
  };
}

function ownSampler(fields: Fields): SamplerName {
  if (fields._class_name === "PNDMScheduler" && fields.skip_prk_steps === true) return "pndm";
  if (fields._class_name === "DPMSolverMultistepScheduler" && isPlainSolver(fields))
    return fields.use_karras_sigmas === true ? "dpmpp-2m-karras" : "dpmpp-2m";
  return "ddim";
}

/** What `dpm-solver.ts` is written for; the class has many others under the same name. */
const plainSolver: Fields = {
  algorithm_type: "dpmsolver++",
  solver_order: 2,
  solver_type: "midpoint",
  final_sigmas_type: "zero",
  use_lu_lambdas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  use_flow_sigmas: false,
  lambda_min_clipped: null,
};

function isPlainSolver(fields: Fields): boolean {
  return Object.entries(plainSolver).every(([key, value]) => (fields[key] ?? value) === value);
}

function numberOf(fields: Fields, key: string, fallback: number): number {
  const value = fields[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  return refuse(`has ${key} ${JSON.stringify(value)}`, "a number of at least 0");
}

function wholeOf(fields: Fields, key: string, fallback: number, least: number): number {
  const value = fields[key] ?? fallback;
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  return refuse(`has ${key} ${JSON.stringify(value)}`, `a whole number of at least ${least}`);
}

function oneOf<T extends string>(fields: Fields, key: string, known: readonly T[], fallback: T): T {
  const value = fields[key] ?? fallback;
  const found = known.find((name) => name === value);
  return found ?? refuse(`has ${key} ${JSON.stringify(value)}`, known.join(" or "));
}

function refuse(what: string, expected: string): never {
  throw new StudioError("model", `The model's scheduler_config.json ${what}, and ${expected} was expected.`);
}
