/**
 * @file What a picture's pixels say before any outline is laid over them: its backdrop, each colour's share in each pixel, and
 * where the pixels crowd that are surely of one colour.
 */
import { type Backdrop, backdropOf, PIXELS } from "./backdrop.ts";
import type { Matte } from "./fit.ts";
import { colours } from "./grammar.ts";
import { type Palette, paletteOf, shareOf } from "./matte.ts";
import { lerp, SIDE } from "./sky.ts";

export interface Evidence {
  readonly backdrop: Backdrop;
  readonly palette: Palette;
  /** half the width of an edge of the sky's finish, in pixels */
  readonly softness: number;
}

export function evidenceOf(rgb: Uint8Array | Uint8ClampedArray): Evidence {
  const picture = new Float32Array(rgb);
  for (let i = 0; i < picture.length; i++) picture[i] = (picture[i] as number) / 255;
  const backdrop = backdropOf(picture);
  return { backdrop, palette: paletteOf(picture, backdrop), softness: lerp(4.5, 1.1, backdrop.sky) / 2 };
}

/** A pixel belongs to a colour's core where that colour is the nearest and it holds more than this share. */
const CORE = 0.6;

/** Core pixels of each colour, less those in `taken`. */
export function cores({ backdrop, palette }: Evidence, taken?: Uint8Array): readonly Float32Array[] {
  const maps = colours.map(() => new Float32Array(PIXELS));
  for (let i = 0; i < PIXELS; i++) {
    if (taken?.[i]) continue;
    const k = palette.nearest[i] as number;
    if ((backdrop.distance[i] as number) > 0.06 && shareOf(backdrop, palette, k, i) > CORE) {
      (maps[k] as Float32Array)[i] = 1;
    }
  }
  return maps;
}

/** A smaller crowd of pixels is noise. */
export const FEW = 20;

/** Half the side of the square in which pixels are counted, and how far from its middle they still count for the centre. */
const CROWD = 7;
const FAR = 14;

/** The middle of the densest crowd of pixels, and how large it is. */
export function crowd(map: Float32Array): { readonly x: number; readonly y: number; readonly count: number } {
  let best = { x: SIDE / 2, y: SIDE / 2, count: 0 };
  if (!map.includes(1)) return best;
  // sums over all above and to the left
  const sums = new Float32Array((SIDE + 1) * (SIDE + 1));
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      sums[(SIDE + 1) * (y + 1) + x + 1] =
        (map[SIDE * y + x] as number) +
        (sums[(SIDE + 1) * y + x + 1] as number) +
        (sums[(SIDE + 1) * (y + 1) + x] as number) -
        (sums[(SIDE + 1) * y + x] as number);
    }
  }
  for (let y = 0; y < SIDE; y += 2) {
    for (let x = 0; x < SIDE; x += 2) {
      const [x0, x1] = [Math.max(0, x - CROWD), Math.min(SIDE, x + CROWD)];
      const [y0, y1] = [Math.max(0, y - CROWD), Math.min(SIDE, y + CROWD)];
      const [above, below] = [(SIDE + 1) * y0, (SIDE + 1) * y1];
      const count =
        (sums[below + x1] as number) -
        (sums[above + x1] as number) -
        (sums[below + x0] as number) +
        (sums[above + x0] as number);
      if (count > best.count) best = { x, y, count };
    }
  }
  let [sx, sy, n] = [0, 0, 0];
  for (let i = 0; i < PIXELS; i++) {
    const [dx, dy] = [(i % SIDE) + 0.5 - best.x, Math.floor(i / SIDE) + 0.5 - best.y];
    if (map[i] && dx * dx + dy * dy < FAR ** 2) {
      sx += dx;
      sy += dy;
      n++;
    }
  }
  return n === 0 ? best : { x: best.x + sx / n, y: best.y + sy / n, count: n };
}

/** The share of colour k; nothing is asked of pixels in `taken` or in the core of another colour. */
export function matteOf(
  { backdrop, palette }: Evidence,
  k: number,
  own: readonly Float32Array[],
  taken?: Uint8Array,
): Matte {
  const share = new Float32Array(PIXELS);
  const weight = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const nearest = palette.nearest[i] as number;
    if (nearest !== k && (own[nearest] as Float32Array)[i]) continue;
    if (taken?.[i]) continue;
    share[i] = shareOf(backdrop, palette, k, i);
    weight[i] = 1;
  }
  return { share, weight };
}
