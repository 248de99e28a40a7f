/**
 * @file From a picture to the model's square: crop, then shrink or enlarge with the triangle filter widened to the scale
 * (antialiased bilinear). Bit for bit Pillow's `image.crop(box).resize((side, side), BILINEAR)` on RGB: weights in 22-bit
 * fixed point, rows first, eight bits between the passes. What is transparent is laid on white.
 */
import { assert } from "../lib/errors.ts";
import type { Pixels } from "./pixels.ts";
import { filter, triangleTaps } from "./resample.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** The largest square in the middle. */
export function centreBox({ width, height }: { readonly width: number; readonly height: number }): Box {
  const size = Math.min(width, height);
  return { x: Math.floor((width - size) / 2), y: Math.floor((height - size) / 2), size };
}

export function cropResize(pixels: Pixels, side: number, box: Box = centreBox(pixels)): Uint8ClampedArray<ArrayBuffer> {
  const { x, y, size } = box;
  const inside = x >= 0 && y >= 0 && size > 0 && x + size <= pixels.width && y + size <= pixels.height;
  assert(
    inside && Number.isInteger(x) && Number.isInteger(y) && Number.isInteger(size),
    "a crop box outside the picture",
  );
  const taps = triangleTaps(size, side);
  // the columns of every row that is needed, then the rows
  const rows = new Uint8ClampedArray(size * side * 3);
  const line = new Uint8ClampedArray(size * 3);
  for (let row = 0; row < size; row++) {
    flatten(pixels, x, y + row, line);
    filter(line, 0, 3, rows, row * side * 3, 3, taps);
  }
  const out = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let column = 0; column < side; column++) filter(rows, column * 3, side * 3, out, column * 4, side * 4, taps);
  return out;
}

/** One row of the box, three bytes a pixel: colour * alpha + white * (1 - alpha). */
function flatten({ width, rgba }: Pixels, x: number, y: number, line: Uint8ClampedArray): void {
  let at = (y * width + x) * 4;
  for (let i = 0; i < line.length; i += 3, at += 4) {
    const alpha = rgba[at + 3] as number;
    for (let c = 0; c < 3; c++) {
      const colour = rgba[at + c] as number;
      line[i + c] = alpha === 255 ? colour : (colour * alpha + 255 * (255 - alpha)) / 255;
    }
  }
}
