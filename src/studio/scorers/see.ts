/**
 * @file A picture as CLIP's vision tower takes it: bicubic with antialiasing as Pillow does it, then a square, then normalized.
 * Matches: transformers' CLIPImageProcessor (`floor`), torchvision's Resize and CenterCrop (`round`), and HPS v2's ResizeMaxSize (`pad`).
 */
import type { Pixels } from "../../pairs/pixels.ts";
import { cubicTaps, filter } from "../../pairs/resample.ts";

/**
 * How a picture that is no square becomes one. The short side fits, and the middle is cut out, half pixels going down (floor) or to
 * the nearest even (round); or the long side fits, and black is laid beside it (pad).
 */
export type Square = "floor" | "round" | "pad";

/** CLIP's, of red, green and blue in 0..1. */
const MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** -> [3, side, side] */
export function see(pixels: Pixels, side: number, square: Square): Float32Array {
  const { width, height } = fitted(pixels, side, square);
  const rgb = resize(pixels, width, height);
  const top = offset(height, side, square);
  const left = offset(width, side, square);
  const area = side * side;
  const out = new Float32Array(3 * area);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [row, column] = [y + top, x + left];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      for (let c = 0; c < 3; c++) {
        const value = inside ? (rgb[(row * width + column) * 3 + c] as number) : 0;
        out[c * area + y * side + x] = (Math.fround(value / 255) - (MEAN[c] as number)) / (STD[c] as number);
      }
    }
  return out;
}

type Size = Pick<Pixels, "width" | "height">;

function fitted({ width, height }: Size, side: number, square: Square): Size {
  if (square === "pad") {
    const scale = side / Math.max(width, height);
    return { width: halfToEven(width * scale), height: halfToEven(height * scale) };
  }
  const long = (a: number, b: number): number => (a <= b ? side : Math.trunc((side * a) / b));
  return { width: long(width, height), height: long(height, width) };
}

/** Where the square begins; negative where it is larger. */
function offset(length: number, side: number, square: Square): number {
  if (square === "pad") return -Math.floor((side - length) / 2);
  return square === "floor" ? Math.floor((length - side) / 2) : halfToEven((length - side) / 2);
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** RGB bytes, as Pillow's `image.convert("RGB").resize((width, height), BICUBIC)`: rows first, eight bits between the passes. */
export function resize({ width: w, height: h, rgba }: Pixels, width: number, height: number): Uint8ClampedArray {
  const [across, down] = [cubicTaps(w, width), cubicTaps(h, height)];
  const rows = new Uint8ClampedArray(h * width * 3);
  for (let y = 0; y < h; y++) filter(rgba, y * w * 4, 4, rows, y * width * 3, 3, across);
  const out = new Uint8ClampedArray(height * width * 3);
  for (let x = 0; x < width; x++) filter(rows, x * 3, width * 3, out, x * 3, width * 3, down);
  return out;
}
