import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/adamw.json" with { type: "json" };
import { adamW, adamWDefaults, freshState } from "./adamw.ts";

const { cases } = golden;

test.each(cases)("10 steps have the bits of torch.optim.AdamW, weight decay $weightDecay", (c) => {
  const state = freshState(Float32Array.from(c.start));
  c.rates.forEach((rate, s) => {
    const gradient = Float32Array.from(c.gradients.slice(40 * s, 40 * s + 40));
    adamW(state, gradient, rate, { ...adamWDefaults, weightDecay: c.weightDecay });
    expect(state.vector).toEqual(Float32Array.from(c.vectors[s] as number[]));
  });
  expect(state).toMatchObject({ step: 10, m: Float32Array.from(c.m), v: Float32Array.from(c.v) });
});

test("a fresh state owns its vector", () => {
  const vector = Float32Array.from([1, 2]);
  adamW(freshState(vector), Float32Array.from([1, 1]), 0.1, adamWDefaults);
  expect([...vector]).toEqual([1, 2]);
});
