import { expect, test } from "vitest";
import { madeUpReport } from "./fake/made-up.ts";
import { createMetrics } from "./metrics.ts";

const report = (step: number) => madeUpReport(step, 60, 1, 0.1);

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
  const metrics = createMetrics();
  metrics.tick("opponents", 0, 10);
  metrics.tick("opponents", 2, 16);
  metrics.tick("opponents", 3, 18);
  metrics.tick("encode", 48, 30);
  expect(metrics.durations("opponents")).toEqual([3, 3, 2]);
  expect(metrics.durations("encode")).toEqual([]);
  metrics.begin();
  expect(metrics.durations("opponents")).toEqual([]);
});
