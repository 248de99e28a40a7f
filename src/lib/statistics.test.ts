/** @file Statistics against published and SciPy's values, and intervals by how often they hold what they promise. */
import { describe, expect, test } from "vitest";
import { deviation, mean, median, pairedBootstrap, signTest, wilson } from "./statistics.ts";

/** A linear congruence (Knuth's MMIX constants); the upper bits are good enough to resample by. */
function randomOf(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}

const differences = [0.3, -0.1, 0.5, 0.2, 0.9, -0.4, 0.1, 0.6, 0.35, 0.05, -0.2, 0.7];

test("mean, median, deviation", () => {
  // numpy: np.mean(d), np.median(d), np.std(d, ddof=1)
  expect(mean(differences)).toBeCloseTo(0.25, 14);
  expect(median(differences)).toBeCloseTo(0.25, 14);
  expect(median([3, 10, 1])).toBe(3);
  expect(deviation(differences)).toBeCloseTo(0.38553386833890957, 14);
});

describe("wilson", () => {
  // statsmodels 0.15.0: proportion_confint(w, n, alpha=2 * scipy.stats.norm.sf(1.96), method="wilson")
  test.each([
    [0, 10, 0, 0.27754016876661647],
    [10, 10, 0.7224598312333836, 1],
    [5, 10, 0.23658959361548726, 0.7634104063845127],
    [116.5, 200, 0.513227789906565, 0.6486626191169121],
    [130, 200, 0.5816333576186576, 0.712712840605846],
    [1, 1, 0.20654329147389294, 1],
    [5000, 10_000, 0.49020188184182106, 0.5097981181581789],
  ])("%d of %d", (wins, n, low, high) => {
    const [l, h] = wilson(wins, n);
    expect(l).toBeCloseTo(low, 14);
    expect(h).toBeCloseTo(high, 14);
  });

  test("as published: 81 of 263, 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)", () => {
    expect(wilson(81, 263).map((bound) => bound.toFixed(4))).toEqual(["0.2553", "0.3662"]);
  });

  test("of nothing, and of more than there was", () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
    expect(() => wilson(11, 10)).toThrow("internal: 11 wins of 10");
  });

  test("holds the true share about 95 times in 100", () => {
    const random = randomOf(1);
    for (const share of [0.5, 0.65, 0.9]) {
      let held = 0;
      for (let run = 0; run < 4000; run++) {
        let wins = 0;
        for (let i = 0; i < 200; i++) if (random() < share) wins++;
        const [low, high] = wilson(wins, 200);
        if (low <= share && share <= high) held++;
      }
      expect(held / 4000).toBeGreaterThan(0.935);
      expect(held / 4000).toBeLessThan(0.965);
    }
  });
});

describe("pairedBootstrap", () => {
  test("agrees with SciPy within the noise of resampling", () => {
    // scipy 1.17.1: bootstrap((d,), np.mean, n_resamples=200000, method="percentile", random_state=1)
    const { mean: middle, interval } = pairedBootstrap(differences, randomOf(1), 50_000);
    expect(middle).toBeCloseTo(0.25, 14);
    expect(interval[0]).toBeCloseTo(0.0417, 2);
    expect(interval[1]).toBeCloseTo(0.4583, 2);
  });

  test("is the same for the same random numbers, and a point where nothing differs", () => {
    expect(pairedBootstrap(differences, randomOf(2), 500)).toEqual(pairedBootstrap(differences, randomOf(2), 500));
    expect(pairedBootstrap([2, 2, 2], randomOf(3), 100)).toEqual({ mean: 2, interval: [2, 2] });
    expect(() => pairedBootstrap([], randomOf(4))).toThrow("internal: no differences");
  });

  test("holds the true mean about 95 times in 100, of a skewed distribution too", () => {
    const random = randomOf(5);
    let held = 0;
    for (let run = 0; run < 1000; run++) {
      const drawn = Array.from({ length: 100 }, () => -Math.log(1 - random())); // exponential, mean 1
      const [low, high] = pairedBootstrap(drawn, random, 300).interval;
      if (low <= 1 && 1 <= high) held++;
    }
    expect(held / 1000).toBeGreaterThan(0.92);
    expect(held / 1000).toBeLessThan(0.97);
  });
});

describe("signTest", () => {
  // scipy 1.17.1: binomtest(w, w + l, 0.5).pvalue
  test.each([
    [0, 0, 1],
    [1, 0, 1],
    [5, 0, 0.0625],
    [8, 2, 0.109375],
    [60, 40, 0.05688793364098089],
    [116, 84, 0.028125407232926346],
    [2600, 2400, 0.004883649737517494],
    [5100, 4900, 0.04658552770494645],
    [160, 40, 3.3840159775152846e-18],
    [5500, 4500, 1.5510640568246638e-23],
    [5000, 5000, 1],
    [9900, 100, 0],
  ])("%d to %d", (wins, losses, p) => {
    expect(Math.abs(signTest(wins, losses) - p)).toBeLessThanOrEqual(1e-11 * p);
    expect(signTest(losses, wins)).toBe(signTest(wins, losses));
  });
});
