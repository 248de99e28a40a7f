import { beforeEach, expect, test } from "vitest";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";
import {
  forgetAfter,
  forgetProject,
  listProjects,
  readPairList,
  readPairs,
  readPictures,
  readReports,
  readSettings,
  writePairs,
  writePicture,
  writeReports,
  writeSettings,
} from "./projects.ts";

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
  expect(await readPairs(store, "p")).toEqual([pair("bb"), pair("a", 2)]);
  await writePairs(store, "p", [pair("a"), pair("ccc")]);
  expect(await readPairs(store, "p")).toEqual([pair("a"), pair("ccc")]);
  expect(await readPairList(store, "p")).toEqual([
    { id: "a", caption: "caption a", side: 1 },
    { id: "ccc", caption: "caption ccc", side: 1 },
  ]);
  expect((await store.keys()).filter((key) => key.startsWith("pair/"))).toHaveLength(2);
});

test("a fault while pairs are replaced leaves the old ones or the new ones", async () => {
  const old = [pair("a"), pair("bb")];
  const next = [pair("a", 2), pair("ccc")];
  for (const method of ["setMany", "deleteMany"] as const) {
    await writePairs(store, "p", old);
    const faulty: KeyValue = { ...store, [method]: () => Promise.reject(new Error("fault")) };
    await expect(writePairs(faulty, "p", next)).rejects.toThrow("fault");
    expect(await readPairs(store, "p")).toEqual(method === "setMany" ? old : next);
  }
});

test("settings, reports and pictures belong to an iteration", async () => {
  await writeSettings(store, "p", 1, { beta: 5000 });
  await writeReports(store, "p", 1, [{ step: 1 }, { step: 2 }]);
  await writeReports(store, "p", 12, [{ step: 1 }]);
  for (const index of [10, 2, 0]) await writePicture(store, "p", 1, index, picture(index));
  await writePicture(store, "p", 12, 0, picture(7));
  expect(await readSettings(store, "p", 1)).toEqual({ beta: 5000 });
  expect(await readReports(store, "p")).toEqual(
    new Map([
      [1, [{ step: 1 }, { step: 2 }]],
      [12, [{ step: 1 }]],
    ]),
  );
  expect([...(await readPictures(store, "p", 1))]).toEqual([
    [0, picture(0)],
    [2, picture(2)],
    [10, picture(10)],
  ]);
  await forgetAfter(store, "p", 1);
  expect((await readPictures(store, "p", 12)).size).toBe(0);
  expect([...(await readReports(store, "p")).keys()]).toEqual([1]);
  expect((await readPictures(store, "p", 1)).size).toBe(3);
});

test("a project is forgotten alone", async () => {
  for (const project of ["p", "p/q"]) {
    await writePairs(store, project, [pair("a")]);
    await writeReports(store, project, 1, []);
  }
  expect(await listProjects(store)).toEqual(["p", "p/q"]);
  await forgetProject(store, "p");
  expect(await listProjects(store)).toEqual(["p/q"]);
  expect(await readPairs(store, "p/q")).toHaveLength(1);
  expect((await store.keys()).filter((key) => !key.includes("p%2Fq"))).toEqual([]);
});

test("what cannot be read is said", async () => {
  await writePairs(store, "p", [pair("a")]);
  await store.deleteMany(["pair/p/a/1"]);
  await expect(readPairs(store, "p")).rejects.toThrow('The picture of "caption a" is missing');
  await store.setMany([["project/p", "x"]]);
  await expect(readPairList(store, "p")).rejects.toThrow(/is not readable/);
  await store.setMany([["project/p", { schema: 2 }]]);
  await expect(readPairList(store, "p")).rejects.toMatchObject({ code: "newer" });
});
