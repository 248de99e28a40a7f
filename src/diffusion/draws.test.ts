import { expect, test } from "vitest";
import { type DrawKey, type DrawOptions, draw, order, pictureSeed, posteriorNoise, visitsOfStep } from "./draws.ts";

const key: DrawKey = { seed: 42, iteration: 1 };
const shared: DrawOptions = { size: 16, numTrainTimesteps: 1000, independentNoise: false, captionDropout: 0.2 };

test("what a seed draws stays what it is", () => {
  // Pinned: a change here changes every run that was saved.
  const { t, eps, dropCaption } = draw(key, { epoch: 0, pair: 0 }, shared);
  expect({ t, eps: Array.from(eps.slice(0, 3)), dropCaption }).toMatchInlineSnapshot(`
    {
      "dropCaption": false,
      "eps": [
        0.21630582213401794,
        0.3302988111972809,
        1.333401083946228,
      ],
      "t": 682,
    }
  `);
  expect([...order(key, 0, 8)]).toMatchInlineSnapshot(`
    [
      4,
      3,
      0,
      2,
      7,
      6,
      5,
      1,
    ]
  `);
  expect(pictureSeed(key, 0)).toMatchInlineSnapshot(`1279281459`);
});

test("winner and loser share t and noise, or have their own", () => {
  const one = draw(key, { epoch: 0, pair: 3 }, shared);
  expect(one.tPrime).toBe(one.t);
  expect(one.epsPrime).toEqual(one.eps);
  const apart = draw(key, { epoch: 0, pair: 3 }, { ...shared, independentNoise: true });
  expect(apart.t).toBe(one.t);
  expect(apart.eps).toEqual(one.eps);
  expect(apart.tPrime).not.toBe(apart.t);
  expect(apart.epsPrime).not.toEqual(apart.eps);
});

test("every part of the key changes the noise, and so does every purpose", () => {
  const visit = { epoch: 0, pair: 0 };
  const noises = [
    draw(key, visit, shared).eps,
    draw({ ...key, seed: 43 }, visit, shared).eps,
    draw({ ...key, iteration: 2 }, visit, shared).eps,
    draw(key, { ...visit, epoch: 1 }, shared).eps,
    draw(key, { ...visit, pair: 1 }, shared).eps,
    draw(key, visit, { ...shared, independentNoise: true }).epsPrime,
    ...posteriorNoise(key, visit, 16),
  ];
  expect(new Set(noises.map((noise) => noise.join())).size).toBe(noises.length);
});

test("t covers 0..999 evenly and captions drop as often as asked", () => {
  const draws = Array.from({ length: 20_000 }, (_, pair) => draw(key, { epoch: 0, pair }, { ...shared, size: 0 }));
  const bins = Array.from({ length: 10 }, () => 0);
  for (const { t } of draws) {
    expect(Number.isInteger(t) && t >= 0 && t < 1000).toBe(true);
    bins[Math.floor(t / 100)] = (bins[Math.floor(t / 100)] as number) + 1;
  }
  for (const count of bins) expect(Math.abs(count - 2000)).toBeLessThan(200); // 4.7 standard deviations
  expect(Math.abs(draws.filter((d) => d.dropCaption).length / draws.length - 0.2)).toBeLessThan(0.014);
  for (const [captionDropout, dropped] of [
    [0, false],
    [1, true],
  ] as const)
    expect(draw(key, { epoch: 0, pair: 0 }, { ...shared, captionDropout }).dropCaption).toBe(dropped);
});

test("an epoch meets each pair once, each epoch in another order", () => {
  const orders = [0, 1, 2].map((epoch) => [...order(key, epoch, 50)]);
  for (const one of orders) expect(one.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(new Set(orders.map((one) => one.join())).size).toBe(3);
});

test("a shuffle is even: each of 4 pairs comes first equally often", () => {
  const firsts = [0, 0, 0, 0];
  for (let epoch = 0; epoch < 4000; epoch++) {
    const first = order(key, epoch, 4)[0] as number;
    firsts[first] = (firsts[first] as number) + 1;
  }
  for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(130);
});

test("steps are cut from epochs laid end to end, whatever their size", () => {
  const visits = (pairsPerStep: number, steps: number) =>
    Array.from({ length: steps }, (_, step) => visitsOfStep(key, 5, step, pairsPerStep)).flat();
  expect(visits(12, 5)).toEqual(visits(3, 20));
  const all = visits(4, 5);
  for (const epoch of [0, 1, 2, 3])
    expect(all.filter((v) => v.epoch === epoch).map((v) => v.pair)).toEqual([...order(key, epoch, 5)]);
});
