/** @file The samplers by name, and the one way to get one. */
import { StudioError } from "../lib/errors.ts";
import { ddim } from "./ddim.ts";
import { dpmSolver2m, dpmSolver2mKarras } from "./dpm-solver.ts";
import { pndm } from "./pndm.ts";
import type { Sampler, SamplerOptions } from "./sampler.ts";

export const samplerNames = ["ddim", "pndm", "dpmpp-2m", "dpmpp-2m-karras"] as const;
export type SamplerName = (typeof samplerNames)[number];

/** As the readers of a picture's parameters know them. */
export const samplerTitles: { readonly [N in SamplerName]: string } = {
  ddim: "DDIM",
  pndm: "PNDM",
  "dpmpp-2m": "DPM++ 2M",
  "dpmpp-2m-karras": "DPM++ 2M Karras",
};

const samplers: { readonly [N in SamplerName]: (options: SamplerOptions) => Sampler } = {
  ddim,
  pndm,
  "dpmpp-2m": dpmSolver2m,
  "dpmpp-2m-karras": dpmSolver2mKarras,
};

/** @throws StudioError `bad-argument` for a number of steps that the schedule does not allow, or a name from another version. */
export function prepare(name: SamplerName, options: SamplerOptions): Sampler {
  if (!samplerNames.includes(name))
    throw new StudioError(
      "bad-argument",
      `The sampler is "${name}", and one of ${samplerNames.join(", ")} was expected`,
    );
  const { steps, schedule } = options;
  const last = schedule.alphasCumprod.length - 1;
  if (!Number.isInteger(steps) || steps < 1 || steps > last)
    throw new StudioError("bad-argument", `steps must be a whole number from 1 to ${last}, got ${steps}`);
  const sampler = samplers[name](options);
  const largest = Math.max(...sampler.timesteps);
  if (largest > last)
    throw new StudioError(
      "bad-argument",
      `${steps} steps of ${samplerTitles[name]} begin at t = ${largest}, and the model knows 0 to ${last}: ask for fewer steps`,
    );
  return sampler;
}
