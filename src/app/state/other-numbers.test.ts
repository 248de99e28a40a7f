/** @file A run that waits and would go on with other numbers: it is asked about, and goes on here or where it was begun. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createListeners } from "../../lib/listeners.ts";
import type { CallName, PageEvent, Studio } from "../../studio/api.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { losingDevice } from "../fake/lost-device.ts";
import { createStudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function through<T>(work: Promise<T>): Promise<T> {
  let done = false;
  void work.finally(() => (done = true)).catch(() => undefined);
  while (!done) await vi.advanceTimersByTimeAsync(50);
  return work;
}

/** SPIN 1, begun on WebGPU, waits while the processor is chosen. */
async function moved() {
  const studio = createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory: null });
  const calls: CallName[] = [];
  const watched: Studio = {
    call: (name, params, signal) => {
      calls.push(name);
      return studio.call(name, params, signal);
    },
    onEvent: (listener) => studio.onEvent(listener),
  };
  const store = createStudioStore(testDeps(watched));
  const state = () => store.getState();
  await through(state().boot());
  await through(state().takeSamples());
  state().setSetting({ steps: 12, usedPairs: 2 });
  const run = state().spin();
  while (state().current?.step !== 4) await vi.advanceTimersByTimeAsync(10);
  await through(state().pause());
  await through(run);
  await through(state().chooseBackend("wasm"));
  calls.length = 0;
  await through(state().spin());
  return { state, calls };
}

test("the run waits with the question, and nothing of it is lost", async () => {
  const { state, calls } = await moved();
  expect(state().current).toMatchObject({ phase: "paused", step: 5, asks: { title: expect.any(String) as string } });
  expect(state().current?.asks?.title).toContain("was begun on webgpu; going on with wasm");
  expect(state()).toMatchObject({ problem: null, nodes: [{ backend: "webgpu", state: "begun", step: 5 }] });
  expect(calls).not.toContain("deleteNode");
});

test("it goes on here when a person says so", async () => {
  const { state } = await moved();
  await through(state().spin(undefined, true));
  expect(state().nodes).toMatchObject([{ state: "kept", backend: "wasm" }]);
  expect(state().current).toBeNull();
});

test("it goes on unasked where it was begun", async () => {
  const { state } = await moved();
  await through(state().chooseBackend("webgpu"));
  await through(state().spin());
  expect(state().nodes).toMatchObject([{ state: "kept", backend: "webgpu" }]);
});

test("where it was begun is known, though it was lost before the page read of it again", async () => {
  const { tell, on: onEvent } = createListeners<PageEvent>();
  const fake = createFakeStudio({ pace: 10, failAt: null, noGpu: false, memory: null });
  fake.onEvent(tell);
  const losing = losingDevice({ call: fake.call, onEvent }, 2);
  const store = createStudioStore(testDeps(losing));
  const state = () => store.getState();
  await through(state().boot());
  await through(state().takeSamples());
  state().setSetting({ steps: 16, usedPairs: 2 });
  const run = state().spin();
  while (state().loss?.phase !== "waiting") await vi.advanceTimersByTimeAsync(10);
  await through(state().revive("wasm"));
  await through(run);
  expect(state().current?.asks).not.toBeNull();
  expect(state().nodes).toMatchObject([{ state: "begun", backend: "webgpu" }]);
});
