/** @file Parquet that pyarrow wrote, and Parquet that was spoiled. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { openImport } from "./import.ts";
import type { ImportFile } from "./import-file.ts";
import { readParquet } from "./parquet.ts";

const goldens = new URL("../../e2e/goldens/pairs/", import.meta.url);
const json = (name: string) => JSON.parse(readFileSync(new URL(name, goldens), "utf8")) as unknown;
const { files } = json("parquet.json") as { files: Record<"names" | "snappy" | "gzip" | "zstd", string> };
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const fileOf = (bytes: Uint8Array, path = "x.parquet"): ImportFile => ({ path, bytes: async () => bytes });
const images = (json("images.json") as { files: { name: string; file: string }[] }).files;
const png = bytesOf(images.find(({ name }) => name === "png rgb")?.file ?? "");

test("names and captions", async () => {
  const { rows, embedded } = await readParquet(fileOf(bytesOf(files.names)));
  expect(rows.map(({ where, fileName, caption, fault }) => [where, fileName, caption, fault])).toEqual([
    ["Row 1", "a.png", "a red circle", null],
    ["Row 2", "deep/b.png", "grün", null],
    ["Row 3", "", "", 'has no "file_name"'],
  ]);
  expect(embedded).toEqual([]);
});

test.each(["snappy", "gzip"] as const)("pictures inside, %s: the good rows are kept", async (packing) => {
  const source = await openImport([fileOf(bytesOf(files[packing]), "set/x.parquet")]);
  const pairs: unknown[] = [];
  for await (const pair of source.pairs())
    if (pair) pairs.push([pair.path, pair.caption, Buffer.from(pair.bytes).equals(png)]);
  expect(pairs).toEqual([
    ["set/x.parquet/row 1", "one", true],
    ["set/x.parquet/row 2", "two", true],
  ]);
  expect(source.refused().map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    "set/x.parquet: Row 5 is of no use: The caption is empty.",
    "set/x.parquet/row 3: The file is not an image, and PNG, JPEG or WebP was expected.",
    "set/x.parquet/row 4: The row has no picture.",
  ]);
});

test("what cannot be read is told", async () => {
  await expect(readParquet(fileOf(bytesOf(files.zstd)))).rejects.toThrow(
    /^The file is no Parquet that can be read here/,
  );
  await expect(readParquet(fileOf(new Uint8Array(0)))).rejects.toThrow(StudioError);
});

test("cut or changed anywhere: a sentence or rows, nothing else", async () => {
  const whole = bytesOf(files.names);
  const outcome = async (bytes: Uint8Array) => {
    try {
      return (await readParquet(fileOf(bytes))).rows.length >= 0 ? "fine" : "";
    } catch (error) {
      return error instanceof StudioError ? "fine" : String(error);
    }
  };
  const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, value]) => {
    const copy = whole.slice();
    copy[at] = value;
    return copy;
  });
  const cut = fc.nat(whole.length - 1).map((at) => whole.slice(0, at));
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed, cut), async (bytes) => (await outcome(bytes)) === "fine"),
    {
      numRuns: 300,
    },
  );
});
