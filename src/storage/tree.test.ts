import { beforeEach, describe, expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { findIncomplete, listCheckpoints, loadNewest, saveCheckpoint } from "./checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";
import { type NodeRecord, readNode, writeNode } from "./nodes.ts";
import { writePairs, writePicture, writeReports } from "./projects.ts";
import { atEveryWrite, nodeAt } from "./test-support.ts";
import { purge, readTree } from "./tree.ts";

const files = new Map([["weights", new Uint8Array(100)]]);
const rgba = new Uint8ClampedArray(4);

/** Each node with its reports, a picture of its opponent, and a checkpoint at `step`, complete where it is 4. */
async function plant(store: KeyValue, nodes: readonly (readonly [NodeRecord, number])[]): Promise<void> {
  await writePairs(store, "p", [{ id: "a", caption: "a", side: 1, rgba }]);
  for (const [node, step] of nodes) {
    await writeNode(store, "p", node);
    await writeReports(store, "p", node.id, [{ step }]);
    await writePicture(store, "p", node.id, 0, { prompt: "a", seed: 1, side: 1, rgba });
    if (step > 0) await saveCheckpoint(store, "p", node, { step, complete: step === 4 }, files);
  }
}

const show = async (store: KeyValue) =>
  (await readTree(store, "p", new Set())).nodes.map(
    ({ node, newest, bytes }) => `${node.id} ${node.gone ? "gone" : (newest?.step ?? 0)} ${bytes}`,
  );
const at = "2026-11-24T12:00:00.000Z";

let store: KeyValue;
beforeEach(() => {
  store = memoryKeyValue();
});

test("every node with its newest step and what it costs", async () => {
  await plant(store, [
    [nodeAt(1), 4],
    [nodeAt(2), 2],
    [nodeAt(3, { parent: "1", iteration: 2 }), 0],
  ]);
  expect(await show(store)).toEqual(["1 4 104", "2 2 104", "3 0 4"]);
});

test("a lost record is made again from the node's checkpoint, and a checkpoint that lacks a part does not count", async () => {
  await plant(store, [
    [nodeAt(1), 4],
    [nodeAt(2, { name: "Blue" }), 1],
  ]);
  await saveCheckpoint(store, "p", nodeAt(2, { name: "Blue" }), { step: 2, complete: false }, files);
  const last = (await listCheckpoints(store, "p")).at(-1)?.uuid;
  await store.deleteMany(["node/p/1", `part/p/${last}/0`]);
  const { nodes, damaged } = await readTree(store, "p", new Set());
  expect(nodes[0]?.node).toEqual(nodeAt(1));
  expect(nodes[1]?.newest?.step).toBe(1);
  expect(damaged).toEqual([
    "The checkpoint of Blue at step 2 cannot be used: a part of weights is missing. Step 1 is used instead.",
  ]);
});

test("a record of a newer version is refused, one that is garbage is left out and said", async () => {
  await plant(store, [[nodeAt(1), 0]]);
  await store.setMany([["node/p/2", "x"]]);
  const { nodes, damaged } = await readTree(store, "p", new Set());
  expect(nodes.map(({ node }) => node.id)).toEqual(["1"]);
  expect(damaged).toEqual(["A node of the tree cannot be read, and is left out."]);
  await store.setMany([["node/p/2", { schema: 3 }]]);
  await expect(readTree(store, "p", new Set())).rejects.toMatchObject({ code: "newer" });
});

describe("what a crash left behind", () => {
  const junk = ["part/p/x/0", "manifest/p/x", "pair/p/gone", "reports/p/9", "picture/p/9/0"];
  const prepared = async () => {
    const inner = memoryKeyValue();
    await plant(inner, [
      [nodeAt(1), 4],
      [nodeAt(2), 2],
      [nodeAt(3, { deleted: at }), 2],
    ]);
    // its record is made again from its checkpoint, so what is its own stays
    await inner.deleteMany(["node/p/2"]);
    await inner.setMany(junk.map((key) => [key, 1]));
    return inner;
  };

  test.each(["before", "after", "alone"] as const)("is collected by a purge, a fault %s at any write", async (when) => {
    const clean = await prepared();
    await purge(clean, "p", null);
    const keys = async (some: KeyValue) =>
      (await some.keys()).map((key) => key.replace(/\w{8}(-\w{4}){3}-\w{12}/, "uuid"));
    const expected = await keys(clean);
    expect(expected.filter((key) => junk.includes(key))).toEqual([]);
    expect(await show(clean)).toEqual(["1 4 104", "2 2 104"]);
    const writes = await atEveryWrite(
      prepared,
      (faulty) => purge(faulty, "p", null),
      when,
      async (inner) => {
        expect(await findIncomplete(inner, "p")).toEqual([]);
        expect((await show(inner)).slice(0, 2)).toEqual(["1 4 104", "2 2 104"]);
        await purge(inner, "p", null);
        expect(await keys(inner)).toEqual(expected);
      },
    );
    expect(writes).toBe(3);
  });

  test("a list of pairs that cannot be read keeps all pixels", async () => {
    const inner = await prepared();
    await inner.setMany([["project/p", "x"]]);
    await purge(inner, "p", null);
    expect((await inner.keys()).filter((key) => key.startsWith("pair/"))).toHaveLength(2);
  });
});

describe("purging", () => {
  test("wipes what was deleted and leaves a record where others descend from it", async () => {
    await plant(store, [
      [nodeAt(1, { deleted: at }), 4],
      [nodeAt(2), 4],
      [nodeAt(3, { deleted: at }), 4],
    ]);
    expect(await purge(store, "p", null)).toBe(208);
    expect(await show(store)).toEqual(["1 gone 0", "2 4 104"]);
    expect((await store.keys()).filter((key) => /^(part|manifest|picture|reports)\//.test(key))).toHaveLength(4);
    // a record that nobody names any more goes with the last who did
    await writeNode(store, "p", nodeAt(2, { deleted: at }));
    await purge(store, "p", null);
    expect(await show(store)).toEqual([]);
    expect((await store.keys()).filter((key) => key.startsWith("node/"))).toEqual([]);
  });

  test("spares the weights that an unfinished node needs", async () => {
    await plant(store, [
      [nodeAt(1, { deleted: at }), 4],
      [nodeAt(2, { deleted: at }), 4],
      [nodeAt(3, { parent: "1", opponent: "2", iteration: 2 }), 0],
    ]);
    expect(await purge(store, "p", null)).toBe(0);
    // with a saved step it does not go back to its parent any more
    await saveCheckpoint(store, "p", nodeAt(3, { parent: "1", opponent: "2" }), { step: 1, complete: false }, files);
    expect(await purge(store, "p", null)).toBe(104);
    expect(await show(store)).toEqual(["1 gone 0", "2 4 104", "3 1 104"]);
    await saveCheckpoint(store, "p", nodeAt(3, { parent: "1", opponent: "2" }), { step: 4, complete: true }, files);
    await purge(store, "p", null);
    expect(await show(store)).toEqual(["1 gone 0", "2 gone 0", "3 4 104"]);
  });

  test("one node alone", async () => {
    await plant(store, [
      [nodeAt(1, { deleted: at }), 4],
      [nodeAt(2, { parent: "base", iteration: 1, deleted: at }), 4],
      [nodeAt(3, { parent: "base", iteration: 1 }), 4],
    ]);
    expect(await purge(store, "p", "2")).toBe(104);
    expect(await purge(store, "p", "3")).toBe(0);
    expect(await show(store)).toEqual(["1 4 104", "3 4 104"]);
  });

  test("frees a full disk, which takes no write, also of a node that could not be marked as deleted", async () => {
    await plant(store, [
      [nodeAt(1), 4],
      [nodeAt(2), 4],
      [nodeAt(3), 2],
    ]);
    const refuse = () => Promise.reject(new StudioError("quota", "full"));
    let full = true;
    const disk: KeyValue = {
      ...store,
      setMany: (...write) => (full ? refuse() : store.setMany(...write)),
      deleteMany: async (keys) => {
        await store.deleteMany(keys);
        full = false;
        // as a crash would leave it here
        expect((await listCheckpoints(store, "p")).map(({ node }) => node)).toEqual(["2", "3"]);
        expect(await findIncomplete(store, "p")).toEqual([]);
      },
    };
    expect(await purge(disk, "p", "1")).toBe(0);
    expect(await purge(disk, "p", "1", true)).toBe(104);
    expect(await show(store)).toEqual(["1 gone 0", "2 4 104", "3 2 104"]);
    expect((await store.keys()).includes("head/p")).toBe(true);
  });

  test.each(["before", "after", "alone"] as const)("is all or nothing, a fault %s at any write", async (when) => {
    const prepared = async () => {
      const inner = memoryKeyValue();
      await plant(inner, [
        [nodeAt(1, { deleted: at }), 4],
        [nodeAt(2), 4],
        [nodeAt(3, { deleted: at }), 2],
      ]);
      return inner;
    };
    const whole = await show(await prepared());
    const writes = await atEveryWrite(
      prepared,
      (faulty) => purge(faulty, "p", null),
      when,
      async (inner) => {
        expect(await show(inner)).toEqual(when !== "after" ? whole : ["1 gone 0", "2 4 104"]);
        expect(await findIncomplete(inner, "p")).toEqual([]);
        // until it is done, a deletion can be taken back
        const node = await readNode(inner, "p", "3");
        if (node) await writeNode(inner, "p", { ...node, deleted: null });
        const { loaded } = await loadNewest(inner, "p", (entry) => entry.node === "3");
        expect(loaded?.files).toEqual(when !== "after" ? files : undefined);
      },
    );
    expect(writes).toBe(1);
  });
});
