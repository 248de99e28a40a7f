import { expect, test } from "vitest";
import { StudioError } from "../../lib/errors.ts";
import type { Hub, HubCallName, HubModel, HubNews } from "../../studio/api.ts";
import { createHubStore } from "./hub-store.ts";

const MODEL: HubModel = {
  key: "k",
  repo: "ann/model",
  revision: "main",
  commit: "0".repeat(40),
  title: "model",
  files: [{ path: "a.safetensors", size: 100 }],
  bytes: 100,
  here: 0,
  whole: false,
};

/** Answers each call by hand. */
function byHand() {
  const calls: {
    name: HubCallName;
    told: (news: HubNews) => void;
    end: (result: unknown) => void;
    fail: (error: unknown) => void;
  }[] = [];
  let kept: readonly HubModel[] = [];
  const hub: Hub = {
    call: (name, _, told = () => undefined, signal) =>
      name === "kept"
        ? (Promise.resolve(kept) as Promise<never>)
        : new Promise((end, fail) => {
            signal?.addEventListener("abort", () => fail(new DOMException("stopped", "AbortError")));
            calls.push({ name, told, end: end as (result: unknown) => void, fail });
          }),
  };
  let asked = 0;
  const store = createHubStore(hub, () => (asked += 1));
  return { store, calls, keep: (models: readonly HubModel[]) => (kept = models), asked: () => asked };
}

test("nothing is asked before somebody asks; every request is counted; one thing is done at a time", async () => {
  const { store, calls, asked } = byHand();
  await store.getState().recall();
  expect([calls.length, store.getState().kept]).toEqual([0, []]);
  const looking = store.getState().look("ann/model");
  await store.getState().look("another/one");
  expect(calls.map(({ name }) => name)).toEqual(["look"]);
  calls[0]?.told({ kind: "asking", url: "https://huggingface.co/x" });
  calls[0]?.told({ kind: "waiting", milliseconds: 4000, why: "The hub is busy." });
  expect(store.getState().task).toEqual({ kind: "looking", waiting: "The hub is busy. It is asked again in 4 s." });
  calls[0]?.told({ kind: "asking", url: "https://huggingface.co/x" });
  expect([store.getState().task, asked()]).toEqual([{ kind: "looking", waiting: null }, 2]);
  calls[0]?.end(MODEL);
  await looking;
  expect(store.getState()).toMatchObject({ task: null, found: MODEL, trouble: null });
});

test("a download tells how far it is; a pause is no trouble; what fails is told, and what is here is known", async () => {
  const { store, calls, keep } = byHand();
  const first = store.getState().download(MODEL);
  calls[0]?.told({ kind: "bytes", bytes: 40 });
  expect(store.getState().task).toMatchObject({ kind: "downloading", bytes: 40 });
  const part = { ...MODEL, here: 40 };
  keep([part]);
  store.getState().stop();
  expect(await first).toBe(false);
  expect(store.getState()).toMatchObject({ task: null, trouble: null, kept: [part] });

  const second = store.getState().download(part);
  calls[1]?.fail(new StudioError("storage-full", "There is no room.", "Delete something."));
  expect(await second).toBe(false);
  expect(store.getState().trouble).toEqual({ message: "There is no room.", hint: "Delete something." });

  const third = store.getState().download(part);
  expect(store.getState().trouble).toBeNull();
  keep([{ ...MODEL, here: 100, whole: true }]);
  calls[2]?.end(null);
  expect(await third).toBe(true);
});
