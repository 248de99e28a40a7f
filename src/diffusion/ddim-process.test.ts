/** (C.1) to (C.4): the process as the paper writes it, against direct simulation. */
import { describe, expect, test } from "vitest";
import { ddim } from "./ddim.ts";
import { ddimMean, ddimProcess, forwardTrajectory, gain, landing, shifted } from "./ddim-process.ts";
import { noiseSchedule, sd15Schedule, type PredictionType } from "./noise-schedule.ts";
import { normals } from "./philox.ts";
import { trainingTarget } from "./prediction.ts";

const noise = (place: number, count = 8) => normals({ key: [9, 9], place: [place, 0, 0] }, count);
const optionsOf = (predictionType: PredictionType, steps = 10) => ({
  schedule: noiseSchedule({ ...sd15Schedule, predictionType }),
  steps,
  stepsOffset: 1,
  timestepSpacing: null,
  setAlphaToOne: false,
});
const close = (got: Float32Array, want: Float32Array, digits = 4) =>
  got.forEach((x, i) => expect(x).toBeCloseTo(want[i] as number, digits));

test("q(x_{t-1} | x_t, x_0), simulated: every x_t has mean sqrt(a_t) x_0 and variance 1 - a_t, at any sigma", () => {
  const count = 20_000;
  const x0 = new Float32Array(count).fill(1.5);
  for (const eta of [0, 0.5, 1]) {
    const process = ddimProcess(optionsOf("epsilon"), eta);
    const z = (i: number) => noise(100 + i, count);
    for (const { t, xt } of forwardTrajectory(process, x0, noise(1, count), z)) {
      const { alpha } = process.at(t);
      const mean = xt.reduce((sum, x) => sum + x / count, 0);
      const variance = xt.reduce((sum, x) => sum + (x - mean) ** 2 / count, 0);
      expect(Math.abs(mean - 1.5 * Math.sqrt(alpha))).toBeLessThan(4 * Math.sqrt((1 - alpha) / count) + 1e-6);
      expect(Math.abs(variance / (1 - alpha) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    }
  }
});

describe.each(["epsilon", "v_prediction"] as const)("a network that gives %s", (type) => {
  const options = optionsOf(type);

  test("p_theta's mean at sigma 0 is DDIM's step", () => {
    const [process, sampler] = [ddimProcess(options), ddim(options)];
    expect(process.timesteps).toEqual(sampler.timesteps);
    const [output, xt] = [noise(2), noise(3)];
    process.timesteps.forEach((t, index) => {
      const { x } = sampler.step(output, xt, { index, outputs: [], held: null });
      close(ddimMean(process.at(t), type, output, xt), x, 5);
    });
  });

  test("(C.2): two outputs apart by d are means apart by h_t d", () => {
    const process = ddimProcess(options, 0.7);
    const [output, d, xt] = [noise(2), noise(4), noise(3)];
    for (const t of process.timesteps) {
      const at = (by: number) =>
        ddimMean(
          process.at(t),
          type,
          output.map((x, i) => x + by * (d[i] as number)),
          xt,
        );
      const [near, far] = [at(0), at(1)];
      const g = gain(process.at(t), type);
      close(
        near.map((x, i) => x - (far[i] as number)),
        d.map((x) => g * x),
        4,
      );
    }
  });

  test("the output that lands on x_{t-1} does, and noise of sigma_t z shifts it", () => {
    const process = ddimProcess(options, 0.7);
    const [output, xt, z] = [noise(2), noise(3), noise(5)];
    for (const step of process.timesteps.map(process.at).filter(({ h }) => h > 0)) {
      const below = ddimMean(step, type, output, xt).map((x, i) => x + step.sigma * (z[i] as number));
      close(ddimMean(step, type, landing(step, type, xt, below), xt), below, 4);
      close(landing(step, type, xt, below), shifted(step, type, output, z), 2);
    }
  });

  test("a step of q lands where the next one stands, and at sigma 0 its target is the noise all the way", () => {
    for (const eta of [0, 0.7]) {
      const process = ddimProcess(options, eta);
      const [x0, eps] = [noise(6), noise(7)];
      const walk = [...forwardTrajectory(process, x0, eps, (i) => noise(200 + i))];
      walk.forEach(({ t, xt, target }, i) => {
        const next = walk[i + 1];
        if (next) close(ddimMean(process.at(t), type, target, xt), next.xt, 4);
        if (eta === 0) close(target, trainingTarget(process.schedule, x0, eps, t), 6);
      });
    }
  });
});

test("h_t from (C.2): its mean square falls with the square of the steps and faster", () => {
  const meanSquare = (steps: number) => {
    const { timesteps, at } = ddimProcess({ ...optionsOf("epsilon", steps), stepsOffset: 0, setAlphaToOne: true });
    return timesteps.reduce((sum, t) => sum + at(t).h ** 2 / steps, 0);
  };
  expect(meanSquare(1000)).toBeCloseTo(1.37e-5, 7);
  expect(meanSquare(50)).toBeCloseTo(5.17e-3, 5);
});
