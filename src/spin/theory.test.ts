/** What the paper proves, on cases that are small enough to be solved. Names and numbers are the paper's. */
import { describe, expect, test } from "vitest";
import { normals } from "../diffusion/philox.ts";
import { mean } from "../lib/statistics.ts";
import type { Noised, Text } from "./denoiser.ts";
import { LinearDenoiser, linearErrors, linearLength } from "./linear-denoiser.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";
import { spinStep } from "./step.ts";

const names = ["logistic", "hinge", "correlation"] as const;
const noise = (place: number, count: number) => normals({ key: [3, 3], place: [place, 0, 0] }, count);
const value = (loss: ObjectiveName, u: number) => objectives[loss](u)[0];
const slope = (loss: ObjectiveName, u: number) => objectives[loss](u)[1];

describe.each(names)("Assumption 5.1: the %s loss", (loss) => {
  const grid = Array.from({ length: 401 }, (_, i) => -20 + i / 10);

  test("falls, and nowhere rises", () => {
    for (const u of grid) expect(value(loss, u + 0.1)).toBeLessThanOrEqual(value(loss, u));
    expect(value(loss, 1)).toBeLessThan(value(loss, 0));
    expect(slope(loss, 0)).toBeLessThan(0);
  });

  test("is convex", () => {
    for (const u of grid)
      for (const by of [0.3, 1, 4])
        expect(value(loss, u)).toBeLessThanOrEqual((value(loss, u - by) + value(loss, u + by)) / 2 + 1e-12);
  });

  test("has the slope that it says", () => {
    for (const u of grid.filter((x) => Math.abs(x - 1) > 1e-3))
      expect(slope(loss, u)).toBeCloseTo((value(loss, u + 1e-5) - value(loss, u - 1e-5)) / 2e-5, 6);
  });
});

/** Terms of the sum over t: ||x_{t-1} - mu_theta||^2 - ||x_{t-1} - mu_k||^2 of the winner less the loser's, at random. */
const terms = (place: number, T: number) => [...noise(place, T)].map((x, i) => x * (1 + (i % 3)));

describe.each(names)("Lemma 4.1, %s", (loss) => {
  test("exact <= approximate: the loss of the sum is at most the mean of the losses of T times each term", () => {
    for (let place = 0; place < 200; place++) {
      const T = 1 + (place % 9);
      const [beta, gaps] = [0.3, terms(place, T)];
      const exact = value(loss, -beta * gaps.reduce((a, b) => a + b));
      const approximate = mean(gaps.map((gap) => value(loss, -beta * T * gap)));
      expect(exact).toBeLessThanOrEqual(approximate + 1e-12);
    }
  });

  test("with equality where all terms are equal, as where policy and opponent are", () => {
    for (const gap of [0, 0.7, -2])
      expect(value(loss, -0.3 * 5 * gap)).toBeCloseTo(mean([1, 2, 3, 4, 5].map(() => value(loss, -0.3 * 5 * gap))), 12);
  });
});

/*
 * A Gaussian world that is solved in closed form. Pictures are numbers, x_0 ~ N(m, 1); the noise level is fixed:
 * x = s x_0 + n eps with s^2 + n^2 = 1, so x ~ N(s m, 1). The network is eps_theta(x) = n (x - s theta), which is
 * E[eps | x] exactly where theta = m. The opponent theta_k so draws x'_0 ~ N(theta_k, 1).
 */
const [s, n] = [0.8, 0.6];
const world = { m: 0.5, thetaK: -0.7 };

/** Quadrature nodes and weights of a standard normal. */
const nodes = Array.from({ length: 61 }, (_, i) => -6 + i / 5);
const density = nodes.map((z) => Math.exp((-z * z) / 2));
const total = density.reduce((a, b) => a + b);
const normal = nodes.map((z, i) => [z, (density[i] as number) / total] as const);

/** ||eps - eps_theta(x)||^2 at (x_0, eps). */
const error = (theta: number, x0: number, eps: number) => (eps - n * (s * x0 + n * eps - s * theta)) ** 2;

/** d error / d theta */
const errorSlope = (theta: number, x0: number, eps: number) => 2 * (eps - n * (s * x0 + n * eps - s * theta)) * n * s;

/** E over winners x_0 ~ N(m, 1) and losers x'_0 ~ N(theta_k, 1) that share eps: the objective and its slope in theta. */
function objective(theta: number, thetaK: number, m: number, beta: number, loss: ObjectiveName) {
  let [sum, derivative] = [0, 0];
  for (const [z, a] of normal)
    for (const [zPrime, b] of normal)
      for (const [eps, c] of normal.filter((_, i) => i % 3 === 0)) {
        const [x0, x0Prime] = [m + z, thetaK + zPrime];
        const gap =
          error(theta, x0, eps) - error(thetaK, x0, eps) - (error(theta, x0Prime, eps) - error(thetaK, x0Prime, eps));
        const [l, dl] = objectives[loss](-beta * gap);
        sum += 3 * a * b * c * l;
        derivative += 3 * a * b * c * dl * -beta * (errorSlope(theta, x0, eps) - errorSlope(theta, x0Prime, eps));
      }
  return { sum, derivative };
}

describe.each(names)("a Gaussian world, %s loss", (loss) => {
  test("Theorem 5.2: where theta_k is not the data's, some beta makes the way to the data a descent", () => {
    const { m, thetaK } = world;
    const at = (theta: number, beta: number) => objective(theta, thetaK, m, beta, loss).sum;
    const falls = [0.01, 0.1, 1].map((beta) => (at(thetaK + 1e-3 * (m - thetaK), beta) - at(thetaK, beta)) / 1e-3);
    expect(Math.min(...falls)).toBeLessThan(-1e-3);
    const { derivative } = objective(thetaK, thetaK, m, 0.1, loss);
    expect(falls[1]).toBeCloseTo(derivative * (m - thetaK), 2);
  });

  test("Theorem 5.3: at the data's own theta the gradient vanishes, and no neighbour is better", () => {
    const { m } = world;
    for (const beta of [0.1, 1]) {
      const here = objective(m, m, m, beta, loss);
      expect(Math.abs(here.derivative)).toBeLessThan(1e-10);
      expect(here.sum).toBeCloseTo(value(loss, 0), 6);
      for (const by of [-0.3, -0.05, 0.05, 0.3])
        expect(objective(m + by, m, m, beta, loss).sum).toBeGreaterThanOrEqual(here.sum - 1e-12);
    }
  });

  test("SFT ends at the same place: its gradient vanishes there, and not at theta_k", () => {
    const { m } = world;
    const sft = (theta: number) =>
      normal.reduce(
        (sum, [z, a]) => sum + normal.reduce((t, [eps, c]) => t + a * c * errorSlope(theta, m + z, eps), 0),
        0,
      );
    expect(Math.abs(sft(m))).toBeLessThan(1e-10);
    expect(sft(world.thetaK)).toBeLessThan(-0.1);
  });
});

describe.each(names)("(5.1), %s", (loss) => {
  const [theta, thetaK] = [{ id: "theta" }, { id: "theta_k" }];
  const length = linearLength(16, 5);
  const [policy, opponent] = [noise(1, length), noise(2, length)].map((v) => v.map((x) => 0.1 * x));
  const PAIRS = 3;
  const batch: Noised = {
    shape: [2 * PAIRS, 4, 2, 2],
    xt: noise(3, 2 * PAIRS * 16),
    t: [11, 500, 999, 11, 500, 999],
    target: noise(4, 2 * PAIRS * 16),
  };
  const text: Text = { shape: [2 * PAIRS, 3, 5], hidden: noise(5, 2 * PAIRS * 15) };

  /** grad of one row's error, alone. */
  async function rowGradient(row: number): Promise<Float32Array> {
    const net = new LinearDenoiser(length);
    await net.update(theta, policy as Float32Array);
    const pass = await net.forward(theta, batch, text);
    await pass.backward(batch.t.map((_, i) => (i === row ? 1 : 0)));
    return net.gradients();
  }

  test("the gradient is reweighting x (matching - pushing), pair by pair and term by term", async () => {
    const beta = 4;
    const scale = (t: number) => 0.1 + t / 1000;
    const net = new LinearDenoiser(length);
    await net.update(theta, policy as Float32Array);
    await net.update(thetaK, opponent as Float32Array);
    await spinStep(net, theta, thetaK, batch, text, { beta, loss, accumulation: 1, scale });
    const got = await net.gradients();

    const want = new Float64Array(length);
    const [now, before] = [
      linearErrors(policy as Float32Array, batch, text),
      linearErrors(opponent as Float32Array, batch, text),
    ];
    for (let b = 0; b < PAIRS; b++) {
      const weight = scale(batch.t[b] as number);
      const change = (row: number) => (now[row] as number) - (before[row] as number);
      const reweighting = -beta * weight * slope(loss, -beta * weight * (change(b) - change(PAIRS + b)));
      const [matching, pushing] = [await rowGradient(b), await rowGradient(PAIRS + b)];
      want.forEach((sum, i) => {
        want[i] = sum + (reweighting / PAIRS) * ((matching[i] as number) - (pushing[i] as number));
      });
    }
    got.forEach((g, i) => expect(g).toBeCloseTo(want[i] as number, 4));
  });
});
