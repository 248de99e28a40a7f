import { expect, test } from "vitest";
import { madeUpReport } from "./fake/made-up.ts";
import { createMetrics } from "./metrics.ts";

const report = (step: number, seconds = 0.1) => madeUpReport(step, 60, 1, seconds);

test("steps done again after a resume replace the old ones", () => {
  const metrics = createMetrics();
  for (const step of [1, 2, 3, 4, 3]) metrics.push("1", report(step));
  expect(metrics.reports("1").map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(metrics.reports("2")).toEqual([]);
});

test("a list of reports is replaced, never changed, so that a reader can compare", () => {
  const metrics = createMetrics();
  metrics.push("1", report(1));
  const before = metrics.reports("1");
  metrics.push("1", report(2));
  expect(before).toHaveLength(1);
  expect(metrics.reports("1")).not.toBe(before);
});

test("stored reports are put in order", () => {
  const metrics = createMetrics();
  metrics.load({ 2: [report(3), report(1), report(2)] });
  expect(metrics.reports("2").map(({ step }) => step)).toEqual([1, 2, 3]);
});

test("a stage's parts share the time between two ticks; another stage starts afresh", () => {
  let now = 10;
  const metrics = createMetrics(() => now);
  const at = (seconds: number): void => {
    now = seconds;
  };
  metrics.tick("opponents", 0);
  at(16);
  metrics.tick("opponents", 2);
  at(18);
  metrics.tick("opponents", 3);
  at(30);
  metrics.tick("encode", 48);
  expect(metrics.durations("opponents")).toEqual([3, 3, 2]);
  expect(metrics.durations("encode")).toEqual([]);
  metrics.begin();
  expect(metrics.durations("opponents")).toEqual([]);
});

test("a step's work and all that passed until the next one are two things; what is told twice counts once", () => {
  let now = 0;
  const metrics = createMetrics(() => now);
  metrics.tick("train", 0);
  for (const step of [1, 2, 3]) {
    now += 1;
    metrics.push("1", report(step, 1));
    now += 4; // samples are drawn before the stage is told
    metrics.tick("train", step);
  }
  expect(metrics.worked()).toEqual([1, 1, 1]);
  expect(metrics.durations("train")).toEqual([1, 5, 5]);
});

test("setting the computer's clock is not seen: the default clock only rises", () => {
  const metrics = createMetrics();
  const { now } = Date;
  metrics.tick("opponents", 0);
  Date.now = () => now() + 86_400_000;
  try {
    metrics.tick("opponents", 1);
  } finally {
    Date.now = now;
  }
  expect(metrics.durations("opponents")[0]).toBeLessThan(3600);
});
