import { beforeEach, describe, expect, test } from "vitest";
import {
  type CheckpointEntry,
  collectOrphans,
  findIncomplete,
  listCheckpoints,
  loadNewest,
  saveCheckpoint,
  takeBack,
} from "./checkpoints.ts";
import { type KeyValue, memoryKeyValue, whileHeld } from "./key-value.ts";
import { writeNode } from "./nodes.ts";
import { forgetProject } from "./projects.ts";
import { atEveryWrite, nodeAt } from "./test-support.ts";

const project = "a/b ü";
const partBytes = 10;
const files = (seed: number) =>
  new Map([
    ["adapter.safetensors", Uint8Array.from({ length: 25 }, (_, i) => seed + i)],
    ["empty", new Uint8Array(0)],
    ["state.json", Uint8Array.of(seed)],
  ]);
const save = (store: KeyValue, node: number, step: number, complete = false) =>
  saveCheckpoint(store, project, nodeAt(node), { step, complete }, files(node * 100 + step), partBytes);
const at = ({ node, step, complete }: CheckpointEntry) => `${node}:${step}${complete ? "!" : ""}`;
const list = async (store: KeyValue) => (await listCheckpoints(store, project)).map(at);
async function load(store: KeyValue, wanted?: (entry: CheckpointEntry) => boolean) {
  const { loaded, damaged } = await loadNewest(store, project, wanted);
  const whole = loaded && { at: at(loaded.entry), files: loaded.files };
  return { whole, damaged: damaged.map(({ reason }) => reason) };
}
const found = async (store: KeyValue, start: string) => (await store.keys()).filter((key) => key.startsWith(start));

let store: KeyValue;
beforeEach(() => {
  store = memoryKeyValue();
});

test("what is saved is loaded, in parts of a limited size", async () => {
  expect(await load(store)).toEqual({ whole: null, damaged: [] });
  await save(store, 1, 5);
  expect(await load(store)).toEqual({ whole: { at: "1:5", files: files(105) }, damaged: [] });
  const parts = await found(store, "part/");
  expect(parts).toHaveLength(4);
  for (const key of parts)
    expect(((await store.get(key)) as Uint8Array).buffer.byteLength).toBeLessThanOrEqual(partBytes);
});

test("keeps two of a node that is begun, and of a finished one the complete one", async () => {
  for (const step of [1, 2, 3]) await save(store, 1, step);
  expect(await list(store)).toEqual(["1:2", "1:3"]);
  await save(store, 2, 1);
  await save(store, 1, 4, true);
  expect(await list(store)).toEqual(["2:1", "1:4!"]);
  await save(store, 2, 2);
  await save(store, 2, 3);
  await save(store, 3, 1);
  expect(await list(store)).toEqual(["1:4!", "2:2", "2:3", "3:1"]);
  expect(await found(store, "part/")).toHaveLength(16);
  expect(await found(store, "manifest/")).toHaveLength(4);
  expect((await load(store, ({ node }) => node === "1")).whole).toEqual({ at: "1:4!", files: files(104) });
  expect((await listCheckpoints(store, project)).map(({ bytes }) => bytes)).toEqual([26, 26, 26, 26]);
});

test("a save is taken back where there is one before it, with its parts", async () => {
  await save(store, 1, 2);
  await save(store, 2, 4);
  expect(await takeBack(store, project, "1", 2)).toBeNull();
  expect(await list(store)).toEqual(["1:2", "2:4"]);
  await save(store, 1, 4);
  expect(at((await takeBack(store, project, "1", 4)) as CheckpointEntry)).toBe("1:2");
  expect(await list(store)).toEqual(["1:2", "2:4"]);
  expect((await load(store, ({ node }) => node === "1")).whole).toEqual({ at: "1:2", files: files(102) });
  expect(await found(store, "manifest/")).toHaveLength(2);
  expect(await found(store, "part/")).toHaveLength(8);
});

test("projects do not touch each other", async () => {
  await save(store, 1, 1);
  await saveCheckpoint(store, "a", nodeAt(1), { step: 9, complete: false }, files(0));
  await forgetProject(store, project);
  expect(await list(store)).toEqual([]);
  expect((await listCheckpoints(store, "a")).map(at)).toEqual(["1:9"]);
  expect((await loadNewest(store, "a")).loaded?.files).toEqual(files(0));
  await forgetProject(store, "a");
  expect(await store.keys()).toEqual([]);
});

test("whoever lost the lock writes nothing more", async () => {
  await save(store, 1, 1);
  const before = await store.keys();
  const lost = new AbortController();
  let writes = 0;
  const stolen: KeyValue = {
    ...store,
    setMany: async (...write) => {
      await store.setMany(...write);
      if (++writes === 3) lost.abort(new Error("taken over"));
    },
  };
  await expect(save(whileHeld(stolen, lost.signal), 1, 2)).rejects.toThrow("taken over");
  expect(writes).toBe(3);
  expect(await list(store)).toEqual(["1:1"]);
  await collectOrphans(store, project);
  expect(await store.keys()).toEqual(before);
});

describe.each(["before", "after", "alone"] as const)("a fault %s at any write of a save", (when) => {
  async function prepared(): Promise<KeyValue> {
    const inner = memoryKeyValue();
    await save(inner, 1, 4, true);
    await save(inner, 2, 1);
    await save(inner, 2, 2);
    return inner;
  }

  test("leaves the old checkpoint or the new one, whole, and nothing that cannot be collected", async () => {
    const writes = await atEveryWrite(
      prepared,
      async (faulty) => at(await save(faulty, 2, 3)),
      when,
      async (inner, n, outcome) => {
        // a save that was reported is there, and one that is there loads
        const { whole, damaged } = await load(inner);
        const committed = n > 5 || (n === 5 && when === "after");
        expect(outcome).toBe(n > 5 ? "2:3" : `Error: fault at write ${n}`);
        expect(whole).toEqual(committed ? { at: "2:3", files: files(203) } : { at: "2:2", files: files(202) });
        expect(damaged).toEqual([]);
        expect(await findIncomplete(inner, project)).toEqual([]);
        // of a save that fails alone nothing is left to fill the disk; the fault may be the cleaning's own
        const left = (await found(inner, "part/")).length;
        expect(when === "alone" && n < 6 ? left : 12).toBe(12);
        expect((await load(inner, ({ node }) => node === "1")).whole?.at).toBe("1:4!");
        await collectOrphans(inner, project);
        expect(await found(inner, "part/")).toHaveLength(12);
        expect(await found(inner, "manifest/")).toHaveLength(3);
        await save(inner, 2, 4);
        expect((await load(inner)).whole).toEqual({ at: "2:4", files: files(204) });
        expect(await found(inner, "part/")).toHaveLength(12);
      },
    );
    expect(writes).toBe(6); // four parts, the commit, the cleaning
  });

  test("that ends a node leaves its last step or its end", async () => {
    await atEveryWrite(
      prepared,
      (faulty) => save(faulty, 2, 3, true),
      when,
      async (inner, n) => {
        const committed = n > 5 || (n === 5 && when === "after");
        expect(await list(inner)).toEqual(committed ? ["1:4!", "2:3!"] : ["1:4!", "2:1", "2:2"]);
        expect(await findIncomplete(inner, project)).toEqual([]);
      },
    );
  });
});

test("what was passed over as damaged makes room for what is whole", async () => {
  for (const step of [1, 2]) await save(store, 1, step);
  await save(store, 2, 4, true);
  for (const { uuid, step } of await listCheckpoints(store, project))
    if (step > 1) await store.deleteMany([`part/${encodeURIComponent(project)}/${uuid}/0`]);
  await save(store, 1, 2);
  expect(await list(store)).toEqual(["1:1", "2:4!", "1:2"]);
  // a finished node is trained again
  await save(store, 2, 1);
  expect(await list(store)).toEqual(["1:1", "1:2", "2:1"]);
  expect((await load(store)).whole?.at).toBe("2:1");
});

/** Another tab saves twice as soon as the head is read, so that what it lists makes room. */
async function disturbed(): Promise<KeyValue> {
  for (const step of [1, 2]) await save(store, 1, step);
  let calm = false;
  const get = async (key: string): Promise<unknown> => {
    const value = await store.get(key);
    if (calm || !key.startsWith("head/")) return value;
    calm = true;
    for (const step of [3, 4]) await save(store, 1, step);
    return value;
  };
  return { ...store, get };
}

test("a save by another tab while this one reads is no damage", async () => {
  expect(await load(await disturbed())).toEqual({ whole: { at: "1:4", files: files(104) }, damaged: [] });
});

test("… nor while this one looks for what is missing", async () => {
  expect(await findIncomplete(await disturbed(), project)).toEqual([]);
  expect(await list(store)).toEqual(["1:3", "1:4"]);
});

describe("damage is named, and the checkpoint before is taken", () => {
  const newest = async () => (await listCheckpoints(store, project)).at(-1) as CheckpointEntry;
  const partOf = async (uuid: string) => (await found(store, "part/")).find((key) => key.includes(uuid)) as string;
  const manifestOf = async (uuid: string) =>
    (await found(store, "manifest/")).find((key) => key.includes(uuid)) as string;
  const cases: readonly [string, (uuid: string) => Promise<void>, string][] = [
    [
      "a flipped bit",
      async (uuid) => {
        const key = await partOf(uuid);
        const bytes = (await store.get(key)) as Uint8Array;
        bytes[3] = (bytes[3] as number) ^ 1;
        await store.setMany([[key, bytes]]);
      },
      "a part of adapter.safetensors has changed (its sha256 differs)",
    ],
    [
      "a missing part",
      async (uuid) => store.deleteMany([await partOf(uuid)]),
      "a part of adapter.safetensors is missing",
    ],
    [
      "a cut part",
      async (uuid) => store.setMany([[await partOf(uuid), new Uint8Array(3)]]),
      "a part of adapter.safetensors has another size",
    ],
    [
      "a part that is no bytes",
      async (uuid) => store.setMany([[await partOf(uuid), "x"]]),
      "a part of adapter.safetensors has another size",
    ],
    ["a missing manifest", async (uuid) => store.deleteMany([await manifestOf(uuid)]), "its manifest is missing"],
    [
      "garbage as manifest",
      async (uuid) => store.setMany([[await manifestOf(uuid), { schema: 2, files: "x" }]]),
      "its manifest is not readable",
    ],
    [
      "a manifest of schema 0",
      async (uuid) => store.setMany([[await manifestOf(uuid), { schema: 0 }]]),
      "its manifest is not readable",
    ],
    [
      "a newer manifest",
      async (uuid) => store.setMany([[await manifestOf(uuid), { schema: 3 }]]),
      "it was written by a newer version of the studio",
    ],
  ];
  test.each(cases)("%s", async (_, spoil, fault) => {
    await save(store, 1, 1);
    await save(store, 1, 2);
    await writeNode(store, project, nodeAt(1, { name: "Warm light" }));
    await spoil((await newest()).uuid);
    const { whole, damaged } = await load(store);
    expect(whole).toEqual({ at: "1:1", files: files(101) });
    const told = [`The checkpoint of Warm light at step 2 cannot be used: ${fault}. Step 1 is used instead.`];
    expect(damaged).toEqual(told);
    // what is missing is seen without reading the parts
    const seen = (await findIncomplete(store, project)).map(({ reason }) => reason);
    expect(seen).toEqual(/missing|readable|newer/.test(fault) ? told : []);
  });

  const heads: readonly [string, unknown][] = [
    ["lost", undefined],
    ["garbage", "x"],
    ["of an unknown schema", { schema: 0, entries: [] }],
  ];
  test.each(heads)("a head that is %s is made again from the manifests", async (_, head) => {
    await save(store, 1, 4, true);
    await save(store, 2, 1);
    const [key] = await found(store, "head/");
    await (head === undefined ? store.deleteMany([key as string]) : store.setMany([[key as string, head]]));
    expect(await list(store)).toEqual(["1:4!", "2:1"]);
    await save(store, 2, 2);
    expect(await list(store)).toEqual(["1:4!", "2:1", "2:2"]);
  });

  test("a newer head or manifest is neither read nor tidied away", async () => {
    await save(store, 1, 1);
    const [head] = await found(store, "head/");
    await store.setMany([[head as string, { schema: 3 }]]);
    const before = await store.keys();
    for (const use of [() => load(store), () => save(store, 1, 2), () => collectOrphans(store, project)]) {
      await expect(use()).rejects.toMatchObject({ code: "newer" });
    }
    await store.deleteMany([head as string]);
    await store.setMany([[(await found(store, "manifest/"))[0] as string, { schema: 3 }]]);
    await expect(collectOrphans(store, project)).rejects.toMatchObject({ code: "newer" });
    expect(await store.keys()).toEqual(before.filter((key) => key !== head));
  });
});
