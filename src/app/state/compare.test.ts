/** @file The grid's rows and columns, what of them is kept, and the drawing that can be stopped. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BASE } from "../../lib/node-name.ts";
import type { CallName, Studio } from "../../studio/api.ts";
import type { FakeOptions } from "../fake/fake-options.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { columnsOf, isHeld, missingIn, rowsOf, sidesOf } from "./compare.ts";
import { models } from "./nodes.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";

function remember(): NonNullable<FakeOptions["memory"]> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

async function opened(memory: FakeOptions["memory"], broken: CallName | null = null): Promise<StudioStore> {
  const studio = createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory });
  const call: Studio["call"] = (name, params, signal) =>
    name === broken ? Promise.reject(new Error("not today")) : studio.call(name, params, signal);
  const store = createStudioStore(testDeps({ call, onEvent: studio.onEvent }));
  await through(store.getState().boot());
  return store;
}

/** Base, SPIN 1 and SPIN 2, with all their pictures. */
async function grown(memory: FakeOptions["memory"] = null): Promise<StudioStore> {
  const store = await opened(memory);
  await through(store.getState().takeSamples());
  await through(store.getState().savePairs());
  store.getState().setNumber("steps", "2");
  await through(store.getState().spin());
  await through(store.getState().spin());
  return store;
}

async function through(work: Promise<unknown>): Promise<void> {
  await Promise.all([work, vi.advanceTimersByTimeAsync(20_000)]);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("several seeds a prompt are rows of their own, and the first stays what it was", async () => {
  const store = await grown();
  expect(missingIn(store.getState())).toBe(0);
  const [first] = rowsOf(store.getState());
  store.getState().setSeedsEach(3);
  expect(
    rowsOf(store.getState())
      .slice(0, 4)
      .map(({ seed }) => seed),
  ).toEqual([42, 142, 242, 43]);
  expect(rowsOf(store.getState())[0]).toEqual(first);
  expect(missingIn(store.getState())).toBe(3 * 4 * 2);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(missingIn(store.getState())).toBe(0);
});

test("prompts, seeds and columns are there again on the next visit", async () => {
  const memory = remember();
  const store = await grown(memory);
  store.getState().addPrompt("  a red ring  ");
  store.getState().removePrompt(store.getState().prompts[0]?.text ?? "");
  store.getState().setSeedsEach(2);
  store.getState().setHidden(models(store.getState())[1] ?? "", true);
  await vi.advanceTimersByTimeAsync(20_000);
  const { prompts, seedsEach, hidden } = store.getState();
  expect(prompts.at(-1)).toEqual({ text: "a red ring", seed: 46 });
  const again = await opened(memory);
  await through(again.getState().recallCompare());
  expect(again.getState()).toMatchObject({ prompts, seedsEach, hidden });
  await through(again.getState().startOver());
  expect(again.getState()).toMatchObject({ prompts: [], seedsEach: 1, hidden: [] });
});

test("a note that is not understood leaves the prompts of the pairs", async () => {
  const memory = remember();
  const store = await grown(memory);
  const { prompts } = store.getState();
  store.getState().addPrompt("a red ring");
  await vi.advanceTimersByTimeAsync(20_000);
  memory.setItem(
    "spin-studio.fake",
    memory.getItem("spin-studio.fake")?.replace('"seedsEach":1', '"seedsEach":-1') ?? "",
  );
  const again = await opened(memory);
  await through(again.getState().recallCompare());
  expect(again.getState().prompts).toEqual(prompts);
});

test("the sides are columns, two where there are two, and follow what is hidden", async () => {
  const store = await grown();
  const [, one = "", two = ""] = models(store.getState());
  expect(sidesOf(store.getState())).toEqual({ left: BASE, right: two });
  store.getState().setSides({ left: one });
  expect(sidesOf(store.getState())).toEqual({ left: one, right: two });
  store.getState().setHidden(two, true);
  expect(columnsOf(store.getState())).toEqual([BASE, one]);
  expect(sidesOf(store.getState())).toEqual({ left: one, right: BASE });
  for (const node of [BASE, one]) store.getState().setHidden(node, true);
  expect(columnsOf(store.getState())).toEqual([BASE]);
});

test("a stop holds until it is taken back, or until there is a new model", async () => {
  const store = await grown();
  store.getState().addPrompt("a red ring");
  await vi.advanceTimersByTimeAsync(1);
  expect(store.getState().drawing).toMatchObject({ node: BASE, of: 1 });
  store.getState().holdDrawing(true);
  await through(store.getState().drawMissing());
  expect(store.getState().drawing).toBeNull();
  expect(missingIn(store.getState())).toBe(3);
  store.getState().holdDrawing(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(missingIn(store.getState())).toBe(0);
  store.getState().addPrompt("a blue ring");
  store.getState().holdDrawing(true);
  await through(store.getState().spin());
  expect(isHeld(store.getState())).toBe(false);
  expect(missingIn(store.getState())).toBe(0);
});

test("a prompt that goes takes its pictures with it; the last one stays", async () => {
  const store = await grown();
  const texts = store.getState().prompts.map(({ text }) => text);
  expect(Object.keys(store.getState().cells)).toHaveLength(4 * 3);
  for (const text of texts) store.getState().removePrompt(text);
  expect(store.getState().prompts.map(({ text }) => text)).toEqual(texts.slice(-1));
  expect(Object.keys(store.getState().cells)).toHaveLength(3);
});
