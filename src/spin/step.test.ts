import { expect, test } from "vitest";
import { draw } from "../diffusion/draws.ts";
import { scaledLinear } from "../diffusion/noise-schedule.ts";
import { normals } from "../diffusion/philox.ts";
import { LinearDenoiser, linearErrors, linearLength } from "./linear-denoiser.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";
import { type Met, type Pair, pairBatch, winnerBatch } from "./pair.ts";
import { dpoStep, sftStep, spinStep } from "./step.ts";

const shape = { latents: [4, 2, 2], text: [3, 5] } as const;
const length = linearLength(16, 5);
const theta = { id: "theta" };
const thetaK = { id: "theta_k" };
const noise = (place: number, count: number) => normals({ key: [7, 7], place: [place, 0, 0] }, count);
const vector = noise(0, length).map((x) => 0.1 * x);
const opponent = noise(1, length).map((x) => 0.1 * x);

const met: Met[] = [0, 1, 2].map((i) => {
  const pair: Pair = {
    x0: noise(10 + i, 16),
    x0Prime: noise(20 + i, 16),
    c: noise(30 + i, 15),
    empty: noise(40, 15),
  };
  const options = { size: 16, numTrainTimesteps: 1000, independentNoise: true, captionDropout: 0.5 };
  return { pair, draw: draw({ seed: 1, iteration: 1 }, { epoch: 0, pair: i }, options) };
});
const { batch, text } = pairBatch(scaledLinear(), shape, met);

async function net(policy: Float32Array = vector) {
  const denoiser = new LinearDenoiser(length);
  await denoiser.update(theta, policy);
  await denoiser.update(thetaK, opponent);
  return denoiser;
}

/** The mean loss as one formula, in float64, straight from the paper. */
function wholeLoss(at: ArrayLike<number>, beta: number, loss: ObjectiveName): number {
  const L = linearErrors(at, batch, text);
  const L0 = linearErrors(opponent, batch, text);
  const pairs = L.length / 2;
  const gap = (errors: number[], b: number) => (errors[b] as number) - (errors[pairs + b] as number);
  return met.reduce((sum, _, b) => sum + objectives[loss](-0.5 * beta * (gap(L, b) - gap(L0, b)))[0] / pairs, 0);
}

function slopeAlong(direction: Float32Array, f: (at: Float64Array) => number): number {
  const h = 1e-5;
  const at = (sign: number) => Float64Array.from(vector, (x, i) => x + sign * h * (direction[i] as number));
  return (f(at(1)) - f(at(-1))) / (2 * h);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

test.each(["logistic", "hinge", "correlation"] as const)("%s: the gradient is that of the whole loss", async (loss) => {
  const denoiser = await net();
  const outcomes = await spinStep(denoiser, theta, thetaK, batch, text, { beta: 3, loss, accumulation: 1 });
  const mean = outcomes.reduce((sum, o) => sum + o.value, 0) / 3;
  expect(mean).toBeCloseTo(wholeLoss(vector, 3, loss), 5);
  const gradient = await denoiser.gradients();
  for (const place of [50, 51, 52]) {
    const direction = noise(place, length);
    const want = slopeAlong(direction, (at) => wholeLoss(at, 3, loss));
    expect(Math.abs(dot(gradient, direction) - want)).toBeLessThan(2e-6 * Math.max(1, Math.abs(want)));
  }
});

test("a step against the gradient pulls winners' errors down and losers' up, against the opponent", async () => {
  const denoiser = await net(opponent);
  const options = { beta: 5, loss: "logistic", accumulation: 1 } as const;
  await spinStep(denoiser, theta, thetaK, batch, text, options);
  const gradient = await denoiser.gradients();
  await denoiser.update(
    theta,
    opponent.map((x, i) => x - 1e-3 * (gradient[i] as number)),
  );
  const after = await spinStep(denoiser, theta, thetaK, batch, text, options);
  const gap = after.reduce((sum, o) => sum + (o.Lw - o.Lw0) - (o.Ll - o.Ll0), 0);
  expect(gap).toBeLessThan(0);
  expect(after.reduce((sum, o) => sum + o.value, 0) / 3).toBeLessThan(Math.LN2);
});

test("policy = opponent: inside is 0 and the loss exactly l(0), at any beta", async () => {
  const denoiser = await net(opponent);
  for (const [loss, l0] of [
    ["logistic", Math.LN2],
    ["hinge", 1],
    ["correlation", 1],
  ] as const)
    for (const { inside, value } of await spinStep(denoiser, theta, thetaK, batch, text, {
      beta: 5000,
      loss,
      accumulation: 1,
    }))
      expect({ inside, value }).toEqual({ inside: 0, value: l0 });
});

test("one batch of 3 pairs and 3 batches of 1, accumulated, give one gradient", async () => {
  const whole = await net();
  await spinStep(whole, theta, thetaK, batch, text, { beta: 3, loss: "logistic", accumulation: 1 });
  const parts = await net();
  for (const one of met) {
    const single = pairBatch(scaledLinear(), shape, [one]);
    await spinStep(parts, theta, thetaK, single.batch, single.text, { beta: 3, loss: "logistic", accumulation: 3 });
  }
  const want = await whole.gradients();
  (await parts.gradients()).forEach((g, i) => expect(g).toBeCloseTo(want[i] as number, 6));
});

test("(C.5): a loser's own x_t and target replace x'_0 noised, and reach the error", async () => {
  const [first] = met as [Met];
  const xtPrime = noise(60, 16);
  const targetPrime = noise(61, 16);
  const given = pairBatch(scaledLinear(), shape, [{ ...first, draw: { ...first.draw, xtPrime, targetPrime } }]);
  expect(given.batch.xt.slice(16)).toEqual(xtPrime);
  expect(given.batch.target.slice(16)).toEqual(targetPrime);
  expect(given.batch.target.slice(0, 16)).toEqual(first.draw.eps);
  const [outcome] = await spinStep(await net(), theta, thetaK, given.batch, given.text, {
    beta: 1,
    loss: "hinge",
    accumulation: 1,
  });
  expect(outcome?.Ll).toBeCloseTo(linearErrors(vector, given.batch, given.text)[1] as number, 6);
});

test("a dropped caption is dropped for both arms", () => {
  expect(new Set(met.map(({ draw: { dropCaption } }) => dropCaption)).size).toBe(2);
  met.forEach(({ pair, draw: { dropCaption } }, i) => {
    const seen = dropCaption ? pair.empty : pair.c;
    expect(text.hidden.slice(15 * i, 15 * (i + 1))).toEqual(seen);
    expect(text.hidden.slice(15 * (3 + i), 15 * (4 + i))).toEqual(seen);
  });
});

test("SFT: the gradient of the winners' mean error", async () => {
  const denoiser = await net();
  const winners = winnerBatch(scaledLinear(), shape, met);
  const errors = await sftStep(denoiser, theta, winners.batch, winners.text, { accumulation: 2 });
  expect([...errors]).toEqual([...Float32Array.from(linearErrors(vector, batch, text).slice(0, 3))]);
  const direction = noise(50, length);
  const want = slopeAlong(direction, (at) => linearErrors(at, winners.batch, winners.text).reduce((a, b) => a + b) / 3);
  expect(2 * dot(await denoiser.gradients(), direction)).toBeCloseTo(want, 5);
});

test("DPO: the reference stands where the opponent stood", async () => {
  const options = { beta: 3, loss: "logistic", accumulation: 1 } as const;
  const [a, b] = [await net(), await net()];
  expect(await dpoStep(a, theta, thetaK, batch, text, options)).toEqual(
    await spinStep(b, theta, thetaK, batch, text, options),
  );
});
