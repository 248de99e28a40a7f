/** @file Where a picture's pixels come to lie on a sheet, and that they are found again. */
import { expect, test } from "vitest";
import { sheet, squaresOf } from "./sheet.ts";

const flat = (value: number, side = 2) =>
  Uint8ClampedArray.from({ length: 4 * side * side }, (_, i) => (i % 4 === 3 ? 255 : value + Math.floor(i / 4)));

const reds = ({ width, rgba }: { width: number; rgba: Uint8ClampedArray }) =>
  Array.from({ length: rgba.length / 4 / width }, (_, y) =>
    Array.from({ length: width }, (_, x) => rgba[4 * (width * y + x)]),
  );

test("rows of squares, scaled, with white between and where a row is short", () => {
  expect(reds(sheet([[flat(10), flat(20)], [flat(30)]], { side: 2 }))).toEqual([
    [10, 11, 20, 21],
    [12, 13, 22, 23],
    [30, 31, 255, 255],
    [32, 33, 255, 255],
  ]);
  expect(reds(sheet([[flat(7, 1), flat(8, 1)]], { side: 1, scale: 2, gap: 1 }))).toEqual([
    [255, 255, 255, 255, 255, 255, 255],
    [255, 7, 7, 255, 8, 8, 255],
    [255, 7, 7, 255, 8, 8, 255],
    [255, 255, 255, 255, 255, 255, 255],
  ]);
});

test("squares come back as they were", () => {
  const pictures = [1, 2, 3, 4, 5].map((i) => flat(40 * i));
  const pixels = sheet([pictures.slice(0, 3), pictures.slice(3)], { side: 2 });
  expect(squaresOf(pixels, 2, 5)).toEqual(pictures);
});
