import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { exifOrientation, orient } from "./exif.ts";
import { readImageHeader } from "./image-header.ts";
import type { Pixels } from "./pixels.ts";

interface Stored {
  name: string;
  file: string;
}
const golden = new URL("../../e2e/goldens/pairs/images.json", import.meta.url);
const { files } = JSON.parse(readFileSync(golden, "utf8")) as { files: Stored[] };
const odd = JSON.parse(readFileSync(new URL("odd.json", golden), "utf8")) as { files: Record<string, string> };
const bytesOf = ({ file }: Stored) => new Uint8Array(Buffer.from(file, "base64"));
const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

test.each(files)("size and orientation of $name", (stored) => {
  const format = { png: "PNG", jpeg: "JPEG", webp: "WebP", gif: "GIF" }[stored.name.split(" ")[0] ?? ""];
  expect(readImageHeader(bytesOf(stored))).toEqual({ format, width: 13, height: 9 });
  expect(exifOrientation(bytesOf(stored))).toBe(Number(/turned (\d)/.exec(stored.name)?.[1] ?? 1));
});

function png(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(33);
  bytes.set(ascii("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  return bytes;
}

describe("refused in a sentence", () => {
  const cases: readonly [string, Uint8Array, string][] = [
    ["empty", new Uint8Array(0), "x is empty."],
    ["text", ascii("hello"), "x is not an image, and PNG, JPEG or WebP was expected."],
    [
      "SVG",
      ascii('<?xml version="1.0"?>\n<svg xmlns="">'),
      "x is an SVG drawing, which has no pixels, and PNG, JPEG or WebP was expected.",
    ],
    ["HEIC", ascii("\0\0\0\x18ftypheic"), "x is a HEIC photo, and PNG, JPEG or WebP was expected."],
    ["AVIF", ascii("\0\0\0\x18ftypavif"), "x is an AVIF, and PNG, JPEG or WebP was expected."],
    ["cut off PNG", png(4, 4).slice(0, 18), "x ends before its size is told."],
    ["cut off JPEG", ascii("\xff\xd8\xff\xc0\0\x11\x08\0"), "x ends before its size is told."],
    ["JPEG without frame", ascii("\xff\xd8\xff\xd9\0\0"), "x is a JPEG without a frame."],
    ["no width", png(0, 4), "x is a PNG of 0x4 pixels."],
    ["bomb", png(16384, 16384), "x is 16384x16384, and at most 64 million pixels and 16,384 a side are read."],
    ["long side", png(65535, 1), "x is 65535x1, and at most 64 million pixels and 16,384 a side are read."],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => readImageHeader(bytes, "x")).toThrow(new StudioError("image", message));
  });
});

test("a JPEG's frame is found where a decoder finds it: behind marks that have no content", () => {
  const segment = (marker: number, content: readonly number[]) => [0xff, marker, 0, content.length + 2, ...content];
  const frame = (height: number, width: number) =>
    segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255]);
  // a length read after the restart mark would lead over the true frame into the comment, where a small one is written
  const far = [0xff, 0xd0, ...frame(0x4000, 0x4000), ...segment(0xfe, [0, 0, 0, ...frame(9, 13)])];
  const bytes = Uint8Array.from([0xff, 0xd8, 0xff, 0x01, ...far]);
  expect(() => readImageHeader(bytes, "x")).toThrow("x is 16384x16384, and at most");
  expect(readImageHeader(Uint8Array.from([0xff, 0xd8, 0xff, 0xff, 0xd7, ...frame(9, 13)]))).toMatchObject({
    width: 13,
  });
});

test.each(Object.entries(odd.files))("%s says its size", (_, file) => {
  expect(readImageHeader(new Uint8Array(Buffer.from(file, "base64")))).toMatchObject({ width: 96, height: 96 });
});

test("bytes at random, and images cut or changed anywhere, never fail otherwise", () => {
  const real = fc.constantFrom(...files.map(bytesOf));
  const spoiled = fc.tuple(real, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    const copy = bytes.slice();
    copy[at % Math.min(64, bytes.length)] = value;
    return copy;
  });
  const cut = fc.tuple(real, fc.nat()).map(([bytes, at]) => bytes.slice(0, at % bytes.length));
  const outcome = (bytes: Uint8Array) => {
    try {
      return readImageHeader(bytes).width > 0 && exifOrientation(bytes) <= 8 ? "fine" : "wrong";
    } catch (error) {
      return error instanceof StudioError ? "fine" : String(error);
    }
  };
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), spoiled, cut), (bytes) => outcome(bytes) === "fine"),
    { numRuns: 2000 },
  );
});

test("each orientation turns a picture whose upright form is known", () => {
  // upright: a b / c d / e f, as each orientation stores it
  const upright = "ab cd ef";
  const stored = ["ab cd ef", "ba dc fe", "fe dc ba", "ef cd ab", "ace bdf", "bdf ace", "fdb eca", "eca fdb"];
  const picture = (text: string): Pixels => {
    const rows = text.split(" ");
    const rgba = Uint8ClampedArray.from([...rows.join("")].flatMap((c) => [c.charCodeAt(0), 1, 2, 255]));
    return { width: rows[0]?.length ?? 0, height: rows.length, rgba };
  };
  for (const [i, text] of stored.entries()) expect(orient(picture(text), i + 1)).toEqual(picture(upright));
});
