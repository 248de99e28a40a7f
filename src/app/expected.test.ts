import { expect, test } from "vitest";
import type { SpinSettings } from "../studio/api.ts";
import { expected, sampleShare, widths, work, type Task } from "./expected.ts";

const settings = { steps: 10, pairsPerStep: 5, opponentSteps: 20, usedPairs: 8 } as SpinSettings;
const task: Task = { settings, pairs: 100, prompts: 4, drawSteps: 20 };
const measured = (all: { readonly [stage: string]: readonly number[] }) => ({ durations: (s: string) => all[s] ?? [] });

test("work is counted in forward passes, of the pairs that are used", () => {
  expect(work(task)).toEqual({ opponents: 160, train: 200, samples: 80 });
});

test("a sample's share falls as the iteration grows", () => {
  expect(sampleShare(task)).toBeCloseTo(80 / 360);
  expect(sampleShare({ ...task, settings: { ...settings, steps: 100 } })).toBeCloseTo(80 / 2160);
});

test("before a run its time is that of a forward pass; unmeasured, nothing is said", () => {
  expect(expected(task, 500, measured({}))).toEqual({ opponents: 80, train: 100, samples: 40 });
  expect(expected(task, null, measured({}))).toBeNull();
});

test("what a stage takes is measured as soon as it runs, and the others follow its speed", () => {
  const times = expected({ ...task, pairs: 8 }, 500, measured({ opponents: [2, 2, 2, 2] }));
  expect(times).toEqual({ opponents: 16, train: 20, samples: 8 });
});

test("no stage is too narrow for its name", () => {
  expect(widths({ opponents: 1, train: 98, samples: 1 })).toEqual({ opponents: 0.16, train: 0.98, samples: 0.16 });
});
