/** @file Zips as they are made, and zips that are made to hurt. */
import { strToU8, zipSync } from "fflate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import type { ImportFile } from "./import-file.ts";
import { openZip } from "./zip.ts";

const fileOf = (bytes: Uint8Array): ImportFile => ({ path: "x.zip", bytes: async () => bytes });
const random = Uint8Array.from({ length: 3000 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const good = zipSync({ "a.png": random, "set/a.txt": strToU8("a red circle"), "grün.txt": strToU8("x") }, { level: 6 });

async function contents(bytes: Uint8Array) {
  const { files, refused } = await openZip(fileOf(bytes));
  const read = await Promise.all(files.map(async (file) => [file.path, await file.bytes()] as const));
  return { read: new Map(read), refused };
}

/** Writes into every directory record, and into the local one where `local` says. */
function spoiled(bytes: Uint8Array, change: (view: DataView, record: number) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 46 < copy.length; at++) if (view.getUint32(at, true) === 0x02014b50) change(view, at);
  return copy;
}

test("every entry, packed and stored, under the zip’s own name", async () => {
  const { read, refused } = await contents(good);
  expect([...read.keys()].sort()).toEqual(["x.zip/a.png", "x.zip/grün.txt", "x.zip/set/a.txt"]);
  expect(read.get("x.zip/a.png")).toEqual(random);
  expect(refused).toEqual([]);
  const stored = await contents(zipSync({ "a.png": random }, { level: 0 }));
  expect(stored.read.get("x.zip/a.png")).toEqual(random);
});

describe("refused in a sentence", () => {
  const reasons = async (bytes: Uint8Array) => (await contents(bytes)).refused.map(({ reason }) => reason);

  test("names that lead out, links, ciphers, other methods, zips in zips", async () => {
    const names = ["../a.png", "/a.png", "C:\\a.png", "a\0.png", "x/..\\a.png"];
    const entries = Object.fromEntries([...names, "b.zip"].map((name) => [name, random]));
    const told = await reasons(zipSync(entries));
    expect(told).toEqual([
      ...names.map(() => "Its name in the zip is not a plain name."),
      "A zip in a zip is not opened.",
    ]);
    expect(await reasons(spoiled(good, (view, at) => view.setUint16(at + 8, 1, true)))).toContain("It is encrypted.");
    expect((await reasons(spoiled(good, (view, at) => view.setUint16(at + 10, 93, true))))[0]).toMatch(
      /packed in a way/,
    );
    const link = spoiled(good, (view, at) => {
      view.setUint16(at + 4, 3 << 8, true);
      view.setUint32(at + 38, 0xa1ff0000, true);
    });
    expect(await reasons(link)).toContain("It is a link, and a file was expected.");
  });

  test("a bomb, told or untold", async () => {
    const bomb = zipSync({ "a.png": new Uint8Array(20 * 2 ** 20) }, { level: 9 });
    expect(await reasons(bomb)).toEqual(["It unpacks to more than 200 times its size."]);
    expect(await reasons(spoiled(bomb, (view, at) => view.setUint32(at + 24, 65 * 2 ** 20, true)))).toEqual([
      "It has more than 64 MB unpacked.",
    ]);
    const lying = spoiled(bomb, (view, at) => view.setUint32(at + 24, 1000, true));
    await expect(contents(lying)).rejects.toThrow("It is damaged in the zip");
    const overlap = spoiled(good, (view, at) => view.setUint32(at + 20, good.length, true));
    await expect(contents(overlap)).rejects.toThrow("lie over each other");
  });

  test("100,000 entries", async () => {
    const end = good.slice(-22);
    const locator = new Uint8Array(56 + 20);
    const view = new DataView(locator.buffer);
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(32, 100_000n, true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(good.length - 22), true);
    const wide = new Uint8Array([...good.slice(0, -22), ...locator, ...end]);
    await expect(contents(wide)).rejects.toThrow("The zip has 100000 entries, and at most 10000 are read.");
  });

  test("cut anywhere, or changed anywhere: a sentence or the same files, nothing else", async () => {
    const outcome = async (bytes: Uint8Array) => {
      try {
        await contents(bytes);
        return "fine";
      } catch (error) {
        return error instanceof StudioError ? "fine" : String(error);
      }
    };
    const cut = fc.nat(good.length - 1).map((at) => good.slice(0, at));
    const changed = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => {
      const copy = good.slice();
      copy[at] = value;
      return copy;
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, changed, fc.uint8Array()), async (bytes) => (await outcome(bytes)) === "fine"),
      { numRuns: 500 },
    );
  });
});
