import { describe, expect, test } from "vitest";
import { sd15Schedule } from "./noise-schedule.ts";
import { readSchedulerConfig } from "./scheduler-config.ts";

test("SD-1.5's own file, and an empty one", () => {
  const file = {
    _class_name: "PNDMScheduler",
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    num_train_timesteps: 1000,
    set_alpha_to_one: false,
    skip_prk_steps: true,
    steps_offset: 1,
    trained_betas: null,
    clip_sample: false,
  };
  const own = { ...sd15Schedule, stepsOffset: 1, timestepSpacing: null, setAlphaToOne: false };
  expect(readSchedulerConfig(file)).toEqual({ ...own, sampler: "pndm" });
  expect(readSchedulerConfig({})).toEqual({ ...own, sampler: "ddim" });
});

describe("the file's own sampler, where it is one of ours", () => {
  const solver = "DPMSolverMultistepScheduler";
  test.each([
    ["DDIMScheduler", {}, "ddim"],
    ["PNDMScheduler", { skip_prk_steps: true }, "pndm"],
    ["PNDMScheduler", { skip_prk_steps: false }, "ddim"],
    [solver, {}, "dpmpp-2m"],
    [solver, { algorithm_type: "dpmsolver++", solver_order: 2, lambda_min_clipped: null }, "dpmpp-2m"],
    [solver, { use_karras_sigmas: true }, "dpmpp-2m-karras"],
    [solver, { solver_order: 3 }, "ddim"],
    [solver, { algorithm_type: "sde-dpmsolver++" }, "ddim"],
    [solver, { lambda_min_clipped: -5.1 }, "ddim"],
    ["EulerDiscreteScheduler", {}, "ddim"],
  ])("%s %o: %s", (_class_name, fields, sampler) => {
    expect(readSchedulerConfig({ _class_name, ...fields }).sampler).toBe(sampler);
  });
});

test.each([
  [{ prediction_type: "sample" }, 'has prediction_type "sample", and epsilon or v_prediction was expected.'],
  [{ beta_schedule: "sigmoid" }, "linear or scaled_linear or squaredcos_cap_v2 was expected."],
  [{ beta_start: "0" }, 'has beta_start "0", and a number of at least 0 was expected.'],
  [{ steps_offset: -1 }, "has steps_offset -1, and a whole number of at least 0 was expected."],
  [{ num_train_timesteps: 0 }, "has num_train_timesteps 0, and a whole number of at least 2 was expected."],
  [{ timestep_spacing: "even" }, "leading or trailing or linspace was expected."],
  [{ rescale_betas_zero_snr: true }, "has rescale_betas_zero_snr, and a schedule without it was expected."],
  [{ trained_betas: [0.1] }, "brings its own trained_betas, and a beta_schedule was expected."],
  [{ thresholding: true }, "has thresholding, and a model without it was expected."],
])("%o is refused in words", (fields, words) => {
  expect(() => readSchedulerConfig(fields)).toThrow(words);
});
