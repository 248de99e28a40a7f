/** @file Pictures side by side in one: rows of equal squares on white, and the way back to one of them. */
import type { Pixels } from "../pairs/pixels.ts";

export interface SheetOptions {
  /** of a picture, in pixels */
  readonly side: number;
  /** each pixel becomes scale x scale */
  readonly scale?: number;
  /** white between pictures and around them, in pixels of the sheet */
  readonly gap?: number;
}

type Bytes = Uint8ClampedArray | Uint8Array;

/** A list in rows of so many; the last may be shorter. */
export function inRows<T>(list: readonly T[], columns: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / columns) }, (_, r) => list.slice(r * columns, (r + 1) * columns));
}

/** RGBA bytes of side x side each. */
export function sheet(rows: readonly (readonly Bytes[])[], { side, scale = 1, gap = 0 }: SheetOptions): Pixels {
  const pitch = side * scale + gap;
  const width = Math.max(...rows.map((row) => row.length)) * pitch + gap;
  const height = rows.length * pitch + gap;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (const [r, row] of rows.entries()) {
    for (const [c, picture] of row.entries()) {
      for (let y = 0; y < side * scale; y++) {
        for (let x = 0; x < side * scale; x++) {
          const from = 4 * (side * Math.floor(y / scale) + Math.floor(x / scale));
          rgba.set(picture.subarray(from, from + 4), 4 * (width * (gap + r * pitch + y) + gap + c * pitch + x));
        }
      }
    }
  }
  return { width, height, rgba };
}

/** The first `count` squares of a sheet without gaps at scale 1, row by row. */
export function squaresOf(pixels: Pixels, side: number, count: number): Uint8ClampedArray<ArrayBuffer>[] {
  const columns = pixels.width / side;
  return Array.from({ length: count }, (_, i) => {
    const square = new Uint8ClampedArray(4 * side * side);
    for (let y = 0; y < side; y++) {
      const from = 4 * (pixels.width * (Math.floor(i / columns) * side + y) + (i % columns) * side);
      square.set(pixels.rgba.subarray(from, from + 4 * side), 4 * side * y);
    }
    return square;
  });
}
