import { beforeEach, expect, test } from "vitest";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";
import {
  forgetProject,
  hashOfPairs,
  listProjects,
  putPixels,
  readNote,
  readPairList,
  readPairs,
  readPictures,
  readReports,
  writeNote,
  writePairs,
  writePicture,
  writeReports,
} from "./projects.ts";
import { collectLeftovers } from "./tree.ts";
import { atEveryWrite } from "./test-support.ts";

const pair = (id: string, side = 1) => ({
  id,
  caption: `caption ${id}`,
  side,
  rgba: new Uint8ClampedArray(side * side * 4).fill(id.length),
});
const picture = (seed: number) => ({ prompt: "p", seed, side: 1, rgba: Uint8ClampedArray.of(seed, 2, 3, 255) });

let store: KeyValue;
beforeEach(() => {
  store = memoryKeyValue();
});

test("pairs are replaced whole, in their order", async () => {
  expect(await readPairs(store, "p")).toEqual([]);
  await writePairs(store, "p", [pair("bb"), pair("a", 2)]);
  expect(await readPairs(store, "p")).toMatchObject([pair("bb"), pair("a", 2)]);
  const more = { ...pair("ccc"), out: true, about: { file: "c.png" } };
  await writePairs(store, "p", [pair("a"), more]);
  expect(await readPairs(store, "p")).toMatchObject([pair("a"), more]);
  expect(await readPairList(store, "p")).toMatchObject([
    { id: "a", caption: "caption a", side: 1 },
    { id: "ccc", caption: "caption ccc", side: 1, out: true },
  ]);
  expect((await store.keys()).filter((key) => key.startsWith("pair/"))).toHaveLength(2);
});

test("pixels may come ahead of their list: until it comes the old list counts, and they are leftovers", async () => {
  await writePairs(store, "p", [pair("a")]);
  const before = await readPairs(store, "p");
  const [hash = ""] = await putPixels(store, "p", [pair("bb").rgba]);
  expect(await readPairs(store, "p")).toEqual(before);
  const { rgba, ...told } = pair("bb");
  await writePairs(store, "p", [{ ...told, sha256: hash }, pair("ccc")]);
  expect(await readPairs(store, "p")).toMatchObject([{ ...told, rgba }, pair("ccc")]);
  await putPixels(store, "p", [pair("dddd").rgba]);
  await collectLeftovers(store, "p");
  expect((await store.keys()).filter((key) => key.startsWith("pair/"))).toHaveLength(2);
});

test("pixels are written once; the next time their name is enough, and what no pair names goes", async () => {
  const writes: string[] = [];
  const counted: KeyValue = {
    ...store,
    setMany: async (entries, gone) => {
      writes.push(...entries.map(([key]) => key));
      await store.setMany(entries, gone);
    },
  };
  await writePairs(counted, "p", [pair("a"), pair("bb"), { ...pair("b"), caption: "the same picture" }]);
  expect(writes.filter((key) => key.startsWith("pair/"))).toHaveLength(2);
  const [a, bb] = await readPairs(store, "p");
  const { rgba: _, ...named } = { ...bb, caption: "another" } as NonNullable<typeof bb>;
  writes.length = 0;
  await writePairs(counted, "p", [named]);
  expect(writes).toEqual(["project/p"]);
  expect(await readPairs(store, "p")).toEqual([{ ...bb, caption: "another" }]);
  expect((await store.keys()).filter((key) => key.startsWith("pair/"))).toHaveLength(1);
  // the pixels of "a" have gone with it
  const lost = writePairs(counted, "p", [{ id: "a", caption: "a", side: 1, sha256: a?.sha256 ?? "" }, pair("cc")]);
  await expect(lost).rejects.toMatchObject({ code: "no-pixels" });
  expect(await readPairs(store, "p")).toEqual([{ ...bb, caption: "another" }]);
});

test("other captions or pixels are other pairs; what is left out does not count", async () => {
  const hash = async (...pairs: Parameters<typeof writePairs>[2]) => {
    await writePairs(store, "p", pairs);
    return hashOfPairs(await readPairList(store, "p"));
  };
  const first = await hash(pair("a"), pair("bb"));
  expect(await hash(pair("a"), { ...pair("x"), out: true }, pair("bb"))).toBe(first);
  expect(await hash(pair("a"), { ...pair("bb"), about: 1 })).toBe(first);
  expect(await hash(pair("bb"), pair("a"))).not.toBe(first);
  expect(await hash(pair("a"), { ...pair("bb"), caption: "x" })).not.toBe(first);
  expect(await hash(pair("a"), { ...pair("bb"), rgba: new Uint8ClampedArray(4) })).not.toBe(first);
});

test.each([
  "before",
  "after",
  "alone",
] as const)("a fault %s any write of new pairs leaves the old ones or the new ones", async (when) => {
  const old = [pair("a"), pair("bb")];
  const next = [pair("a", 2), pair("ccc")];
  const prepared = async () => {
    const inner = memoryKeyValue();
    await writePairs(inner, "p", old);
    return inner;
  };
  const writes = await atEveryWrite(
    prepared,
    (faulty) => writePairs(faulty, "p", next),
    when,
    async (inner, n) => expect(await readPairs(inner, "p")).toMatchObject(n === 2 && when === "after" ? next : old),
  );
  expect(writes).toBe(2);
});

test("reports and pictures belong to a node", async () => {
  await writeReports(store, "p", "1", [{ step: 1 }, { step: 2 }]);
  await writeReports(store, "p", "12", [{ step: 1 }]);
  for (const index of [10, 2, 0]) await writePicture(store, "p", "1", index, picture(index));
  await writePicture(store, "p", "12", 0, picture(7));
  expect(await readReports(store, "p")).toEqual(
    new Map([
      ["1", [{ step: 1 }, { step: 2 }]],
      ["12", [{ step: 1 }]],
    ]),
  );
  expect([...(await readPictures(store, "p", "1"))]).toEqual([
    [0, picture(0)],
    [2, picture(2)],
    [10, picture(10)],
  ]);
});

test("a project is forgotten alone", async () => {
  for (const project of ["p", "p/q"]) {
    await writePairs(store, project, [pair("a")]);
    await writeReports(store, project, "1", []);
    await writeNote(store, project, "a screen", { of: project });
  }
  expect(await listProjects(store)).toEqual(["p", "p/q"]);
  await forgetProject(store, "p");
  expect(await listProjects(store)).toEqual(["p/q"]);
  expect(await readPairs(store, "p/q")).toHaveLength(1);
  expect(await readNote(store, "p/q", "a screen")).toEqual({ of: "p/q" });
  expect(await readNote(store, "p", "a screen")).toBeNull();
  expect((await store.keys()).filter((key) => !key.includes("p%2Fq"))).toEqual([]);
});

test("what cannot be read is said", async () => {
  await writePairs(store, "p", [pair("a")]);
  const [key] = (await store.keys()).filter((name) => name.startsWith("pair/"));
  await store.setMany([[key as string, new Uint8ClampedArray(4)]]);
  await expect(readPairs(store, "p")).rejects.toThrow('The picture of "caption a" is damaged');
  await store.deleteMany([key as string]);
  await expect(readPairs(store, "p")).rejects.toThrow('The picture of "caption a" is missing');
  await store.setMany([["project/p", "x"]]);
  await expect(readPairList(store, "p")).rejects.toThrow(/is not readable/);
  await writePairs(store, "p", [pair("a")]);
  expect(await readPairList(store, "p")).toHaveLength(1);
  await store.setMany([["project/p", { schema: 3 }]]);
  await expect(readPairList(store, "p")).rejects.toMatchObject({ code: "newer" });
  await expect(writePairs(store, "p", [pair("a")])).rejects.toMatchObject({ code: "newer" });
});
