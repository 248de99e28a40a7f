import { beforeEach, describe, expect, test } from "vitest";
import {
  type CheckpointEntry,
  collectOrphans,
  deleteCheckpoints,
  forgetCheckpoints,
  listCheckpoints,
  loadNewest,
  saveCheckpoint,
} from "./checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";

const project = "a/b ü";
const partBytes = 10;
const files = (seed: number) =>
  new Map([
    ["adapter.safetensors", Uint8Array.from({ length: 25 }, (_, i) => seed + i)],
    ["empty", new Uint8Array(0)],
    ["state.json", Uint8Array.of(seed)],
  ]);
const save = (store: KeyValue, iteration: number, step: number, complete = false) =>
  saveCheckpoint(store, project, { iteration, step, complete }, files(iteration * 100 + step), partBytes);
const at = ({ iteration, step, complete }: CheckpointEntry) => `${iteration}:${step}${complete ? "!" : ""}`;
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

test("keeps two of the newest iteration and the complete one of each earlier", async () => {
  for (const step of [1, 2, 3]) await save(store, 1, step);
  expect(await list(store)).toEqual(["1:2", "1:3"]);
  await save(store, 1, 4, true);
  expect(await list(store)).toEqual(["1:3", "1:4!"]);
  await save(store, 2, 1);
  await save(store, 2, 2, true);
  await save(store, 3, 1);
  expect(await list(store)).toEqual(["1:4!", "2:2!", "3:1"]);
  expect(await found(store, "part/")).toHaveLength(12);
  expect(await found(store, "manifest/")).toHaveLength(3);
  expect((await load(store, ({ iteration, complete }) => complete && iteration === 1)).whole).toEqual({
    at: "1:4!",
    files: files(104),
  });
});

test("projects do not touch each other", async () => {
  await save(store, 1, 1);
  await saveCheckpoint(store, "a", { iteration: 1, step: 9, complete: false }, files(0));
  await forgetCheckpoints(store, project);
  expect(await list(store)).toEqual([]);
  expect((await listCheckpoints(store, "a")).map(at)).toEqual(["1:9"]);
  expect((await loadNewest(store, "a")).loaded?.files).toEqual(files(0));
  await deleteCheckpoints(store, "a", () => true);
  expect(await store.keys()).toEqual(["head/a"]);
});

/** Fails at the n-th write, before or after it took place, and at every later one. */
function failingAt(inner: KeyValue, n: number, when: "before" | "after"): KeyValue & { writes: number } {
  const faulty = {
    ...inner,
    writes: 0,
    setMany: (entries: Parameters<KeyValue["setMany"]>[0]) => write(() => inner.setMany(entries)),
    deleteMany: (keys: readonly string[]) => write(() => inner.deleteMany(keys)),
  };
  async function write(work: () => Promise<void>): Promise<void> {
    faulty.writes += 1;
    if (faulty.writes < n || (faulty.writes === n && when === "after")) await work();
    if (faulty.writes >= n) throw new Error(`fault at write ${n}`);
  }
  return faulty;
}

describe.each(["before", "after"] as const)("a crash %s any write of a save", (when) => {
  async function prepared(): Promise<KeyValue> {
    const inner = memoryKeyValue();
    await save(inner, 1, 4, true);
    await save(inner, 2, 1);
    await save(inner, 2, 2);
    return inner;
  }

  test("leaves the old checkpoint or the new one, whole, and nothing that cannot be collected", async () => {
    const counter = failingAt(await prepared(), Number.POSITIVE_INFINITY, when);
    await save(counter, 2, 3);
    expect(counter.writes).toBe(6); // four parts, the commit, the cleaning
    for (let n = 1; n <= counter.writes; n++) {
      const inner = await prepared();
      const outcome = await save(failingAt(inner, n, when), 2, 3).then(at, String);
      // a save that was reported is there, and one that is there loads
      const { whole, damaged } = await load(inner);
      const committed = n > 5 || (n === 5 && when === "after");
      expect(outcome).toBe(n > 5 ? "2:3" : `Error: fault at write ${n}`);
      expect(whole).toEqual(committed ? { at: "2:3", files: files(203) } : { at: "2:2", files: files(202) });
      expect(damaged).toEqual([]);
      expect((await load(inner, ({ iteration }) => iteration === 1)).whole?.at).toBe("1:4!");
      await collectOrphans(inner, project);
      expect(await found(inner, "part/")).toHaveLength(12);
      expect(await found(inner, "manifest/")).toHaveLength(3);
      await save(inner, 2, 4);
      expect((await load(inner)).whole).toEqual({ at: "2:4", files: files(204) });
      expect(await found(inner, "part/")).toHaveLength(12);
    }
  });

  test("and of a deletion leaves every listed checkpoint whole", async () => {
    for (let n = 1; n <= 2; n++) {
      const inner = await prepared();
      await expect(
        deleteCheckpoints(failingAt(inner, n, when), project, ({ iteration }) => iteration === 2),
      ).rejects.toThrow(/fault at write/);
      expect((await load(inner)).damaged).toEqual([]);
      await deleteCheckpoints(inner, project, ({ iteration }) => iteration === 2);
      expect(await list(inner)).toEqual(["1:4!"]);
      expect(await found(inner, "part/")).toHaveLength(4);
    }
  });
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
      async (uuid) => store.setMany([[await manifestOf(uuid), { schema: 1, files: "x" }]]),
      "its manifest is not readable",
    ],
    [
      "a manifest of schema 0",
      async (uuid) => store.setMany([[await manifestOf(uuid), { schema: 0 }]]),
      "its manifest is not readable",
    ],
    [
      "a newer manifest",
      async (uuid) => store.setMany([[await manifestOf(uuid), { schema: 2 }]]),
      "it was written by a newer version of the studio",
    ],
  ];
  test.each(cases)("%s", async (_, spoil, fault) => {
    await save(store, 1, 1);
    await save(store, 1, 2);
    await spoil((await newest()).uuid);
    const { whole, damaged } = await load(store);
    expect(whole).toEqual({ at: "1:1", files: files(101) });
    expect(damaged).toEqual([`The checkpoint of iteration 1 at step 2 cannot be used: ${fault}.`]);
  });

  const heads: readonly [string, unknown][] = [
    ["lost", undefined],
    ["garbage", "x"],
    ["of an older schema", { schema: 0, entries: [] }],
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
    await store.setMany([[head as string, { schema: 2 }]]);
    const before = await store.keys();
    for (const use of [() => load(store), () => save(store, 1, 2), () => collectOrphans(store, project)]) {
      await expect(use()).rejects.toMatchObject({ code: "newer" });
    }
    await store.deleteMany([head as string]);
    await store.setMany([[(await found(store, "manifest/"))[0] as string, { schema: 2 }]]);
    await expect(collectOrphans(store, project)).rejects.toMatchObject({ code: "newer" });
    expect(await store.keys()).toEqual(before.filter((key) => key !== head));
  });
});
