/**
 * @file What a square picture looks like, in 112 hexadecimal digits: 16 of dHash (for 8 x 8 places whether it gets brighter to the
 * right) and 96 of the mean colour of 4 x 4 fields. Pictures whose digits are close are copies: scaled, or packed anew.
 */
import { cropResize } from "./crop.ts";
import type { Pixels } from "./pixels.ts";

export function likeness(pixels: Pixels): string {
  const fine = cropResize(pixels, 9);
  const bits = Array.from({ length: 64 }, (_, i): number => {
    const at = (Math.floor(i / 8) * 9 + (i % 8)) * 4;
    return brightness(fine, at + 4) > brightness(fine, at) ? 1 : 0;
  });
  const bytes = Array.from({ length: 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((byte, bit) => 2 * byte + bit, 0),
  );
  const colours = cropResize(pixels, 4).filter((_, i) => i % 4 !== 3);
  return [...bytes, ...colours].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Rec. 601, in thousandths */
function brightness(rgba: Uint8ClampedArray, at: number): number {
  return 299 * (rgba[at] ?? 0) + 587 * (rgba[at + 1] ?? 0) + 114 * (rgba[at + 2] ?? 0);
}
