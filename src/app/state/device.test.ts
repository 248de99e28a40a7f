/** @file A lost device as the page tells it: what happened to which run, how long until the next try, and what a person can do. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nodeName } from "../../lib/node-name.ts";
import { now } from "../clock.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { losingDevice } from "../fake/lost-device.ts";
import { lossInWords, memoryInWords, statusInWords, titleInWords } from "../words.ts";
import { onDeviceNews } from "./device.ts";
import { keptNodes } from "./nodes.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import type { StudioState } from "./studio-state.ts";
import { testDeps } from "./test-support.ts";

async function running(losses: 1 | 2): Promise<{ store: StudioStore; run: Promise<void> }> {
  const studio = losingDevice(createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory: null }), losses);
  const store = createStudioStore(testDeps(studio));
  await Promise.all([store.getState().boot(), vi.advanceTimersByTimeAsync(5000)]);
  await Promise.all([store.getState().takeSamples(), vi.advanceTimersByTimeAsync(5000)]);
  store.getState().setFilming(false);
  return { store, run: store.getState().spin() };
}

/** Made-up time, until it is so. */
async function until(store: StudioStore, so: (state: StudioState) => boolean): Promise<StudioState> {
  for (let at = 0; at < 400 && !so(store.getState()); at++) await vi.advanceTimersByTimeAsync(20);
  expect(so(store.getState())).toBe(true);
  return store.getState();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a first loss is told, and the run goes on by itself", async () => {
  const { store, run } = await running(1);
  const lost = await until(store, ({ loss }) => loss?.phase === "again");
  expect(lost.current?.phase).toBe("running");
  expect(lost.loss && lossInWords(lost.loss)).toBe("The GPU stopped answering at step 12.");
  expect(statusInWords(lost)).toBe("GPU lost, starting it anew");
  expect(titleInWords(lost)).toBe("GPU lost, SPIN 1");
  const back = await until(store, ({ loss }) => loss?.phase === "back");
  expect(titleInWords(back)).not.toContain("lost");
  await Promise.all([run, vi.advanceTimersByTimeAsync(20_000)]);
  expect(keptNodes(store.getState()).map(nodeName)).toEqual(["SPIN 1"]);
  store.getState().closeLoss();
  expect(store.getState().loss).toBeNull();
});

test("a second loss in a row waits until a time that is told, and goes on when it has come", async () => {
  const { store, run } = await running(2);
  const lost = await until(store, ({ loss }) => loss?.phase === "waiting");
  expect(lost.loss?.until).toBeGreaterThan(now() + 59_000);
  expect(lost.loss && lossInWords(lost.loss)).toBe("The GPU stopped answering again, at step 12.");
  expect(statusInWords(lost)).toBe("GPU lost, trying again soon");
  await vi.advanceTimersByTimeAsync(55_000);
  expect(store.getState().loss?.phase).toBe("waiting");
  await Promise.all([run, vi.advanceTimersByTimeAsync(30_000)]);
  expect(keptNodes(store.getState()).map(nodeName)).toEqual(["SPIN 1"]);
});

test("the memory that is held is told beside what a step takes, and not while the device is lost", async () => {
  const { store, run } = await running(2);
  expect(memoryInWords(store.getState())).toBeNull();
  const lost = await until(store, ({ loss }) => loss?.phase === "waiting");
  expect(memoryInWords(lost)).toBeNull();
  await Promise.all([run, vi.advanceTimersByTimeAsync(90_000)]);
  expect(memoryInWords(store.getState())).toBe("GPU 168 of 210 MB");
  expect(memoryInWords({ ...store.getState(), deviceBytes: 211e6 })).toBe("GPU 211 MB");
});

test("stay stopped: the run is paused, and one click goes on", async () => {
  const { store, run } = await running(2);
  await until(store, ({ loss }) => loss?.phase === "waiting");
  await store.getState().revive("stop");
  await Promise.all([run, vi.advanceTimersByTimeAsync(100)]);
  expect(store.getState()).toMatchObject({ loss: null, current: { phase: "paused", step: 12 } });
  await Promise.all([store.getState().spin(), vi.advanceTimersByTimeAsync(30_000)]);
  expect(keptNodes(store.getState()).map(nodeName)).toEqual(["SPIN 1"]);
});

test("a try that finds no GPU belongs to the loss before it", async () => {
  const { store } = await running(2);
  const state = await until(store, ({ current }) => (current?.step ?? 0) >= 5);
  const lost = { kind: "device", state: "lost", message: "", of: 3 } as const;
  for (const [code, worker] of [
    ["device-lost", false],
    ["worker", true],
  ] as const) {
    const first = { ...state, ...onDeviceNews({ ...lost, code, tries: 1, seconds: 0 }, state) };
    const { loss } = onDeviceNews({ ...lost, code: "no-webgpu", tries: 2, seconds: 10 }, first);
    expect(loss).toMatchObject({ phase: "waiting", worker, run: { step: state.current?.step, savedStep: 0 } });
  }
});
