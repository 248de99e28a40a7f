import { expect, test } from "vitest";
import { order, posteriorNoise, type Visit } from "../diffusion/draws.ts";
import { scaledLinear } from "../diffusion/noise-schedule.ts";
import { normals } from "../diffusion/philox.ts";
import { adamWDefaults, freshState, type TrainState } from "./adamw.ts";
import {
  algorithm1,
  freshRun,
  type RunState,
  type TrainOptions,
  type TrainReport,
  trainIteration,
} from "./algorithm1.ts";
import type { PairSource } from "./gradient.ts";
import { LinearDenoiser, linearLength } from "./linear-denoiser.ts";

const length = linearLength(16, 5);
const theta = { id: "theta" };
const thetaK = { id: "theta_k" };
const noise = (place: number, count: number) => normals({ key: [7, 7], place: [place, 0, 0] }, count);
const base = noise(0, length).map((x) => 0.1 * x);

const options: TrainOptions = {
  ...adamWDefaults,
  seed: 5775709,
  iteration: 1,
  noise: scaledLinear(),
  shape: { latents: [4, 2, 2], text: [3, 5] },
  steps: 7,
  pairsPerBatch: 2,
  accumulation: 2,
  beta: 20,
  loss: "logistic",
  independentNoise: false,
  captionDropout: 0.2,
  learningRate: 1e-2,
  warmupSteps: 2,
  schedule: "linear",
  maxGradNorm: 1,
};

/** Five pairs whose winners are sampled anew at each visit, as from VAE moments. */
const pairs: PairSource = {
  count: 5,
  at: (visit) => ({
    x0: posteriorNoise(options, visit, 16)[0].map((x, i) => 0.1 * x + (i % 3)),
    x0Prime: noise(20 + visit.pair, 16),
    c: noise(30 + visit.pair, 15),
    empty: noise(40, 15),
  }),
};

async function start() {
  const net = new LinearDenoiser(length);
  await net.update(thetaK, base);
  return net;
}

async function collect(generator: AsyncIterable<TrainReport>): Promise<TrainReport[]> {
  const reports: TrainReport[] = [];
  for await (const report of generator) reports.push(report);
  return reports;
}

const bytes = (run: TrainState) =>
  [run.vector, run.m, run.v, run.ema ?? new Float32Array()]
    .map((x) => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString("hex"))
    .join();

async function undisturbed() {
  const state = freshState(base);
  const reports = await collect(trainIteration(await start(), theta, thetaK, pairs, options, state));
  return { state, reports };
}

test("an iteration begins at exactly l(0) and learns to tell winner from loser", async () => {
  const state = freshState(base);
  const longer = { ...options, steps: 60 };
  const reports = await collect(trainIteration(await start(), theta, thetaK, pairs, longer, state));
  const first = reports[0] as TrainReport;
  expect(first).toMatchObject({ step: 1, of: 60, loss: Math.LN2, accuracy: 0.5, learningRate: 5e-3 });
  expect(first.errorWinner).toBe(first.errorWinnerOpponent);
  expect(first.errorLoser).toBe(first.errorLoserOpponent);
  const late = (of: (report: TrainReport) => number) => reports.slice(-20).reduce((sum, r) => sum + of(r) / 20, 0);
  expect(late((r) => r.loss)).toBeLessThan(0.4);
  expect(late((r) => r.accuracy ?? 0)).toBeGreaterThan(0.8);
  const gap = ({ errorWinner: w, errorWinnerOpponent: w0, errorLoser: l, errorLoserOpponent: l0 }: TrainReport) =>
    w - (w0 ?? NaN) - ((l ?? NaN) - (l0 ?? NaN));
  expect(late(gap)).toBeLessThan(-0.1);
});

test("stopped after any step and resumed from its state on a new device: the same bytes and reports", async () => {
  const whole = await undisturbed();
  for (let stopAt = 1; stopAt <= options.steps; stopAt++) {
    const state = freshState(base);
    const reports: TrainReport[] = [];
    for await (const report of trainIteration(await start(), theta, thetaK, pairs, options, state)) {
      reports.push(report);
      if (report.step === stopAt) break;
    }
    const resumed = structuredClone(state);
    expect(resumed.step).toBe(stopAt);
    reports.push(...(await collect(trainIteration(await start(), theta, thetaK, pairs, options, resumed))));
    expect(bytes(resumed)).toBe(bytes(whole.state));
    expect(reports).toEqual(whole.reports);
  }
});

test("an iteration meets its pairs epoch by epoch, and the next iteration in another order", async () => {
  const met = async (iteration: number) => {
    const visits: Visit[] = [];
    const recorded: PairSource = {
      ...pairs,
      at: (visit) => {
        visits.push(visit);
        return pairs.at(visit);
      },
    };
    const five = { ...options, steps: 5, iteration };
    await collect(trainIteration(await start(), theta, thetaK, recorded, five, freshState(base)));
    return visits;
  };
  const first = await met(1); // 5 steps of 4 pairs: four epochs of 5
  expect(first).toEqual(
    [0, 1, 2, 3].flatMap((epoch) => [...order(options, epoch, 5)].map((pair) => ({ epoch, pair }))),
  );
  expect(await met(2)).not.toEqual(first);
});

test("aborted within a step, the half-made gradient is thrown away and the step made again on the same device", async () => {
  const whole = await undisturbed();
  for (const visits of [1, 3, 5, 10, 13]) {
    const net = await start();
    const state = freshState(base);
    const controller = new AbortController();
    let met = 0;
    const counted: PairSource = {
      ...pairs,
      at: (visit) => {
        if (++met === visits) controller.abort();
        return pairs.at(visit);
      },
    };
    const run = collect(trainIteration(net, theta, thetaK, counted, options, state, controller.signal));
    await expect(run).rejects.toThrow("aborted");
    expect(state.step).toBe(Math.floor((visits + 1) / 4)); // steps of 4 pairs, looked at before each batch of 2
    await collect(trainIteration(net, theta, thetaK, pairs, options, state));
    expect(bytes(state)).toBe(bytes(whole.state));
  }
});

test("how the pairs of a step are split into batches changes nothing but rounding", async () => {
  const whole = await undisturbed();
  for (const [pairsPerBatch, accumulation] of [
    [4, 1],
    [1, 4],
  ] as const) {
    const state = freshState(base);
    const reports = await collect(
      trainIteration(await start(), theta, thetaK, pairs, { ...options, pairsPerBatch, accumulation }, state),
    );
    state.vector.forEach((x, i) => expect(x).toBeCloseTo(whole.state.vector[i] as number, 5));
    reports.forEach((report, i) => expect(report.loss).toBeCloseTo(whole.reports[i]?.loss as number, 5));
  }
});

test("a gradient that is not finite stops the run with weights and state of the step before", async () => {
  const net = await start();
  const state = freshState(base);
  const broken: PairSource = {
    ...pairs,
    at: async (visit) => {
      const pair = await pairs.at(visit);
      return state.step < 2 ? pair : { ...pair, x0: pair.x0.map(() => Number.NaN) };
    },
  };
  await expect(collect(trainIteration(net, theta, thetaK, broken, options, state))).rejects.toMatchObject({
    code: "not-finite",
  });
  expect(state.step).toBe(2);
  expect(await net.parameters(theta)).toEqual(state.vector);
});

/** The opponent's pictures: here, what it predicts from noise, so that they depend on its weights. */
async function play(net: LinearDenoiser, iteration: number): Promise<PairSource> {
  const x = noise(100 + iteration, 16);
  const batch = { shape: [1, 4, 2, 2], xt: x, t: [500], target: x } as const;
  const x0Prime = await net.predict(thetaK, batch, { shape: [1, 3, 5], hidden: noise(30, 15) });
  return { ...pairs, at: async (visit) => ({ ...(await pairs.at(visit)), x0Prime }) };
}

async function selfPlay(run: RunState, stopAfter = Number.POSITIVE_INFINITY, emaDecay = 0) {
  const net = new LinearDenoiser(length);
  const reports: (TrainReport & { iteration: number })[] = [];
  const opponents: Float32Array[] = [];
  const playing = async (iteration: number) => {
    opponents.push(await net.parameters(thetaK));
    return play(net, iteration);
  };
  const whole = { ...options, steps: 3, iterations: 3, emaDecay };
  for await (const report of algorithm1(net, { theta, thetaK }, playing, whole, run)) {
    reports.push(report);
    if (reports.length === stopAfter) break;
  }
  return { reports, opponents };
}

test("Algorithm 1: each iteration plays against the one before, and begins at l(0)", async () => {
  const run = freshRun(base);
  const { reports, opponents } = await selfPlay(run);
  expect(reports.map(({ iteration, step }) => [iteration, step])).toEqual(
    [1, 2, 3].flatMap((iteration) => [1, 2, 3].map((step) => [iteration, step])),
  );
  for (const report of reports.filter(({ step }) => step === 1)) expect(report.loss).toBe(Math.LN2);
  expect(opponents[0]).toEqual(base);
  expect(opponents[2]).toEqual(run.opponent);
  expect(new Set(opponents.map((x) => x.join())).size).toBe(3);
});

test("Algorithm 1 stopped after any step of any iteration and resumed: the same bytes", async () => {
  const whole = freshRun(base);
  await selfPlay(whole);
  for (let stopAfter = 1; stopAfter <= 9; stopAfter++) {
    const run = freshRun(base);
    await selfPlay(run, stopAfter);
    const resumed = structuredClone(run);
    await selfPlay(resumed);
    expect(bytes(resumed.train)).toBe(bytes(whole.train));
    expect(resumed.opponent).toEqual(whole.opponent);
  }
});

test("with an average, the next iteration starts from it, its opponent is it, and the steps before are what they were", async () => {
  const [plain, averaged] = [freshRun(base), freshRun(base, 0.3)];
  const { reports } = await selfPlay(plain);
  const { reports: theirs, opponents } = await selfPlay(averaged, Number.POSITIVE_INFINITY, 0.3);
  expect(theirs.slice(0, 3)).toEqual(reports.slice(0, 3));
  for (const report of theirs.filter(({ step }) => step === 1)) expect(report.loss).toBe(Math.LN2);
  expect(opponents[2]).toEqual(averaged.opponent);
  expect(averaged.opponent).not.toEqual(plain.opponent);
  const { vector, ema } = averaged.train;
  expect(ema).not.toEqual(vector);
});

test("an average comes through a stop after any step in the same bytes", async () => {
  const whole = freshRun(base, 0.3);
  await selfPlay(whole, Number.POSITIVE_INFINITY, 0.3);
  for (const stopAfter of [1, 2, 3, 4, 8]) {
    const run = freshRun(base, 0.3);
    await selfPlay(run, stopAfter, 0.3);
    const resumed = structuredClone(run);
    await selfPlay(resumed, Number.POSITIVE_INFINITY, 0.3);
    expect(bytes(resumed.train)).toBe(bytes(whole.train));
    expect(resumed.opponent).toEqual(whole.opponent);
  }
});
