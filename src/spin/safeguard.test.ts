import { expect, test } from "vitest";
import { draw } from "../diffusion/draws.ts";
import { scaledLinear } from "../diffusion/noise-schedule.ts";
import { normals } from "../diffusion/philox.ts";
import { adamWDefaults, freshState, type TrainState } from "./adamw.ts";
import { type TrainOptions, type TrainReport, trainIteration } from "./algorithm1.ts";
import type { PairSource } from "./gradient.ts";
import { LinearDenoiser, linearErrors, linearLength } from "./linear-denoiser.ts";
import { loserBatch, type Met, pairBatch, winnerBatch } from "./pair.ts";
import { safeguard, safeguardScale, TwoGradients } from "./safeguard.ts";
import { spinStep, spinStepApart, type StepOptions } from "./step.ts";

const shape = { latents: [4, 2, 2], text: [3, 5] } as const;
const length = linearLength(16, 5);
const [theta, thetaK] = [{ id: "theta" }, { id: "theta_k" }];
const noise = (place: number, count: number) => normals({ key: [7, 7], place: [place, 0, 0] }, count);
const vector = noise(0, length).map((x) => 0.1 * x);
const opponent = noise(1, length).map((x) => 0.1 * x);
/** A loser like its winner, but larger: pushing it away pushes the winner away too. */
const pairAt = (i: number) => ({
  x0: noise(10 + i, 16),
  x0Prime: noise(10 + i, 16).map((x, k) => 2 * x + 0.1 * (noise(20 + i, 16)[k] as number)),
  c: noise(30 + i, 15),
  empty: noise(40, 15),
});
const key = { seed: 1, iteration: 1 };
const drawn = { size: 16, numTrainTimesteps: 1000, independentNoise: false, captionDropout: 0.2 };
const met: Met[] = Array.from({ length: 8 }, (_, pair) => ({
  pair: pairAt(pair),
  draw: draw(key, { epoch: 0, pair }, drawn),
}));
const options: StepOptions = { beta: 3, loss: "logistic", accumulation: 1 };
const arms = (part: readonly Met[]) => ({
  winner: winnerBatch(scaledLinear(), shape, part),
  loser: loserBatch(scaledLinear(), shape, part),
});
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

async function net() {
  const denoiser = new LinearDenoiser(length);
  await denoiser.update(theta, vector);
  await denoiser.update(thetaK, opponent);
  return denoiser;
}

/** g_w and g_l of the eight pairs, `size` at once. */
async function gradientsApart(size: number) {
  const denoiser = await net();
  const two = new TwoGradients(denoiser);
  const outcomes = [];
  for (let i = 0; i < met.length; i += size) {
    const share = { ...options, accumulation: met.length / size };
    outcomes.push(...(await spinStepApart(denoiser, theta, thetaK, arms(met.slice(i, i + size)), share, two)));
  }
  return { ...(await two.combined(0.9)), outcomes, calls: denoiser.calls };
}

test("the loser's part is scaled to take back the share that it may, and no more", () => {
  const cases = [
    { loser: [-2, 0], scale: 0.45, sum: [0.1, 0] },
    { loser: [-0.5, 3], scale: 1, sum: [0.5, 3] }, // takes back half: less than it may
    { loser: [2, 1], scale: 1, sum: [3, 1] }, // helps the winner
    { loser: [0, 7], scale: 1, sum: [1, 7] },
    { loser: [-9, 9], scale: 0.1, sum: [0.1, 0.9] },
  ];
  for (const { loser, scale, sum } of cases) {
    const winner = Float32Array.of(1, 0);
    expect(safeguard(winner, Float32Array.from(loser), 0.9)).toBeCloseTo(scale, 12);
    expect([...winner]).toEqual(sum.map((x) => expect.closeTo(x, 6)));
  }
  expect(safeguardScale(Float32Array.of(0, 0), Float32Array.of(1, 1), 0.9)).toBe(1); // hinge, all won
});

test("what is not finite stays so, for the check that follows", () => {
  const winner = Float32Array.of(Number.NaN, 1);
  safeguard(winner, Float32Array.of(-1, -1), 0.9);
  expect(winner.every(Number.isFinite)).toBe(false);
});

test("to first order the winners' weighted error keeps a tenth of its fall, where the bare step would raise it", async () => {
  const { gradient, scale, outcomes } = await gradientsApart(8);
  expect(scale).toBeLessThan(1);
  const weights = outcomes.map(({ inside }) => 0.5 * options.beta * (1 / (1 + Math.exp(inside))));
  const { winner } = arms(met);
  const W = (at: ArrayLike<number>) => dot(weights, linearErrors(at, winner.batch, winner.text)) / 8;
  const slope = (direction: Float32Array) => {
    const at = (h: number) => Float64Array.from(vector, (x, i) => x - h * (direction[i] as number));
    return (W(at(1e-5)) - W(at(-1e-5))) / 2e-5;
  };
  const bare = await net();
  const { batch, text } = pairBatch(scaledLinear(), shape, met);
  await spinStep(bare, theta, thetaK, batch, text, options);
  const whole = await bare.gradients();
  const two = new TwoGradients(bare);
  await spinStepApart(bare, theta, thetaK, arms(met), options, two);
  await two.turn("winner");
  const own = (await two.combined(0)).gradient; // factor 0 leaves g_w, where the arms are in conflict
  expect(slope(own) / -dot(own, own)).toBeCloseTo(1, 4);
  expect(slope(whole)).toBeGreaterThan(0);
  expect(slope(gradient) / slope(own)).toBeCloseTo(0.1, 3);
});

test("against float64: the arms' gradients by finite differences of their own terms", async () => {
  const { gradient, scale, outcomes } = await gradientsApart(8);
  const w = outcomes.map(({ inside }) => (0.5 * options.beta) / (1 + Math.exp(inside)) / 8);
  const { winner, loser } = arms(met);
  const term = (arm: typeof winner) => (at: ArrayLike<number>) => dot(w, linearErrors(at, arm.batch, arm.text));
  const derivative = (f: (at: ArrayLike<number>) => number) =>
    Array.from(vector, (_, i) => {
      const at = (h: number) => Float64Array.from(vector, (x, k) => (k === i ? x + h : x));
      return (f(at(1e-5)) - f(at(-1e-5))) / 2e-5;
    });
  const [gw, gl] = [derivative(term(winner)), derivative(term(loser)).map((x) => -x)];
  const s = Math.min(1, (0.9 * dot(gw, gw)) / -dot(gw, gl));
  expect(scale).toBeCloseTo(s, 5);
  gradient.forEach((g, i) => expect(g).toBeCloseTo((gw[i] as number) + s * (gl[i] as number), 5));
});

test("factor beyond every conflict: the sum is that of the plain step, with the same outcomes", async () => {
  const plain = await net();
  const { batch, text } = pairBatch(scaledLinear(), shape, met);
  const outcomes = await spinStep(plain, theta, thetaK, batch, text, options);
  const apart = await net();
  const two = new TwoGradients(apart);
  expect(await spinStepApart(apart, theta, thetaK, arms(met), options, two)).toEqual(outcomes);
  const { gradient, scale } = await two.combined(1e9);
  expect(scale).toBe(1);
  (await plain.gradients()).forEach((g, i) => expect(gradient[i]).toBeCloseTo(g, 5));
});

test("eight pairs at once, four, two or one: the same gradient, with one read more than there are batches", async () => {
  const whole = await gradientsApart(8);
  for (const size of [4, 2, 1]) {
    const parts = await gradientsApart(size);
    expect(parts.scale).toBeCloseTo(whole.scale, 5);
    parts.gradient.forEach((g, i) => expect(g).toBeCloseTo(whole.gradient[i] as number, 5));
    expect(parts.calls.filter((name) => name === "gradients")).toHaveLength(8 / size + 1);
  }
});

const training: TrainOptions = {
  ...adamWDefaults,
  ...options,
  ...key,
  noise: scaledLinear(),
  shape,
  steps: 5,
  pairsPerBatch: 1,
  accumulation: 3, // one batch of two pairs an arm, one of one
  beta: 20,
  independentNoise: false,
  captionDropout: 0.2,
  learningRate: 1e-2,
  warmupSteps: 2,
  schedule: "linear",
  maxGradNorm: 1,
  safeguard: 0.9,
};
const pairs: PairSource = { count: 5, at: ({ pair }) => pairAt(pair) };

async function train(state: TrainState, stopAt = Number.POSITIVE_INFINITY, changed: Partial<TrainOptions> = {}) {
  const denoiser = await net();
  const reports: TrainReport[] = [];
  for await (const report of trainIteration(denoiser, theta, thetaK, pairs, { ...training, ...changed }, state)) {
    reports.push(report);
    if (report.step === stopAt) break;
  }
  return reports;
}

test("stopped after any step and resumed: the same bytes and reports", async () => {
  const whole = freshState(opponent);
  const reports = await train(whole);
  expect(reports[0]).toMatchObject({ loss: Math.LN2, accuracy: 0.5 });
  expect(reports.some(({ safeguard: s }) => s !== null && s < 1)).toBe(true);
  for (let stopAt = 1; stopAt < training.steps; stopAt++) {
    const state = freshState(opponent);
    const before = await train(state, stopAt);
    const resumed = structuredClone(state);
    expect([...before, ...(await train(resumed))]).toEqual(reports);
    expect(resumed).toEqual(whole);
  }
});

test("off, its place in the reports is empty and the bits are those of a run that knows nothing of it", async () => {
  const { safeguard: _, ...unknown } = training;
  const [off, plain] = [freshState(opponent), freshState(opponent)];
  const reports = await train(off, undefined, { safeguard: 0 });
  for await (const _report of trainIteration(await net(), theta, thetaK, pairs, unknown, plain));
  expect(off).toEqual(plain);
  expect(reports.map(({ safeguard: s }) => s)).toEqual(Array.from({ length: 5 }, () => null));
});
