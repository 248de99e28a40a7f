import { expect, test } from "vitest";
import { type DdimProcess, ddimProcess, forwardTrajectory, gain } from "../diffusion/ddim-process.ts";
import { scaledLinear } from "../diffusion/noise-schedule.ts";
import { normals } from "../diffusion/philox.ts";
import { mean } from "../lib/statistics.ts";
import { exactStep, type Trajectories } from "./exact.ts";
import { LinearDenoiser, linearErrors, linearLength } from "./linear-denoiser.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";
import { type PairBatch, rows } from "./pair.ts";
import { TwoGradients } from "./safeguard.ts";
import { sumScale, type Weighting } from "./weighting.ts";

const [theta, thetaK] = [{ id: "theta" }, { id: "theta_k" }];
const length = linearLength(16, 5);
const noise = (place: number, count: number) => normals({ key: [8, 8], place: [place, 0, 0] }, count);
const policy = noise(0, length).map((x) => 0.1 * x);
const opponent = noise(1, length).map((x) => 0.1 * x);
const schedule = scaledLinear();
const process = ddimProcess({ schedule, steps: 5, stepsOffset: 1, timestepSpacing: null, setAlphaToOne: false }, 0.6);
const PAIRS = 2;

/** Two pairs; both arms walk down from their picture's noise. */
function trajectories(): Trajectories {
  const walks = (place: number) =>
    Array.from({ length: PAIRS }, (_, b) => [
      ...forwardTrajectory(process, noise(place + b, 16), noise(place + 10 + b, 16), (i) =>
        noise(place + 20 + 5 * b + i, 16),
      ),
    ]);
  const hidden = rows([noise(300, 15), noise(301, 15)]);
  const arm = (of: ReturnType<typeof walks>, i: number): PairBatch => {
    const at = of.map((walk) => walk[i] as (typeof walk)[number]);
    return {
      batch: {
        shape: [PAIRS, 4, 2, 2],
        xt: rows(at.map(({ xt }) => xt)),
        t: at.map(({ t }) => t),
        target: rows(at.map(({ target }) => target)),
      },
      text: { shape: [PAIRS, 3, 5], hidden },
    };
  };
  const [winners, losers] = [walks(100), walks(200)];
  return { length: 5, at: async (i) => ({ winner: arm(winners, i), loser: arm(losers, i) }) };
}

async function net(vector = policy) {
  const denoiser = new LinearDenoiser(length);
  await denoiser.update(theta, vector);
  await denoiser.update(thetaK, opponent);
  return denoiser;
}

/** (4.8) in one go, in float64. */
async function wholeLoss(at: ArrayLike<number>, beta: number, loss: ObjectiveName, weight: (t: number) => number) {
  const walk = trajectories();
  const inside = Array.from({ length: PAIRS }, () => 0);
  for (let i = 0; i < walk.length; i++) {
    const { winner, loser } = await walk.at(i);
    const gap = ({ batch, text }: PairBatch) => {
      const [now, before] = [linearErrors(at, batch, text), linearErrors(opponent, batch, text)];
      return now.map((error, b) => error - (before[b] as number));
    };
    const [w, l] = [gap(winner), gap(loser)];
    const s = weight(winner.batch.t[0] as number);
    inside.forEach((sum, b) => {
      inside[b] = sum - beta * s * ((w[b] as number) - (l[b] as number));
    });
  }
  return mean(inside.map((u) => objectives[loss](u)[0]));
}

const norms =
  ({ at }: DdimProcess) =>
  (t: number) =>
    16 * gain(at(t), "epsilon") ** 2;
const weights: Record<Weighting, (t: number) => number> = { paper: norms(process), mean: () => 0.5 / 5 };

test.each([
  ["paper", "logistic", 2],
  ["paper", "hinge", 0.1],
  ["mean", "logistic", 3],
  ["mean", "correlation", 3],
] as const)("%s, %s: two passes give the gradient of the loss of the whole sum", async (weighting, loss, beta) => {
  const denoiser = await net();
  const options = { beta, loss, accumulation: 1, scale: sumScale(weighting, process, 16) };
  const outcomes = await exactStep(denoiser, theta, thetaK, trajectories(), options);
  const weight = weights[weighting];
  expect(mean(outcomes.map(({ value }) => value))).toBeCloseTo(await wholeLoss(policy, beta, loss, weight), 4);
  const gradient = await denoiser.gradients();
  const size = Math.hypot(...gradient);
  for (const place of [50, 51, 52]) {
    const direction = noise(place, length);
    const along = (h: number) =>
      wholeLoss(
        Float64Array.from(policy, (x, i) => x + h * (direction[i] as number)),
        beta,
        loss,
        weight,
      );
    const slope = ((await along(1e-5)) - (await along(-1e-5))) / 2e-5;
    const got = gradient.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
    expect(Math.abs(got - slope)).toBeLessThan(1e-4 * size * Math.hypot(...direction));
  }
});

test("policy = opponent: inside is 0 and the loss exactly l(0), for every loss and weighting", async () => {
  for (const loss of ["logistic", "hinge", "correlation"] as const)
    for (const weighting of ["paper", "mean"] as const) {
      const options = { beta: 5000, loss, accumulation: 1, scale: sumScale(weighting, process, 16) };
      for (const { inside, value } of await exactStep(await net(opponent), theta, thetaK, trajectories(), options))
        expect({ inside, value }).toEqual({ inside: 0, value: objectives[loss](0)[0] });
    }
});

test("with the arms apart the two gradients add up to the one", async () => {
  const options = { beta: 2, loss: "logistic", accumulation: 1, scale: sumScale("paper", process, 16) } as const;
  const whole = await net();
  const outcomes = await exactStep(whole, theta, thetaK, trajectories(), options);
  const apart = await net();
  const two = new TwoGradients(apart);
  expect(await exactStep(apart, theta, thetaK, trajectories(), options, two)).toEqual(outcomes);
  const want = await whole.gradients();
  const { gradient } = await two.combined(Number.POSITIVE_INFINITY);
  gradient.forEach((g, i) => expect(g).toBeCloseTo(want[i] as number, 4));
});

test("no pass holds more than one step: a forward is followed by its own backward", async () => {
  const denoiser = await net();
  const options = { beta: 2, loss: "logistic", accumulation: 1, scale: sumScale("paper", process, 16) } as const;
  const before = denoiser.calls.length;
  await exactStep(denoiser, theta, thetaK, trajectories(), options);
  // the linear denoiser refuses a backward after any other call
  expect(denoiser.calls.slice(before)).toEqual([
    ...Array.from({ length: 10 }, () => "errors"),
    ...Array.from({ length: 5 }, () => "forward"),
  ]);
});
