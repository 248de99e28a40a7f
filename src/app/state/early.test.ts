/** @file Pairs that come in before it is known what storage holds: they join it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const through = (...work: Promise<unknown>[]) => Promise.all([...work, vi.advanceTimersByTimeAsync(20_000)]);

test("they take nothing's place, whichever is quicker", async () => {
  const kept = new Map<string, string>();
  const memory = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const open = (): StudioStore =>
    createStudioStore(testDeps(createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory })));
  const before = open().getState;
  await through(before().boot());
  await through(before().takeSamples());
  before().setCaption(before().pairs[0]?.id ?? "", "mine");
  await through(before().savePairs());

  const after = open().getState;
  await through(after().takeSamples(), after().boot());
  expect(after()).toMatchObject({ unsaved: false, reading: null });
  expect(after().pairs[0]?.caption).toBe("mine");
  const again = open().getState;
  await through(again().boot());
  expect(again().pairs[0]?.caption).toBe("mine");
});
