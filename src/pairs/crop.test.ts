import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Box, centreBox, cropResize } from "./crop.ts";
import type { Pixels } from "./pixels.ts";

interface Resized {
  width: number;
  height: number;
  box: Box;
  side: number;
  rgb: string;
}
const golden = new URL("../../e2e/goldens/pairs/images.json", import.meta.url);
const { resized } = JSON.parse(readFileSync(golden, "utf8")) as { resized: Resized[] };

/** The oracle's picture: byte i is the top 8 bits of i * 2654435761. */
function byRule(width: number, height: number): Pixels {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height * 3; i++) rgba[Math.floor(i / 3) * 4 + (i % 3)] = Math.imul(i, 2654435761) >>> 24;
  return { width, height, rgba };
}

test.each(resized)("$width x $height to $side is Pillow's, bit for bit", ({ width, height, box, side, rgb }) => {
  const out = cropResize(byRule(width, height), side, box);
  const got = out.filter((_, i) => i % 4 !== 3);
  expect(Buffer.from(got).toString("base64")).toBe(rgb);
  expect(out.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
});

test("without a box, the largest square in the middle", () => {
  expect(centreBox({ width: 13, height: 9 })).toEqual({ x: 2, y: 0, size: 9 });
  expect(centreBox({ width: 8, height: 11 })).toEqual({ x: 0, y: 1, size: 8 });
  const pixels = byRule(13, 9);
  expect(cropResize(pixels, 4)).toEqual(cropResize(pixels, 4, { x: 2, y: 0, size: 9 }));
});

test("what is transparent lies on white", () => {
  const rgba = Uint8ClampedArray.of(0, 0, 0, 0, 100, 0, 0, 51);
  expect(cropResize({ width: 2, height: 1, rgba }, 1, { x: 0, y: 0, size: 1 })).toEqual(
    Uint8ClampedArray.of(255, 255, 255, 255),
  );
  expect(cropResize({ width: 2, height: 1, rgba }, 1, { x: 1, y: 0, size: 1 })).toEqual(
    Uint8ClampedArray.of(224, 204, 204, 255),
  );
});

test("a box outside the picture is our own mistake", () => {
  expect(() => cropResize(byRule(4, 4), 2, { x: 1, y: 0, size: 4 })).toThrow(/internal: a crop box/);
});
