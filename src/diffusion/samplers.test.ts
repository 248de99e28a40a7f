/** @file Every sampler against diffusers' scheduler of that kind, alone: around an output that is linear in x. */
import { describe, expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/samplers.json" with { type: "json" };
import { maxAbs } from "./max-abs.ts";
import { noiseSchedule, sd15Schedule } from "./noise-schedule.ts";
import { trainingTarget } from "./prediction.ts";
import { beginning, type Sampler, type SamplerState } from "./sampler.ts";
import { prepare, type SamplerName, samplerNames } from "./samplers.ts";
import { readSchedulerConfig } from "./scheduler-config.ts";

const f = Math.fround;

/** diffusers' fields of a case, beside what was run and what came out */
function samplerOf({ sampler, steps, ...fields }: (typeof golden.cases)[number]): Sampler {
  const config = readSchedulerConfig({ steps_offset: 1, ...fields });
  return prepare(sampler as SamplerName, { ...config, schedule: noiseSchedule(config), steps });
}

const output = (x: Float32Array, t: number) => x.map((value) => f(0.5 * value) + f(0.1 * f(Math.cos(f(t / 100)))));

function walk(sampler: Sampler, start: Float32Array, from: SamplerState = beginning, to = Infinity) {
  let [x, state] = [start, from];
  for (const t of sampler.timesteps.slice(from.index, to)) ({ x, state } = sampler.step(output(x, t), x, state));
  return { x, state };
}

const titled = golden.cases.map((one) => {
  const { timesteps: _, start: __, end: ___, stride: ____, ...asked } = one;
  const title = Object.entries(asked).flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]));
  return [title.join(", "), one] as const;
});

test.each(titled)("%s", (_, one) => {
  const sampler = samplerOf(one);
  expect(sampler.timesteps.filter((_, i) => i % one.stride === 0)).toEqual(one.timesteps);
  const { x } = walk(sampler, Float32Array.from(one.start));
  const size = Math.max(1, ...one.end.map(Math.abs));
  // float32's rounding: half a unit is 6e-8, once or a few times a step
  expect(maxAbs(x, one.end) / size).toBeLessThan(1e-6 + 1e-8 * one.steps);
});

test("alphasCumprod of every beta_schedule has diffusers' bits", () => {
  for (const [beta_schedule, want] of Object.entries(golden.alphasCumprod)) {
    const range = beta_schedule === "linear" ? { beta_start: 0.0001, beta_end: 0.02 } : {};
    const { alphasCumprod } = noiseSchedule(readSchedulerConfig({ beta_schedule, ...range }));
    expect(alphasCumprod.filter((_, t) => t % 37 === 0)).toEqual(Float32Array.from(want));
  }
});

test("v is get_velocity's, but where torch's power of 0.5 is not correctly rounded", () => {
  const [x0, eps] = [Float32Array.from(golden.velocity.x0), Float32Array.from(golden.velocity.eps)];
  const schedule = noiseSchedule({ ...sd15Schedule, predictionType: "v_prediction" });
  for (const { t, v } of golden.velocity.at)
    expect(maxAbs(trainingTarget(schedule, x0, eps, t), v)).toBeLessThan(2.4e-7);
});

describe.each(samplerNames)("%s", (name) => {
  const config = readSchedulerConfig();
  const make = (steps: number) => prepare(name, { ...config, schedule: noiseSchedule(config), steps });
  const start = Float32Array.of(1, -0.5, 0.25, 2);

  test("goes on from a state that was kept as text, at every step", () => {
    const sampler = make(6);
    const whole = walk(sampler, start).x;
    for (let stop = 1; stop < sampler.timesteps.length; stop++) {
      const { x, state } = walk(sampler, start, beginning, stop);
      const text = JSON.stringify(state, (_, value) => (value instanceof Float32Array ? Array.from(value) : value));
      const { index, outputs, held } = JSON.parse(text) as {
        index: number;
        outputs: number[][];
        held: number[] | null;
      };
      const again = {
        index,
        outputs: outputs.map((row) => Float32Array.from(row)),
        held: held && Float32Array.from(held),
      };
      expect(walk(sampler, x, again).x).toEqual(whole);
    }
  });

  test("changes neither sample nor state that it is given", () => {
    const sampler = make(4);
    const { x, state } = walk(sampler, start, beginning, 2);
    const [before, kept] = [x.slice(), structuredClone(state)];
    sampler.step(output(x, 500), x, state);
    expect({ x, state }).toEqual({ x: before, state: kept });
  });

  test.each([0, 1000, 2.5, Number.NaN])("%s steps are refused", (steps) => {
    expect(() => make(steps)).toThrow("steps must be a whole number from 1 to 999");
  });
});

test("a name from another version is refused", () => {
  const config = readSchedulerConfig();
  for (const name of ["euler", "constructor"])
    expect(() => prepare(name as SamplerName, { ...config, schedule: noiseSchedule(config), steps: 5 })).toThrow(
      `The sampler is "${name}", and one of ddim, pndm, dpmpp-2m, dpmpp-2m-karras was expected`,
    );
});

test("steps that begin beyond the schedule are refused", () => {
  const config = readSchedulerConfig({ timestep_spacing: "leading", steps_offset: 1 });
  expect(() => prepare("dpmpp-2m", { ...config, schedule: noiseSchedule(config), steps: 999 })).toThrow(
    "999 steps of DPM++ 2M begin at t = 1000, and the model knows 0 to 999",
  );
});

test("trailing gives as many t as were asked for, where numpy.arange gives one more", () => {
  const config = readSchedulerConfig({ timestep_spacing: "trailing" });
  const { timesteps } = prepare("ddim", { ...config, schedule: noiseSchedule(config), steps: 61 });
  expect([timesteps.length, timesteps[0], timesteps.at(-1)]).toEqual([61, 999, 15]);
});
