/** @file How much of each pixel belongs to a thing of a given colour: its distance to the world behind, against that to the colour's shades. */
import { type Backdrop, PIXELS } from "./backdrop.ts";
import { type Colour, colours } from "./grammar.ts";
import { palette } from "./render.ts";
import { lerp, type Rgb } from "./sky.ts";

/** How the things' colours look at a finish: mixed with grey, and between which brightnesses the light takes them. */
interface Paints {
  readonly bases: { readonly [C in Colour]: Rgb };
  readonly dim: number;
  readonly bright: number;
}

const GREY = 0.62;

function paintsAt(fullness: number, shading: number): Paints {
  const at = (value: number) => lerp(GREY, value, lerp(0.5, 1, fullness));
  const bases = Object.fromEntries(colours.map((c) => [c, palette[c].map(at)])) as unknown as Paints["bases"];
  return { bases, dim: lerp(1, 0.46, Math.min(1, shading + 0.1)), bright: lerp(1, 1.16, shading) };
}

/** Distance from a pixel to the shades of a colour: base times a brightness. */
function toShades(r: number, g: number, b: number, [u, v, w]: Rgb, dim: number, bright: number): number {
  const k = Math.min(bright, Math.max(dim, (r * u + g * v + b * w) / (u * u + v * v + w * w)));
  const [dr, dg, db] = [r - Math.min(1, k * u), g - Math.min(1, k * v), b - Math.min(1, k * w)];
  return Math.sqrt(dr * dr + dg * dg + db * db);
}

export interface Palette {
  readonly fullness: number;
  /** for each pixel and each of the six colours in turn, the distance to its shades */
  readonly distance: Float32Array;
  /** for each pixel the nearest colour's index */
  readonly nearest: Uint8Array;
}

const N = colours.length;
/** Pixels at least this far from the backdrop have a thing's colour, or a mixture with it. */
const CLEAR = 0.2;

/** Sum over clear pixels of the distance to the nearest shade. */
function misfit(picture: Float32Array, clear: readonly number[], paints: Paints): number {
  let sum = 0;
  for (const i of clear) {
    let least = Number.POSITIVE_INFINITY;
    for (const colour of colours) {
      const d = toShades(
        picture[3 * i] as number,
        picture[3 * i + 1] as number,
        picture[3 * i + 2] as number,
        paints.bases[colour],
        paints.dim,
        paints.bright,
      );
      if (d < least) least = d;
    }
    sum += Math.min(least, 0.2);
  }
  return sum;
}

export function paletteOf(picture: Float32Array, { sky, distance: behind }: Backdrop): Palette {
  const clear: number[] = [];
  for (let i = 0; i < PIXELS; i += 2) if ((behind[i] as number) > CLEAR) clear.push(i);
  const tries = [0, 0.2, 0.4, 0.6, 0.8, 1].map((fullness) => {
    const paints = paintsAt(fullness, sky);
    return { fullness, paints, cost: misfit(picture, clear, paints) + 0.02 * clear.length * Math.abs(fullness - sky) };
  });
  const { fullness, paints } = tries.reduce((a, b) => (b.cost < a.cost ? b : a));
  const distance = new Float32Array(N * PIXELS);
  const nearest = new Uint8Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < N; k++) {
      const d = toShades(
        picture[3 * i] as number,
        picture[3 * i + 1] as number,
        picture[3 * i + 2] as number,
        paints.bases[colours[k] as Colour],
        paints.dim,
        paints.bright,
      );
      distance[N * i + k] = d;
      if (d < least) {
        least = d;
        nearest[i] = k;
      }
    }
  }
  return { fullness, distance, nearest };
}

/** Share of colour `k` in pixel `i`: a half and half mixture of backdrop and shade has one half. */
export function shareOf(backdrop: Backdrop, palette: Palette, k: number, i: number): number {
  const behind = backdrop.distance[i] as number;
  return behind / (behind + (palette.distance[N * i + k] as number) + 0.02);
}
