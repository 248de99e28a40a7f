import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type KeyValue, memoryKeyValue } from "./key-value.ts";
import { openKeyValue } from "./keyval.ts";

let made = 0;
const fresh = () => openKeyValue(`test-${made++}`);

describe.each([
  ["IndexedDB", fresh],
  ["memory", memoryKeyValue],
] as const)("%s", (_, open) => {
  let store: KeyValue;
  beforeEach(() => {
    store = open();
  });

  test("gives back copies of what was set", async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    await store.setMany([
      ["a", bytes],
      ["b", { deep: [1, "x"] }],
    ]);
    bytes[0] = 9;
    expect(await store.get("a")).toEqual(Uint8Array.of(1, 2, 3));
    expect(await store.get("b")).toEqual({ deep: [1, "x"] });
    expect(await store.get("c")).toBeUndefined();
    expect(await store.keys()).toEqual(["a", "b"]);
    await store.deleteMany(["a", "missing"]);
    expect(await store.keys()).toEqual(["b"]);
  });

  test("all or none: a value that cannot be stored takes the others with it", async () => {
    await store.setMany([["a", 1]]);
    await expect(
      store.setMany([
        ["a", 2],
        ["b", () => 1],
      ]),
    ).rejects.toThrow(/could not be cloned/);
    expect(await store.get("a")).toBe(1);
    expect(await store.keys()).toEqual(["a"]);
    await store.setMany([["b", 3]]);
    expect(await store.get("b")).toBe(3);
  });
});

describe("IndexedDB alone", () => {
  afterEach(() => vi.restoreAllMocks());

  test("every transaction asks for strict durability", async () => {
    const store = fresh();
    await store.keys();
    const transaction = vi.spyOn(IDBDatabase.prototype, "transaction");
    await store.setMany([["a", 1]]);
    await store.deleteMany(["a"]);
    expect(transaction.mock.calls.map(([, mode, options]) => [mode, options])).toEqual([
      ["readwrite", { durability: "strict" }],
      ["readwrite", { durability: "strict" }],
    ]);
  });

  test("a closed connection is opened again", async () => {
    const store = fresh();
    await store.setMany([["a", 1]]);
    const original = IDBDatabase.prototype.transaction;
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementationOnce(function (this: IDBDatabase, ...rest) {
      this.close();
      return original.apply(this, rest);
    });
    expect(await store.get("a")).toBe(1);
  });

  test("another tab may delete the database", async () => {
    const name = `test-${made}`;
    const store = fresh();
    await store.setMany([["a", 1]]);
    const request = indexedDB.deleteDatabase(name);
    const outcome = await new Promise((resolve) => {
      request.onsuccess = () => resolve("deleted");
      request.onblocked = () => resolve("blocked");
    });
    expect(outcome).toBe("deleted");
    expect(await store.keys()).toEqual([]);
  });

  const faults: readonly [string, unknown, string, RegExp, number][] = [
    ["a full disk", new DOMException("full", "QuotaExceededError"), "quota", /storage is full/, 1],
    ["null", null, "storage", /failed \(no reason given\)/, 2],
    [
      "an unknown error",
      new DOMException("Internal error.", "UnknownError"),
      "storage",
      /failed \(UnknownError: Internal error\)/,
      2,
    ],
  ];
  test.each(
    faults,
  )("%s is a StudioError, after a second try where that may help", async (_, fault, code, message, tries) => {
    const open = vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw fault;
    });
    const attempt = fresh().setMany([["a", 1]]);
    await expect(attempt).rejects.toMatchObject({ name: "StudioError", code, message: expect.stringMatching(message) });
    expect(open).toHaveBeenCalledTimes(tries);
  });

  test("a database that fails to open once is opened at the second try", async () => {
    vi.spyOn(indexedDB, "open").mockImplementationOnce(() => {
      throw new DOMException("", "UnknownError");
    });
    const store = fresh();
    await store.setMany([["a", 1]]);
    expect(await store.get("a")).toBe(1);
  });
});
