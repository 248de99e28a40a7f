/** @file Projects of schema 1 as that version wrote them, carried over. */
import { expect, test } from "vitest";
import { sha256 } from "../lib/sha256.ts";
import { listCheckpoints, loadNewest, saveCheckpoint } from "./checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";
import { readPairList, readPairs, readPictures, readReports } from "./projects.ts";
import { atEveryWrite } from "./test-support.ts";
import { readTree } from "./tree.ts";
import { isChain, upgrade } from "./upgrade.ts";

const rgba = Uint8ClampedArray.of(1, 2, 3, 255);
const bytesOf = (seed: number) => Uint8Array.of(seed, 2, 3);

/** Two pairs, SPIN 1 finished, SPIN 2 at step 6, SPIN 3 as the page of schema 1 never had it: asked for, without a step. */
async function chain(): Promise<KeyValue> {
  const store = memoryKeyValue();
  const pairs = ["a", "b"].map((id) => ({ id, caption: `caption ${id}`, side: 1 }));
  await store.setMany([
    ["project/p", { schema: 1, pairs }],
    ...pairs.map(({ id }) => [`pair/p/${id}/1`, rgba] as const),
  ]);
  const entries = [];
  for (const [sequence, iteration, step, complete] of [
    [3, 1, 9, true],
    [4, 2, 3, false],
    [5, 2, 6, false],
  ] as const) {
    const uuid = `uuid-${sequence}`;
    const entry = { uuid, sequence, iteration, step, complete };
    const part = { key: `part/p/${uuid}/0`, bytes: 3, sha256: await sha256(bytesOf(sequence)) };
    await store.setMany([
      [part.key, bytesOf(sequence)],
      [
        `manifest/p/${uuid}`,
        { schema: 1, ...entry, createdAt: "2026-11-01", files: [{ name: "weights", parts: [part] }] },
      ],
    ]);
    entries.push(entry);
  }
  await store.setMany([
    ["head/p", { schema: 1, entries }],
    ["settings/p/1", { steps: 9 }],
    ["settings/p/2", { steps: 12 }],
    ["reports/p/1", [{ step: 1 }]],
    ["picture/p/2/0", { prompt: "a", seed: 3, side: 1, rgba }],
  ]);
  return store;
}

async function expectTree(store: KeyValue): Promise<void> {
  const { nodes, damaged } = await readTree(store, "p", new Set());
  expect(damaged).toEqual([]);
  expect(nodes.map(({ node, newest, bytes }) => ({ ...node, createdAt: "", at: newest?.step, bytes }))).toMatchObject([
    { id: "1", parent: "base", opponent: "base", iteration: 1, number: 1, settings: { steps: 9 }, at: 9, bytes: 3 },
    { id: "2", parent: "1", opponent: "1", iteration: 2, number: 2, settings: { steps: 12 }, at: 6, bytes: 10 },
  ]);
  expect(new Set(nodes.map(({ node }) => node.pairs)).size).toBe(1);
  for (const [node, seed] of [
    ["1", 3],
    ["2", 5],
  ] as const) {
    const { loaded } = await loadNewest(store, "p", (entry) => entry.node === node);
    expect(loaded?.files).toEqual(new Map([["weights", bytesOf(seed)]]));
  }
  expect((await readPairs(store, "p")).map(({ caption }) => caption)).toEqual(["caption a", "caption b"]);
  expect([...(await readReports(store, "p")).keys()]).toEqual(["1"]);
  expect((await readPictures(store, "p", "2")).get(0)?.seed).toBe(3);
}

test("a chain becomes a tree of one line, and goes on as one", async () => {
  const store = await chain();
  expect(await isChain(store, "p")).toBe(true);
  await upgrade(store, "p");
  expect(await isChain(store, "p")).toBe(false);
  await expectTree(store);
  const { nodes } = await readTree(store, "p", new Set());
  const second = nodes[1]?.node as NonNullable<(typeof nodes)[number]>["node"];
  await saveCheckpoint(store, "p", second, { step: 12, complete: true }, new Map([["weights", bytesOf(9)]]));
  expect((await listCheckpoints(store, "p")).map(({ node, step }) => [node, step])).toEqual([
    ["1", 9],
    ["2", 12],
  ]);
  expect((await readPairList(store, "p")).every((pair) => pair.sha256.length === 64)).toBe(true);
  expect((await store.keys()).filter((key) => key.startsWith("settings/"))).toEqual([]);
});

test.each([
  "before",
  "after",
  "alone",
] as const)("a fault %s its one write leaves a chain that can be carried over", async (when) => {
  const writes = await atEveryWrite(
    chain,
    (faulty) => upgrade(faulty, "p"),
    when,
    async (inner) => {
      expect(await isChain(inner, "p")).toBe(when !== "after");
      await upgrade(inner, "p");
      await expectTree(inner);
    },
  );
  expect(writes).toBe(1);
});

test("a chain whose head is lost is carried over from its manifests", async () => {
  const store = await chain();
  await store.deleteMany(["head/p"]);
  await upgrade(store, "p");
  await expectTree(store);
});

test("a tree, an empty store and what a newer version wrote stay untouched", async () => {
  const store = await chain();
  await upgrade(store, "p");
  const guarded: KeyValue = { ...store, setMany: () => Promise.reject(new Error("written")) };
  await upgrade(guarded, "p");
  await upgrade({ ...memoryKeyValue(), setMany: () => Promise.reject(new Error("written")) }, "p");
  await store.setMany([["head/p", { schema: 3 }]]);
  await expect(upgrade(guarded, "p")).rejects.toMatchObject({ code: "newer" });
});
