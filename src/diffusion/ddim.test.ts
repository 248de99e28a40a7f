import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/ddim.json" with { type: "json" };
import { step, timesteps } from "./ddim.ts";
import { guide, twice } from "./guidance.ts";
import { addNoise, scaledLinear } from "./noise-schedule.ts";

test("timesteps are those of diffusers' DDIMScheduler", () => {
  for (const want of golden.timesteps) expect(timesteps(want.steps)).toEqual(want.timesteps);
});

test.each([0, 1000, 2.5, Number.NaN])("%s steps are refused", (steps) => {
  expect(() => timesteps(steps)).toThrow("steps must be a whole number from 1 to 999");
});

test("with the true noise, a step lands on the same x_0 and noise one level lower", () => {
  const schedule = scaledLinear();
  const x0 = Float32Array.from([0.5, -1, 2]);
  const eps = Float32Array.from([1, 0.25, -0.75]);
  const lower = step(eps, 501, addNoise(schedule, x0, eps, 501), { schedule, steps: 50 });
  addNoise(schedule, x0, eps, 481).forEach((want, i) => expect(lower[i]).toBeCloseTo(want, 5));
  // set_alpha_to_one = false: below zero stands alphasCumprod[0], not 1
  const last = step(eps, 1, addNoise(schedule, x0, eps, 1), { schedule, steps: 50 });
  addNoise(schedule, x0, eps, 0).forEach((want, i) => expect(last[i]).toBeCloseTo(want, 5));
});

test("guidance goes from the first half to the second, and beyond", () => {
  const eps = Float32Array.from([1, 2, 3, 6]);
  expect([...guide(eps, 1)]).toEqual([3, 6]);
  expect([...guide(eps, 7.5)]).toEqual([16, 32]);
  expect([...twice(Float32Array.from([1, 2]))]).toEqual([1, 2, 1, 2]);
});
