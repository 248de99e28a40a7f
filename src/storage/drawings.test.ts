import { expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { saveCheckpoint } from "./checkpoints.ts";
import { type Asked, beforeDrawings, type Drawing, drawings } from "./drawings.ts";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";
import { writeNode } from "./nodes.ts";
import { forgetProject } from "./projects.ts";
import { nodeAt } from "./test-support.ts";
import { collectLeftovers, purge, readTree } from "./tree.ts";

const asked = (seed: number, change: Partial<Asked> = {}): Asked => ({
  node: "1",
  version: "v",
  model: "m",
  prompt: "a cat",
  negativePrompt: "",
  seed,
  steps: 20,
  guidance: 3,
  ...change,
});
/** 12 bytes without alpha. */
const picture = (value: number): Drawing => ({
  side: 2,
  rgba: Uint8ClampedArray.from({ length: 16 }, (_, at) => (at % 4 === 3 ? 255 : value + at)),
});
const drawn = (seed: number) => [asked(seed), picture(seed)] as const;
const room = 3 * 12;

const seedsIn = async (store: KeyValue, of: readonly number[]): Promise<readonly number[]> => {
  const found = await Promise.all(of.map((seed) => drawings(store, "p").get(asked(seed))));
  return of.filter((_, at) => found[at]);
};
const keysOf = async (store: KeyValue) => (await store.keys()).filter((key) => key.startsWith("drawing/"));

test("a picture comes back for what decided it, and for nothing else", async () => {
  const store = memoryKeyValue();
  const kept = drawings(store, "p");
  await kept.put([drawn(7)]);
  expect(await kept.get(asked(7))).toEqual(picture(7));
  const others: Partial<Asked>[] = [
    { node: "2" },
    { version: "w" },
    { model: "n" },
    { prompt: "a" },
    { negativePrompt: "a cat" },
    { steps: 21 },
    { guidance: 4 },
  ];
  for (const other of others) expect([other, await kept.get(asked(7, other))]).toEqual([other, null]);
  expect(await kept.get(asked(8))).toBeNull();
  expect(await drawings(store, "q").get(asked(7))).toBeNull();
});

test("what does not fit any more goes, the oldest used first", async () => {
  const store = memoryKeyValue();
  const kept = drawings(store, "p", room);
  await kept.put([drawn(1), drawn(2), drawn(3)]);
  await kept.put([], [asked(1), asked(99)]);
  await kept.put([drawn(4)]);
  expect(await seedsIn(store, [1, 2, 3, 4])).toEqual([1, 3, 4]);
  // drawn once more is not there twice
  await kept.put([drawn(3), drawn(5)]);
  expect(await seedsIn(store, [1, 3, 4, 5])).toEqual([3, 4, 5]);
  await drawings(store, "p", 11).put([drawn(6)]);
  expect(await keysOf(store)).toEqual(["drawing/p"]);
});

test("what is spoilt was not there; without the list of them all begin anew", async () => {
  const store = memoryKeyValue();
  const kept = drawings(store, "p", room);
  await kept.put([drawn(1), drawn(2)]);
  const [, first] = await keysOf(store);
  await store.setMany([[first as string, { side: 2, rgb: new Uint8Array(11) }]]);
  expect(await seedsIn(store, [1, 2])).toHaveLength(1);
  await store.setMany([["drawing/p", "x"]]);
  await kept.put([drawn(3)]);
  expect(await seedsIn(store, [1, 2, 3])).toEqual([3]);
  expect(await keysOf(store)).toHaveLength(2);
});

test("a store that cannot be read has none; one that refuses keeps what it had", async () => {
  const store = memoryKeyValue();
  await drawings(store, "p").put([drawn(1)]);
  const blind: KeyValue = { ...store, get: () => Promise.reject(new Error("no")) };
  expect(await drawings(blind, "p").get(asked(1))).toBeNull();
  const refuse = () => Promise.reject(new StudioError("quota", "full"));
  await expect(drawings({ ...store, setMany: refuse }, "p").put([drawn(2)])).rejects.toThrow("full");
  expect(await seedsIn(store, [1, 2])).toEqual([1]);
});

test("on a full disk drawings make way for what cannot be drawn again, and for no other drawing", async () => {
  const inner = memoryKeyValue();
  let most = Infinity;
  const small: KeyValue = {
    ...inner,
    setMany: async (entries, gone = []) => {
      const after = new Set([...(await inner.keys()), ...entries.map(([key]) => key)]);
      for (const key of gone) after.delete(key);
      if (after.size > most) throw new StudioError("quota", "full");
      await inner.setMany(entries, gone);
    },
  };
  const store = beforeDrawings(small);
  await store.setMany([["head/p", 1]]);
  await drawings(store, "p").put([drawn(1), drawn(2)]);
  most = (await inner.keys()).length;
  await expect(drawings(store, "p").put([drawn(3)])).rejects.toThrow("full");
  expect(await seedsIn(inner, [1, 2])).toEqual([1, 2]);
  await store.setMany([["manifest/p/1", 1]]);
  expect(await inner.keys()).toEqual(["head/p", "manifest/p/1"]);
  most = 2;
  await expect(store.setMany([["manifest/p/2", 1]])).rejects.toThrow("full");
  expect(await inner.keys()).toEqual(["head/p", "manifest/p/1"]);
});

test("they go with their node and with the project, cost a node nothing, and base's stay", async () => {
  const store = memoryKeyValue();
  const files = new Map([["weights", new Uint8Array(100)]]);
  for (const number of [1, 2, 3]) {
    await writeNode(store, "p", nodeAt(number, number === 2 ? { deleted: "2026-11-24T12:00:00.000Z" } : {}));
    await saveCheckpoint(store, "p", nodeAt(number), { step: 4, complete: true }, files);
  }
  const nodes = ["base", "1", "2", "3", "gone"];
  await drawings(store, "p").put(nodes.map((node) => [asked(1, { node }), picture(1)]));
  await drawings(store, "q").put([drawn(1)]);
  const left = async (): Promise<readonly string[]> => {
    const all = await Promise.all(nodes.map((node) => drawings(store, "p").get(asked(1, { node }))));
    return nodes.filter((_, at) => all[at]);
  };
  expect((await readTree(store, "p", new Set())).nodes.map(({ bytes }) => bytes)).toEqual([100, 100, 100]);
  await collectLeftovers(store, "p");
  expect(await left()).toEqual(["base", "1", "2", "3"]);
  expect(await purge(store, "p", null)).toBe(100);
  expect(await left()).toEqual(["base", "1", "3"]);
  await forgetProject(store, "p");
  expect((await keysOf(store)).every((key) => key.startsWith("drawing/q"))).toBe(true);
  expect(await seedsIn(store, [1])).toEqual([]);
  expect(await drawings(store, "q").get(asked(1))).toEqual(picture(1));
});
