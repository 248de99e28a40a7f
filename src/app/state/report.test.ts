/** @file Scores of the tree on the pretending engine: what is scored, what is kept, and a stop in the middle. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BASE } from "../../lib/node-name.ts";
import type { Calls, Studio } from "../../studio/api.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import type { FakeOptions } from "../fake/fake-options.ts";
import { bookOf, scoresOf, unscored } from "./report.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";

interface Bench {
  readonly store: StudioStore;
  readonly asked: Calls["score"]["params"][];
}

async function through<T>(work: Promise<T>): Promise<T> {
  let done = false;
  void work.finally(() => (done = true)).catch(() => undefined);
  while (!done) await vi.advanceTimersByTimeAsync(20);
  return work;
}

async function opened(memory: FakeOptions["memory"], more: Partial<FakeOptions> = {}): Promise<Bench> {
  const fake = createFakeStudio({ pace: 1, failAt: null, noGpu: false, memory, ...more });
  const asked: Bench["asked"] = [];
  const call: Studio["call"] = (name, params, signal) => {
    if (name === "score") asked.push(params as Calls["score"]["params"]);
    return fake.call(name, params, signal);
  };
  const store = createStudioStore(testDeps({ call, onEvent: fake.onEvent }));
  await through(store.getState().boot());
  return { store, asked };
}

async function grow(store: StudioStore): Promise<void> {
  if (store.getState().pairs.length === 0) {
    await through(store.getState().takeSamples());
    await through(store.getState().savePairs());
  }
  store.getState().setNumber("steps", "2");
  await through(store.getState().spin());
}

function remember(): NonNullable<FakeOptions["memory"]> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("Base first, then only what is new, measured by what Base scored; there again on the next visit", async () => {
  const memory = remember();
  const { store, asked } = await opened(memory);
  await grow(store);
  expect(unscored(store.getState())).toEqual([BASE, "node-1"]);
  await through(store.getState().scoreNodes());
  expect(asked.map(({ nodes }) => nodes)).toEqual([[BASE], ["node-1"]]);
  const base = store.getState().book?.nodes[BASE];
  expect(base).toHaveLength(24);
  expect(asked.map(({ reference }) => reference)).toEqual([null, base]);
  await grow(store);
  expect(unscored(store.getState())).toEqual(["node-2"]);
  await through(store.getState().scoreNodes());
  expect(asked.at(-1)).toMatchObject({ nodes: ["node-2"], reference: base });
  expect(store.getState().scoring).toBeNull();

  const again = await opened(memory);
  await through(again.store.getState().recallScores());
  expect(bookOf(again.store.getState())).toEqual(store.getState().book);
  expect(unscored(again.store.getState())).toEqual([]);
  again.store.getState().setScoreCount(48);
  expect(bookOf(again.store.getState())?.nodes).toEqual({});
  expect(unscored(again.store.getState())).toHaveLength(3);
});

test("a stop keeps the models that are done, and progress only rises", async () => {
  const { store } = await opened(null);
  await grow(store);
  const done: number[] = [];
  store.subscribe(({ scoring, book }) => {
    if (scoring === null) return;
    done.push(scoring.done);
    if (book !== null && scoring.done > 24) store.getState().stopScoring();
  });
  await through(store.getState().scoreNodes());
  expect(Object.keys(store.getState().book?.nodes ?? {})).toEqual([BASE]);
  expect(store.getState()).toMatchObject({ scoring: null, problem: null });
  expect(done).toEqual(done.toSorted((a, b) => a - b));
  expect(done.some((each) => each > 0 && each < 24)).toBe(true);
});

test("a model that cannot be scored is not asked for", async () => {
  const { store, asked } = await opened(null, { unscored: true });
  await grow(store);
  expect(unscored(store.getState())).toEqual([]);
  await through(store.getState().scoreNodes());
  expect(asked).toEqual([]);
});

test("a picture of the grid has its own scores: of its prompt, its seed and what it was drawn with", async () => {
  const { store } = await opened(null);
  await grow(store);
  const [first, second] = store.getState().prompts;
  if (first === undefined || second === undefined) throw new Error("expected two prompts");
  expect(scoresOf(store.getState(), BASE, first)).toBeNull();
  await through(store.getState().scoreNodes());
  const state = store.getState();
  const { book } = state;
  expect(scoresOf(state, "node-1", second)).toBe(book?.nodes["node-1"]?.[1]);
  expect(scoresOf(state, BASE, second)).toBe(book?.nodes[BASE]?.[1]);
  expect(scoresOf(state, BASE, { ...second, seed: first.seed })).toBeNull();
  expect(scoresOf(state, BASE, { text: "another", seed: second.seed })).toBeNull();
  expect(scoresOf(state, "node-2", second)).toBeNull();
  expect(scoresOf({ ...state, book: book && { ...book, steps: book.steps + 1 } }, BASE, second)).toBeNull();
});
