/** @file The store on the pretending engine: the flow, its order, and what must not happen. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StudioError } from "../../lib/errors.ts";
import type { Calls, CallName, Studio } from "../../studio/api.ts";
import type { FakeOptions } from "../fake/fake-options.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import type { Metrics } from "../metrics.ts";
import type { Pictures } from "../pictures.ts";
import { printRoute } from "../route.ts";
import { primaryInWords, statusInWords } from "../words.ts";
import { nodeName } from "../../lib/node-name.ts";
import { keptNodes, spare } from "./nodes.ts";
import { goodPairs, nextSettings, whyNotStart } from "./selectors.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";
import type { StudioState } from "./studio-state.ts";

interface Bench {
  readonly store: StudioStore;
  readonly metrics: Metrics;
  readonly pictures: Pictures;
  readonly calls: { readonly name: CallName; readonly params: unknown }[];
  readonly went: string[];
}

function memory(): NonNullable<FakeOptions["memory"]> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** @param broken a call that always fails */
function bench(options: Partial<FakeOptions> = {}, broken: CallName | null = null): Bench {
  const studio = createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory: null, ...options });
  const calls: Bench["calls"] = [];
  const watched: Studio = {
    call<N extends CallName>(name: N, params: Calls[N]["params"], signal?: AbortSignal) {
      calls.push({ name, params });
      if (name === broken) return Promise.reject(new StudioError("broken", `no ${name} today`));
      return studio.call(name, params, signal);
    },
    onEvent: (listener) => studio.onEvent(listener),
  };
  const went: string[] = [];
  const deps = testDeps(watched, { go: (route) => went.push(printRoute(route)) });
  const { pictures, metrics } = deps;
  const store = createStudioStore(deps);
  return { store, metrics, pictures, calls, went };
}

const keptNames = (state: StudioState) => keptNodes(state).map(nodeName);

/** Lets made-up time pass until `work` is done. */
async function through<T>(work: Promise<T>): Promise<T> {
  let done = false;
  void work.finally(() => (done = true)).catch(() => undefined);
  while (!done) await vi.advanceTimersByTimeAsync(50);
  return work;
}

async function withSamples(options: Partial<FakeOptions> = {}, broken: CallName | null = null): Promise<Bench> {
  const made = bench(options, broken);
  await through(made.store.getState().boot());
  await through(made.store.getState().takeSamples());
  return made;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("starting reads the project first, then measures, then opens what was chosen", async () => {
  const { store, calls } = bench();
  await through(store.getState().boot());
  expect(calls.map(({ name }) => name)).toEqual(["purge", "project", "preflight", "open", "readNote"]);
  expect(calls[3]?.params).toEqual({ backend: "webgpu", model: "pocket" });
  expect(store.getState().machine).toBe("ready");
  expect(whyNotStart(store.getState())).toBe("There are no pairs with captions yet.");
});

test("a backend that is asked for is asked for, and an impossible one leaves a problem with a way out", async () => {
  const { store, calls } = bench({ noGpu: true });
  await through(store.getState().boot());
  expect(store.getState().preflight?.chosen).toBe("wasm");
  await through(store.getState().chooseBackend("webgpu"));
  expect(calls.findLast(({ name }) => name === "preflight")?.params).toEqual({ force: "webgpu" });
  expect(store.getState()).toMatchObject({ machine: "failed", problem: { remedy: { kind: "look-again" } } });
});

test("pairs without a caption are not trained on, and captions are saved trimmed", async () => {
  const { store, calls } = await withSamples();
  const [first, second] = store.getState().pairs;
  store.getState().setCaption(first?.id ?? "", "   ");
  store.getState().setCaption(second?.id ?? "", "  a cat ");
  expect(statusInWords(store.getState())).toBe("1 pair needs a look");
  await through(store.getState().savePairs());
  const saved = calls.findLast(({ name }) => name === "setPairs")?.params as Calls["setPairs"]["params"];
  expect(saved.pairs).toHaveLength(48);
  const trained = saved.pairs.filter(({ out }) => !out);
  expect(trained).toHaveLength(47);
  expect(trained[0]?.caption).toBe("a cat");
  expect(store.getState().unsaved).toBe(false);
});

test("a run is kept, the button moves on, and the grid is drawn with equal seeds", async () => {
  const { store, metrics, calls, went } = await withSamples();
  expect(primaryInWords(store.getState())).toBe("Start SPIN 1");
  await through(store.getState().spin());
  const state = store.getState();
  expect(went.at(-1)).toBe("#iterate");
  expect(keptNames(state)).toEqual(["SPIN 1"]);
  const [node] = keptNodes(state);
  expect(state).toMatchObject({ current: null, finished: { node: node?.id } });
  expect(primaryInWords(state)).toBe("Start SPIN 2");
  expect(metrics.reports(node?.id ?? null)).toHaveLength(60);
  expect(metrics.reports(node?.id ?? null)[0]?.loss).toBe(Math.LN2);
  const draws = calls.filter(({ name }) => name === "draw").map(({ params }) => params as Calls["draw"]["params"]);
  // base once, for the strip and the grid; the node after every tenth step, and when it is done
  expect(draws.map((draw) => draw.node)).toEqual(["base", ...Array.from({ length: 5 + 1 }, () => node?.id)]);
  expect(new Set(draws.map((draw) => draw.seeds.join())).size).toBe(1);
  const strip = new Set(state.finished?.samples.map(({ step }) => step));
  expect([...strip]).toEqual([10, 20, 30, 40, 50, 60]);
  expect(Object.keys(state.cells)).toHaveLength(8);
});

test("a second click does not start a second run", async () => {
  const { store, calls } = await withSamples();
  const first = store.getState().spin();
  const second = store.getState().spin();
  await through(Promise.all([first, second]));
  expect(calls.filter(({ name }) => name === "spin")).toHaveLength(1);
});

test("while an iteration is under way its pairs cannot change", async () => {
  const { store } = await withSamples();
  const run = store.getState().spin();
  await vi.advanceTimersByTimeAsync(100);
  const id = store.getState().pairs[0]?.id ?? "";
  store.getState().setCaption(id, "something else");
  store.getState().setLeftOut(id, true);
  expect(goodPairs(store.getState())).toHaveLength(48);
  expect(store.getState().pairs[0]?.caption).not.toBe("something else");
  await through(run);
});

test("a paused run survives a reload with its settings, and goes on from its step", async () => {
  const kept = memory();
  const before = await withSamples({ memory: kept });
  before.store.getState().setNumber("steps", "30");
  const run = before.store.getState().spin();
  await vi.advanceTimersByTimeAsync(48 * 5 + 125);
  await before.store.getState().pause();
  await through(run);
  const step = before.store.getState().current?.step ?? 0;
  expect(step).toBeGreaterThan(0);
  expect(step).toBeLessThan(30);

  const after = bench({ memory: kept });
  await through(after.store.getState().boot());
  const state = after.store.getState();
  expect(statusInWords(state)).toBe(`SPIN 1 is paused at step ${step} of 30`);
  expect(primaryInWords(state)).toBe("Continue SPIN 1");
  expect(state.pairs).toHaveLength(48);
  await through(state.spin());
  expect(keptNames(after.store.getState())).toEqual(["SPIN 1"]);
  const steps = after.metrics.reports(state.current?.node ?? null).map((report) => report.step);
  expect(steps).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
});

test("a pause that comes before the engine has begun is heard when it does", async () => {
  const { store } = await withSamples();
  const run = store.getState().spin();
  await store.getState().pause();
  await through(run);
  expect(store.getState().current).toMatchObject({ phase: "paused", step: 0 });
});

test("a lost device keeps the run, says what is safe, and its button goes on", async () => {
  const { store } = await withSamples({ failAt: 12 });
  await through(store.getState().spin());
  const { current } = store.getState();
  expect(current).toMatchObject({ phase: "failed", problem: { remedy: { kind: "resume", label: "Continue SPIN 1" } } });
  expect(current?.problem?.safe).toMatch(/^Safe: 48 pairs, Base, and SPIN 1 up to step 10\./);
  await through(store.getState().spin());
  expect(keptNames(store.getState())).toEqual(["SPIN 1"]);
});

test("a full storage: what was deleted already is offered first, goes for good, and the run goes on", async () => {
  const { store } = await withSamples({ failAt: 12, full: true });
  const state = store.getState;
  await through(state().spin());
  expect(state().current).toMatchObject({
    phase: "failed",
    problem: { title: "This page’s storage is full.", remedy: { kind: "make-room", label: "Make room" } },
  });
  expect(state().current?.problem?.safe).toMatch(
    /^Step 12 of SPIN 1 could not be saved. Safe: 48 pairs, Base, and SPIN 1 up to step 10\./,
  );
  // the run's own saves are not offered
  expect(spare(state())).toEqual([]);
  await through(state().makeRoom([]));
  expect(keptNames(state())).toEqual(["SPIN 1"]);
  const [first] = state().nodes;
  await through(state().deleteNode(first?.id ?? ""));
  await through(state().spin());
  expect(spare(state()).map(nodeName)).toEqual(["SPIN 1", "SPIN 1 b"]);
  expect(spare(state())[0]?.id).toBe(first?.id);
  await through(state().makeRoom([first?.id ?? ""]));
  expect(state().nodes.some(({ id }) => id === first?.id)).toBe(false);
});

test("a run that fails before anything was done leaves no run behind, and its settings can be changed", async () => {
  const { store } = await withSamples({}, "spin");
  await through(store.getState().spin());
  expect(store.getState()).toMatchObject({ current: null, nodes: [], problem: { title: "No spin today." } });
  expect(store.getState().problem?.safe).toBe("Safe: 48 pairs, Base.");
  expect(whyNotStart(store.getState())).toBeNull();
});

test("pairs that could not be saved are not trained on", async () => {
  const { store, calls } = await withSamples({}, "setPairs");
  expect(store.getState()).toMatchObject({ unsaved: true, problem: { title: "No setPairs today." } });
  await through(store.getState().spin());
  expect(calls.some(({ name }) => name === "spin")).toBe(false);
  expect(store.getState().current).toBeNull();
});

test("starting a run stops the drawing of the grid, and its pictures do not fall into the run", async () => {
  const { store } = await withSamples();
  store.getState().setNumber("steps", "3");
  await through(store.getState().spin());
  store.getState().addPrompt("a red ring");
  await vi.advanceTimersByTimeAsync(1);
  expect(store.getState().drawing).not.toBeNull();
  const run = store.getState().spin();
  expect(store.getState().drawing).toBeNull();
  await vi.advanceTimersByTimeAsync(16);
  expect(store.getState().current?.opponents.filter((picture) => picture !== null).length).toBeLessThan(2);
  await through(run);
  expect(keptNames(store.getState())).toEqual(["SPIN 1", "SPIN 2"]);
  expect(Object.keys(store.getState().cells)).toHaveLength(15);
});

test("a setting that is out of range keeps the run from starting; back to balanced frees it", async () => {
  const { store } = await withSamples();
  store.getState().setNumber("beta", "-1");
  expect(whyNotStart(store.getState())).toBe("One setting is out of its range.");
  store.getState().setNumber("beta", "500");
  expect(nextSettings(store.getState())?.beta).toBe(500);
  store.getState().resetSettings();
  expect(nextSettings(store.getState())?.beta).toBe(2000);
  expect(whyNotStart(store.getState())).toBeNull();
});

test("starting over forgets everything, pixels too", async () => {
  const { store, pictures, metrics } = await withSamples();
  store.getState().setNumber("steps", "2");
  await through(store.getState().spin());
  const [node] = keptNodes(store.getState());
  await through(store.getState().startOver());
  expect(store.getState()).toMatchObject({ pairs: [], nodes: [], current: null, cells: {}, prompts: [] });
  expect(metrics.reports(node?.id ?? "")).toEqual([]);
  expect(pictures.size).toBe(0);
});

test("a branch grows from the node that was chosen, against another, and is named by its place", async () => {
  const { store, calls } = await withSamples();
  store.getState().setNumber("steps", "2");
  await through(store.getState().spin());
  await through(store.getState().spin());
  const [one, two] = keptNodes(store.getState());
  store.getState().setNext({ parent: one?.id ?? "", opponent: two?.id ?? "" });
  expect(primaryInWords(store.getState())).toBe("Start SPIN 2 b");
  await through(store.getState().spin());
  expect(calls.findLast(({ name }) => name === "grow")?.params).toMatchObject({ parent: one?.id, opponent: two?.id });
  expect(keptNames(store.getState())).toEqual(["SPIN 1", "SPIN 2", "SPIN 2 b"]);
  expect(primaryInWords(store.getState())).toBe("Start SPIN 3");
});

test("a node is renamed, deleted and taken back, and is gone after a reload", async () => {
  const kept = memory();
  const { store } = await withSamples({ memory: kept });
  store.getState().setNumber("steps", "2");
  await through(store.getState().spin());
  await through(store.getState().spin());
  const [one, two] = keptNodes(store.getState());
  await store.getState().renameNode(two?.id ?? "", "Warm light");
  await store.getState().deleteNode(two?.id ?? "");
  expect(keptNames(store.getState())).toEqual(["SPIN 1"]);
  await store.getState().restoreNode(two?.id ?? "");
  expect(keptNames(store.getState())).toEqual(["SPIN 1", "Warm light"]);
  await store.getState().deleteNode(one?.id ?? "");
  const after = bench({ memory: kept });
  await through(after.store.getState().boot());
  // what came from it still stands, and tells where it came from
  expect(after.store.getState().nodes.map(({ state }) => state)).toEqual(["gone", "kept"]);
});

test("samples are drawn in the middle of a run, with its step", async () => {
  const { store } = await withSamples();
  store.getState().setFilming(false);
  const run = store.getState().spin();
  await vi.advanceTimersByTimeAsync(48 * 5 + 125);
  await through(store.getState().sampleNow());
  const samples = store.getState().current?.samples ?? [];
  expect(samples).toHaveLength(4);
  expect(samples[0]?.step).toBeGreaterThan(0);
  expect(samples[0]?.step).toBeLessThan(60);
  await through(run);
});

test("a paused run can be kept where it stands", async () => {
  const { store } = await withSamples();
  const run = store.getState().spin();
  await vi.advanceTimersByTimeAsync(48 * 5 + 125);
  await store.getState().pause();
  await through(run);
  await through(store.getState().stopAndKeep());
  expect(keptNames(store.getState())).toEqual(["SPIN 1"]);
  expect(store.getState().current).toBeNull();
});

test("a paused run is tried: its own picture and its opponent's, with its step; going on drops both", async () => {
  const { store, pictures } = await withSamples();
  store.getState().setFilming(false);
  const run = store.getState().spin();
  await vi.advanceTimersByTimeAsync(48 * 5 + 125);
  await store.getState().pause();
  await through(run);
  const { step } = store.getState().current ?? {};
  await through(store.getState().tryPrompt(" a red ring "));
  const { trial } = store.getState();
  expect(trial).toMatchObject({ text: "a red ring", step });
  expect(pictures.get(trial?.player ?? "")).toBeDefined();
  expect(pictures.get(trial?.opponent ?? "")).toBeDefined();
  await through(store.getState().spin());
  expect(store.getState().trial).toBeNull();
  expect(pictures.get(trial?.player ?? "")).toBeUndefined();
});

test("stop and keep in the middle of a step pauses, saves and keeps", async () => {
  const { store } = await withSamples();
  const run = store.getState().spin();
  await vi.advanceTimersByTimeAsync(48 * 5 + 125);
  await through(store.getState().stopAndKeep());
  await through(run);
  expect(store.getState().current).toBeNull();
  expect(keptNames(store.getState())).toEqual(["SPIN 1"]);
  expect(store.getState().nodes[0]?.step).toBeLessThan(60);
});

test("numbers that grew past all bounds: the cause, what is kept, and never the same step again", async () => {
  const { store } = await withSamples({ bursts: true });
  await through(store.getState().spin());
  const { current } = store.getState();
  expect(current?.problem).toMatchObject({
    title: "SPIN 1 stopped after step 12: its numbers grew past all bounds.",
    remedy: { kind: "keep", label: "Keep it as of step 10" },
  });
  expect(current?.problem?.safe).toMatch(/SPIN 1 up to step 10\. The usual cause is a learning rate that is too high/);
  await through(store.getState().stopAndKeep());
  expect(keptNames(store.getState())).toEqual(["SPIN 1"]);
});

test("a run that stopped is discarded for its settings, and they can be changed", async () => {
  const { store } = await withSamples({ bursts: true });
  store.getState().setNumber("beta", "100");
  await through(store.getState().spin());
  await through(store.getState().discard());
  expect(store.getState()).toMatchObject({ current: null, nodes: [], wanted: { beta: 100 } });
  expect(primaryInWords(store.getState())).toBe("Start SPIN 1");
});

test("the preset and what was changed in it are there again after a reload", async () => {
  const kept = memory();
  const before = await withSamples({ memory: kept });
  before.store.getState().choosePreset("paper");
  before.store.getState().setNumber("steps", "70");
  const after = bench({ memory: kept });
  await through(after.store.getState().boot());
  expect(after.store.getState()).toMatchObject({ presetId: "paper", wanted: { steps: 70 } });
  expect(nextSettings(after.store.getState())).toMatchObject({ steps: 70, pairsPerStep: 256 });
});
