import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/ddim.json" with { type: "json" };
import { guide, twice } from "./guidance.ts";
import { addNoise, scaledLinear } from "./noise-schedule.ts";
import { beginning } from "./sampler.ts";
import { prepare } from "./samplers.ts";

const own = { schedule: scaledLinear(), stepsOffset: 1, timestepSpacing: null, setAlphaToOne: false };
const ddim = (steps: number) => prepare("ddim", { ...own, steps });

test("timesteps are those of diffusers' DDIMScheduler", () => {
  for (const want of golden.timesteps) expect(ddim(want.steps).timesteps).toEqual(want.timesteps);
});

test.each([0, 1000, 2.5, Number.NaN])("%s steps are refused", (steps) => {
  expect(() => ddim(steps)).toThrow("steps must be a whole number from 1 to 999");
});

test("with the true noise, a step lands on the same x_0 and noise one level lower", () => {
  const { schedule } = own;
  const sampler = ddim(50);
  const at = (t: number) => ({ ...beginning, index: sampler.timesteps.indexOf(t) });
  const x0 = Float32Array.from([0.5, -1, 2]);
  const eps = Float32Array.from([1, 0.25, -0.75]);
  const lower = sampler.step(eps, addNoise(schedule, x0, eps, 501), at(501)).x;
  addNoise(schedule, x0, eps, 481).forEach((want, i) => expect(lower[i]).toBeCloseTo(want, 5));
  // set_alpha_to_one = false: below zero stands alphasCumprod[0], not 1
  const last = sampler.step(eps, addNoise(schedule, x0, eps, 1), at(1)).x;
  addNoise(schedule, x0, eps, 0).forEach((want, i) => expect(last[i]).toBeCloseTo(want, 5));
});

test("guidance goes from the first half to the second, and beyond", () => {
  const eps = Float32Array.from([1, 2, 3, 6]);
  expect([...guide(eps, 1)]).toEqual([3, 6]);
  expect([...guide(eps, 7.5)]).toEqual([16, 32]);
  expect([...twice(Float32Array.from([1, 2]))]).toEqual([1, 2, 1, 2]);
});
