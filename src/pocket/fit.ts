/**
 * @file Lays an outline over a matte (for each pixel, how much of it belongs to a thing) and moves it to where it fits best.
 * Outlines are looked up in a table, so that one try costs a few microseconds.
 */
import { type Shape, shapes } from "./grammar.ts";
import { outlines, REACH } from "./outlines.ts";
import { SIDE } from "./sky.ts";

const HALF = 2.5;
const PER_UNIT = 24;
const ROW = 2 * HALF * PER_UNIT + 1;

const tables = new Map<string, Float32Array>();

/**
 * The outline's distances on a square about the origin, of unit radius. With `blur` those distances whose smoothstep is the
 * shape's mask under a Gaussian of that deviation: blurred points grow faint, which no soft edge can make them.
 */
function tableOf(shape: Shape, blur = 0): Float32Array {
  const key = `${shape} ${blur}`;
  const known = tables.get(key);
  if (known) return known;
  const distances = Float32Array.from({ length: ROW * ROW }, (_, i) =>
    outlines[shape]((i % ROW) / PER_UNIT - HALF, Math.floor(i / ROW) / PER_UNIT - HALF),
  );
  const made =
    blur === 0 ? distances : blurred(distances, blur * PER_UNIT).map((m) => -2 * Math.sin(Math.asin(2 * m - 1) / 3));
  tables.set(key, made);
  return made;
}

/** The mask of negative distances under a Gaussian, rows first, then columns. */
function blurred(distances: Float32Array, deviation: number): Float32Array {
  const reach = Math.ceil(3 * deviation);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / deviation) ** 2));
  const sum = kernel.reduce((x, y) => x + y);
  let map = distances.map((d) => Math.min(1, Math.max(0, 0.5 - d * PER_UNIT)));
  for (const stride of [1, ROW]) {
    map = map.map((_, i) => {
      const place = stride === 1 ? i % ROW : Math.floor(i / ROW);
      let value = 0;
      for (let k = -reach; k <= reach; k++) {
        if (place + k >= 0 && place + k < ROW) value += (kernel[k + reach] as number) * (map[i + k * stride] as number);
      }
      return Math.min(1, value / sum);
    });
  }
  return map;
}

/** Where a thing stands and how large it is, in pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** `share` of the thing in each pixel, and the weight with which that is known. Both 0..1. */
export interface Matte {
  readonly share: Float32Array;
  readonly weight: Float32Array;
}

export interface Fit extends Place {
  readonly shape: Shape;
  readonly edge: Edge;
  /** how much squared share the outline explains, less what it claims wrongly, in pixels */
  readonly gain: number;
}

/** Calls back for each pixel whose centre may lie within `softness` of the outline or inside, with the signed distance. */
export function eachPixel(
  shape: Shape,
  at: Place,
  softness: number,
  call: (i: number, distance: number) => void,
): void {
  const table = tableOf(shape);
  const { x, y, radius } = at;
  const reach = Math.min(REACH * radius + softness, (HALF - 0.1) * radius);
  const scale = PER_UNIT / radius;
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(SIDE, y + reach); row++) {
    const v = Math.round((row + 0.5 - y) * scale + HALF * PER_UNIT);
    for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(SIDE, x + reach); column++) {
      const u = Math.round((column + 0.5 - x) * scale + HALF * PER_UNIT);
      call(SIDE * row + column, radius * (table[ROW * v + u] as number));
    }
  }
}

/** How an edge fades: over so many pixels to either side of the outline, or blurred by a part of the radius. */
export interface Edge {
  readonly softness: number;
  readonly blur: number;
}

/** A thing may be drawn faint, though not fainter than this. */
const FAINTEST = 0.6;

/** Sum of w (share^2 - (share - strength mask)^2) at the best strength: what is won by laying the mask there. */
function gainOf(
  matte: Matte,
  table: Float32Array,
  x: number,
  y: number,
  radius: number,
  { softness, blur }: Edge,
): number {
  const width = blur > 0 ? radius : softness;
  const reach = Math.min(REACH * radius + (blur > 0 ? 1.5 * blur * radius : softness), (HALF - 0.1) * radius);
  const scale = PER_UNIT / radius;
  const left = Math.max(0, Math.floor(x - reach));
  const right = Math.min(SIDE, x + reach);
  const span = 0.5 / width;
  let both = 0;
  let mine = 0;
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(SIDE, y + reach); row++) {
    const v = ROW * Math.round((row + 0.5 - y) * scale + HALF * PER_UNIT);
    for (let column = left; column < right; column++) {
      const u = Math.round((column + 0.5 - x) * scale + HALF * PER_UNIT);
      const t = 0.5 - radius * (table[v + u] as number) * span;
      if (t <= 0) continue;
      const mask = t >= 1 ? 1 : t * t * (3 - 2 * t);
      const i = SIDE * row + column;
      const weighed = (matte.weight[i] as number) * mask;
      both += weighed * (matte.share[i] as number);
      mine += weighed * mask;
    }
  }
  const strength = Math.min(1, Math.max(FAINTEST, both / Math.max(mine, 1e-9)));
  return strength * (2 * both - strength * mine);
}

/** Radii that are tried; pictures of the world have 8 to 16. */
const LEAST = 5;
const MOST = 19;

/** Climbs from a start by steps along x, y and radius, halved from `from` pixels down to `to`. */
export function climb(matte: Matte, shape: Shape, start: Place, edge: Edge, [from, to]: Steps): Fit {
  const at = [start.x, start.y, start.radius];
  const table = tableOf(shape, edge.blur);
  const value = () => {
    const [x, y, radius] = at as [number, number, number];
    return gainOf(matte, table, x, y, radius, edge);
  };
  let gain = value();
  for (let step = from; step >= to; step /= 2) {
    for (let moved = true; moved; ) {
      moved = false;
      for (let k = 0; k < 3; k++) {
        const before = at[k] as number;
        for (const next of [before + step, before - step]) {
          if (k === 2 ? next < LEAST || next > MOST : next < 0 || next > SIDE) continue;
          at[k] = next;
          const now = value();
          if (now > gain + 1e-6) {
            gain = now;
            moved = true;
            break;
          }
          at[k] = before;
        }
      }
    }
  }
  return { shape, x: at[0] as number, y: at[1] as number, radius: at[2] as number, edge, gain };
}

/** First and last step of a climb, in pixels. */
export type Steps = readonly [from: number, to: number];

/** Every shape at its best place near `start`, the best one first. */
export function fits(matte: Matte, start: Place, edge: Edge, steps: Steps): Ranked {
  return ranked(shapes.map((shape) => climb(matte, shape, start, edge, steps)));
}

/** At least two fits, the best one first. */
export type Ranked = readonly [Fit, Fit, ...Fit[]];

export function ranked(found: readonly Fit[]): Ranked {
  return found.toSorted((a, b) => b.gain - a.gain) as unknown as Ranked;
}
