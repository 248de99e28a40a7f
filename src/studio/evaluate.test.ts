/** @file Comparisons on numbers of which the outcome is known. */
import { expect, test } from "vitest";
import { randomOf } from "../lib/random.ts";
import { compare, report, type Scorer } from "./evaluate.ts";

const noise = (seed: number, n: number) => {
  const random = randomOf(seed);
  return Array.from({ length: n }, () => random() + random() + random() - 1.5); // deviation 1/2
};

test("a model against itself: no difference, all ties", () => {
  const scores = noise(1, 50);
  const told = compare(scores, scores);
  expect(told).toMatchObject({ difference: 0, interval: [0, 0], wins: 0, ties: 50, winRate: 0.5, p: 1 });
  expect(told.winInterval[0] + told.winInterval[1]).toBeCloseTo(1, 12);
});

test("pairing sees what the spread between prompts would hide", () => {
  const prompts = noise(2, 200).map((x) => 20 * x);
  const better = prompts.map((x, i) => x + 0.3 + (noise(3, 200)[i] as number));
  const { difference, interval, winRate, winInterval, p } = compare(better, prompts);
  expect(difference).toBeGreaterThan(0.15);
  expect(interval[0]).toBeGreaterThan(0);
  expect(interval[1]).toBeLessThan(0.5);
  expect(winRate).toBeGreaterThan(0.6);
  expect(winInterval[0]).toBeGreaterThan(0.5);
  expect(p).toBeLessThan(0.01);
  expect(compare(prompts, better).difference).toBeCloseTo(-difference, 12);
});

test("noise alone is called a difference about once in twenty", () => {
  let called = 0;
  for (let run = 0; run < 60; run++) {
    const [low, high] = compare(noise(100 + run, 100), noise(500 + run, 100)).interval;
    if (low > 0 || high < 0) called++;
  }
  expect(called).toBeLessThanOrEqual(9); // P(more | 1 in 20) < 0.001
});

test("a report compares each with the one before and with the base, by score and on average", () => {
  const picture = (value: number) => ({
    prompt: "",
    seed: 0,
    side: 1,
    rgba: new Uint8ClampedArray([value, 0, 0, 255]),
  });
  const scorer: Scorer = {
    measuresOf: ({ rgba }) => ({ red: rgba[0] as number }),
    scoresOf: ({ red = 0 }) => ({ light: red, dark: 255 - red }),
    averageOf: ({ light = 0 }, reference) => light - (reference[0]?.light ?? 0),
  };
  const models = ["base", "SPIN 1", "SPIN 2"].map((model, k) => ({
    model,
    pictures: [1, 2, 3].map((v) => picture(v + 10 * k)),
  }));
  const { report: told, detail } = report(models, scorer);
  expect(told.models.map(({ measures }) => measures)).toEqual([{ red: 2 }, { red: 12 }, { red: 22 }]);
  expect(told.models.map(({ scores }) => scores)).toEqual([
    { light: 2, dark: 253, average: 1 },
    { light: 12, dark: 243, average: 11 },
    { light: 22, dark: 233, average: 21 },
  ]);
  expect(told.comparisons.map(({ model, against }) => `${model} against ${against}`)).toEqual([
    "SPIN 1 against base",
    "SPIN 2 against SPIN 1",
    "SPIN 2 against base",
  ]);
  expect(told.comparisons[2]?.scores.dark).toMatchObject({ difference: -20, interval: [-20, -20], winRate: 0 });
  expect(detail["SPIN 1"]?.map(({ scores }) => scores.average)).toEqual([10, 11, 12]);
});
