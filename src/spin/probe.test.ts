import { expect, test } from "vitest";
import { posteriorNoise, type Visit, visitsOfStep } from "../diffusion/draws.ts";
import { scaledLinear } from "../diffusion/noise-schedule.ts";
import { normals } from "../diffusion/philox.ts";
import { adamWDefaults, freshState } from "./adamw.ts";
import { type TrainOptions, trainIteration } from "./algorithm1.ts";
import type { PairSource } from "./gradient.ts";
import { LinearDenoiser, linearLength } from "./linear-denoiser.ts";
import { compareProbe, type Probe, probeBatches, probeErrors, stopHint } from "./probe.ts";

const length = linearLength(16, 5);
const [theta, thetaK] = [{ id: "theta" }, { id: "theta_k" }];
const noise = (place: number, count: number) => normals({ key: [7, 7], place: [place, 0, 0] }, count);
const base = noise(0, length).map((x) => 0.1 * x);
const options: TrainOptions = {
  ...adamWDefaults,
  seed: 3,
  iteration: 2,
  noise: scaledLinear(),
  shape: { latents: [4, 2, 2], text: [3, 5] },
  steps: 6,
  pairsPerBatch: 2,
  accumulation: 2,
  beta: 20,
  loss: "logistic",
  independentNoise: true,
  captionDropout: 0.5,
  learningRate: 1e-2,
  warmupSteps: 2,
  schedule: "linear",
  maxGradNorm: 1,
  safeguard: 0.9,
};
const source = (seen: Visit[] = []): PairSource => ({
  count: 5,
  at: (visit) => {
    seen.push(visit);
    return {
      x0: posteriorNoise(options, visit, 16)[0].map((x, i) => 0.1 * x + (i % 3)),
      x0Prime: noise(20 + visit.pair, 16),
      c: noise(30 + visit.pair, 15),
      empty: noise(40, 15),
    };
  },
});

async function start() {
  const net = new LinearDenoiser(length);
  await net.update(thetaK, base);
  await net.update(theta, base);
  return net;
}

test("the draws cover all times and pairs evenly, keep every caption, and are none of training's", async () => {
  const seen: Visit[] = [];
  const batches = await probeBatches(source(seen), options, 20);
  expect(batches.map(({ batch }) => batch.shape[0])).toEqual(Array.from({ length: 10 }, () => 4));
  const times = batches.flatMap(({ batch: { t } }) => {
    expect(t.slice(0, 2)).toEqual(t.slice(2)); // shared
    return t.slice(0, 2);
  });
  expect(times).toEqual(Array.from({ length: 20 }, (_, i) => 50 * i + 25));
  expect([0, 1, 2, 3, 4].map((pair) => seen.filter((visit) => visit.pair === pair).length)).toEqual([4, 4, 4, 4, 4]);
  const empty = noise(40, 15);
  for (const { text } of batches) expect(text.hidden.subarray(0, 15)).not.toEqual(empty);
  const trained = Array.from({ length: 200 }, (_, step) => visitsOfStep(options, 5, step, 4)).flat();
  expect(Math.max(...trained.map(({ epoch }) => epoch))).toBeLessThan(Math.min(...seen.map(({ epoch }) => epoch)));
});

test("the same run has the same probe, another iteration another", async () => {
  const [first, again, other] = [
    await probeBatches(source(), options, 9),
    await probeBatches(source(), options, 9),
    await probeBatches(source(), { ...options, iteration: 3 }, 9),
  ];
  expect(again).toEqual(first);
  expect(other[0]?.batch.xt).not.toEqual(first[0]?.batch.xt);
  expect(first.at(-1)?.batch.shape[0]).toBe(2); // 9 = 4 x 2 + 1
});

test("the policy begins where the start is, and a probe between any two steps changes no bit of the training", async () => {
  const train = async (every: number) => {
    const net = await start();
    const state = freshState(base);
    const batches = await probeBatches(source(), options, 12);
    const first = await probeErrors(net, thetaK, batches);
    expect(await probeErrors(net, theta, batches)).toEqual(first);
    const probes: Probe[] = [];
    for await (const { step } of trainIteration(net, theta, thetaK, source(), options, state))
      if (step % every === 0) probes.push(compareProbe(step, first, await probeErrors(net, theta, batches)));
    return { state, probes };
  };
  const [probed, plain] = [await train(1), await train(Number.POSITIVE_INFINITY)];
  expect(probed.state).toEqual(plain.state);
  expect(probed.probes).toHaveLength(6);
  expect(new Set(probed.probes.map(({ winnerStart }) => winnerStart)).size).toBe(1);
  expect(probed.probes.at(-1)?.winner).not.toBe(probed.probes[0]?.winner);
});

test("means, and the noise of the difference alone: what t does to the errors cancels", () => {
  const startErrors = { winner: [0.01, 0.1, 1], loser: [1, 2, 3] };
  const now = { winner: [0.02, 0.12, 1.03], loser: [2, 2, 2] };
  const probe = compareProbe(4, startErrors, now);
  expect(probe).toMatchObject({ step: 4, draws: 3, loser: 2, loserStart: 2 });
  expect(probe.winner).toBeCloseTo(0.39, 12);
  expect(probe.winnerStart).toBeCloseTo(0.37, 12);
  expect(probe.winnerNoise).toBeCloseTo(0.01 / Math.sqrt(3), 12);
});

const at = (winner: number, winnerNoise: number): Probe => ({
  step: 10,
  winner,
  winnerNoise,
  winnerStart: 0.07,
  loser: 0.1,
  loserStart: 0.09,
  draws: 64,
});

test("a hint where the winner's error has clearly risen, none where it fell, rose a little, or may have by chance", () => {
  expect(stopHint(at(0.09, 0.002))).toBe(
    "The error on your pictures has risen by 29 % since the start: stop here or lower the learning rate.",
  );
  for (const quiet of [at(0.06, 0.001), at(0.075, 0.001), at(0.07, 0), at(0.09, 0.01), at(Number.NaN, 0.001)])
    expect(stopHint(quiet)).toBeNull();
});
