/** @file The grid's rows and columns, what of them is kept, and the drawing that can be stopped. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BASE } from "../../lib/node-name.ts";
import type { CallName, DrawRequest, OwnModel, Studio } from "../../studio/api.ts";
import type { FakeOptions } from "../fake/fake-options.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { createPictures } from "../pictures.ts";
import { columnsOf, isHeld, missingIn, rowsOf, sidesOf, waitsForPerson } from "./compare.ts";
import { models } from "./nodes.ts";
import { cellKey, isRunning } from "./selectors.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import type { Deps } from "./studio-state.ts";
import { testDeps } from "./test-support.ts";

function remember(): NonNullable<FakeOptions["memory"]> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** The pictures that were asked of the engine, in order, as cells. */
let drawn: string[] = [];

async function opened(
  memory: FakeOptions["memory"],
  broken: CallName | null = null,
  more: Partial<Deps> = {},
): Promise<StudioStore> {
  const studio = createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory });
  const call: Studio["call"] = (name, params, signal) => {
    if (name === "draw") drawn.push(...cellsOf(params as DrawRequest));
    return name === broken ? Promise.reject(new Error("not today")) : studio.call(name, params, signal);
  };
  const store = createStudioStore(testDeps({ call, onEvent: studio.onEvent }, more));
  await through(store.getState().boot());
  return store;
}

const cellsOf = ({ node, prompts, seeds }: DrawRequest): readonly string[] =>
  prompts.map((text, at) => cellKey(node, { text, seed: seeds[at] ?? -1 }));

const OWN: OwnModel = { files: [], title: "my-model", resolution: null, memory: null };
const LARGE: Partial<Deps> = {
  source: { kind: "own", own: OWN, last: { ...OWN, id: "own-1", handle: null, copy: null } },
};

/** Base, SPIN 1 and SPIN 2, with all their pictures, unless these wait for a person. */
async function grown(memory: FakeOptions["memory"] = null, more: Partial<Deps> = {}): Promise<StudioStore> {
  const store = await opened(memory, null, more);
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

beforeEach(() => {
  vi.useFakeTimers();
  drawn = [];
});
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

/** All cells that the grid shows have the same pixels as in another. */
function samePictures(a: StudioStore, of: Deps["pictures"], b: StudioStore, other: Deps["pictures"]): void {
  const cells = columnsOf(a.getState()).flatMap((node) => rowsOf(a.getState()).map((row) => cellKey(node, row)));
  for (const key of cells) {
    const [one, two] = [a.getState().cells[key] ?? "", b.getState().cells[key] ?? ""];
    expect([key, of.get(one)]).toEqual([key, other.get(two)]);
    expect(of.get(one)).toBeDefined();
  }
}

test("what was drawn before comes back without a drawing, in every column, though a person holds the drawing", async () => {
  const memory = remember();
  const [first, second] = [createPictures(), createPictures()];
  const store = await grown(memory, { pictures: first });
  drawn = [];
  const again = await opened(memory, null, { pictures: second });
  // Base's own would be drawn first, and the columns after it are not kept waiting
  await again.getState().recallCompare();
  again.getState().addPrompt("a red ring");
  again.getState().holdDrawing(true);
  await through(again.getState().drawMissing());
  expect(drawn).toEqual([]);
  expect(missingIn(again.getState())).toBe(3);
  again.getState().removePrompt("a red ring");
  await through(again.getState().drawMissing());
  expect(drawn).toEqual([]);
  samePictures(again, second, store, first);
});

test("only what was not drawn before is drawn", async () => {
  const memory = remember();
  await grown(memory);
  const again = await opened(memory);
  drawn = [];
  again.getState().addPrompt("a red ring");
  await through(again.getState().drawMissing());
  expect(missingIn(again.getState())).toBe(0);
  const { text, seed } = again.getState().prompts.at(-1) ?? { text: "", seed: -1 };
  expect(drawn).toEqual(models(again.getState()).map((node) => cellKey(node, { text, seed })));
});

test("what was drawn before comes while a run has the engine", async () => {
  const memory = remember();
  await grown(memory);
  const again = await opened(memory);
  again.getState().setNumber("steps", "60");
  const run = again.getState().spin();
  await vi.advanceTimersByTimeAsync(100);
  expect(isRunning(again.getState())).toBe(true);
  await again.getState().drawMissing();
  expect(isRunning(again.getState())).toBe(true);
  expect(missingIn(again.getState())).toBe(0);
  await through(run);
});

test("where the pictures drawn before cannot be asked for, all are drawn", async () => {
  const memory = remember();
  await grown(memory);
  const again = await opened(memory, "recall");
  await through(again.getState().drawMissing());
  expect(missingIn(again.getState())).toBe(0);
  expect(again.getState().problem).toBeNull();
});

test("a large model draws the grid when a person asks, all of it, and then waits again", async () => {
  const store = await grown(null, LARGE);
  expect(store.getState().model?.large).toBe(true);
  expect(waitsForPerson(store.getState())).toBe(true);
  const faces = Object.keys(store.getState().cells).length;
  await through(store.getState().drawMissing());
  expect(missingIn(store.getState())).toBe(4 * 3 - faces);
  expect(store.getState().drawing).toBeNull();
  store.getState().holdDrawing(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(missingIn(store.getState())).toBe(0);
  store.getState().addPrompt("a red ring");
  await through(store.getState().drawMissing());
  expect(missingIn(store.getState())).toBe(3);
});

test("a stop holds too when the grid was changed just before it", async () => {
  const store = await grown();
  store.getState().addPrompt("a red ring");
  await vi.advanceTimersByTimeAsync(1);
  expect(store.getState().drawing).not.toBeNull();
  store.getState().addPrompt("a blue ring");
  store.getState().holdDrawing(true);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(missingIn(store.getState())).toBe(2 * 3);
});

test("a prompt that is added while a large model draws is drawn too", async () => {
  const store = await grown(null, LARGE);
  store.getState().holdDrawing(false);
  await vi.advanceTimersByTimeAsync(30);
  expect(store.getState().drawing).not.toBeNull();
  store.getState().addPrompt("a red ring");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(missingIn(store.getState())).toBe(0);
});

test("what a large model has drawn before needs nobody’s asking", async () => {
  const memory = remember();
  const store = await grown(memory, LARGE);
  store.getState().holdDrawing(false);
  await vi.advanceTimersByTimeAsync(20_000);
  drawn = [];
  const again = await opened(memory, null, LARGE);
  await through(again.getState().drawMissing());
  expect(missingIn(again.getState())).toBe(0);
  expect(drawn).toEqual([]);
});

test("a picture that comes back when its prompt is gone stays out of the grid", async () => {
  const memory = remember();
  await grown(memory);
  const again = await opened(memory);
  const before = again.getState().prompts;
  const work = again.getState().drawMissing();
  again.setState({ prompts: before.slice(1) });
  await through(work);
  const gone = before.slice(0, 1).flatMap((row) => models(again.getState()).map((node) => cellKey(node, row)));
  expect(missingIn(again.getState())).toBe(0);
  expect(gone.filter((key) => key in again.getState().cells)).toEqual([]);
});
