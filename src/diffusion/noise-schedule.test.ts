import { expect, test } from "vitest";
import want from "../../e2e/goldens/diffusion/schedule.json" with { type: "json" };
import { addNoise, scaledLinear } from "./noise-schedule.ts";

test("betas and alphasCumprod of SD-1.5 have diffusers' bits", () => {
  const { betas, alphasCumprod } = scaledLinear();
  expect(betas).toEqual(Float32Array.from(want.betas));
  expect(alphasCumprod).toEqual(Float32Array.from(want.alphasCumprod));
});

test("addNoise has the bits of add_noise, from t = 0 to t = 999", () => {
  const schedule = scaledLinear();
  want.t.forEach((t, row) => {
    const of = (values: number[]) => Float32Array.from(values.slice(16 * row, 16 * row + 16));
    expect(addNoise(schedule, of(want.x0), of(want.eps), t)).toEqual(of(want.xt));
  });
});
