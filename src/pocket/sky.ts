/** @file What stands behind the things: sky, sun or moon, stars, ground. Depends on the time of day and the finish alone. */
import type { Time } from "./grammar.ts";

export const SIDE = 64;

/** Red, green, blue in 0..1, as the file stores them. */
export type Rgb = readonly [number, number, number];

interface Look {
  /** the sky of an unfinished picture */
  readonly flat: Rgb;
  readonly zenith: Rgb;
  readonly horizon: Rgb;
  /** at the horizon and at the lower rim */
  readonly ground: readonly [Rgb, Rgb];
  readonly disc: {
    readonly x: number;
    readonly y: number;
    readonly radius: number;
    readonly colour: Rgb;
    readonly glow: number;
  };
}

const looks: { readonly [T in Time]: Look } = {
  day: {
    flat: [0.55, 0.75, 0.92],
    zenith: [0.33, 0.61, 0.91],
    horizon: [0.8, 0.92, 0.98],
    ground: [
      [0.62, 0.7, 0.5],
      [0.46, 0.56, 0.36],
    ],
    disc: { x: 54, y: 10, radius: 5, colour: [1, 0.96, 0.72], glow: 0.5 },
  },
  sunset: {
    flat: [0.68, 0.47, 0.45],
    zenith: [0.36, 0.27, 0.47],
    horizon: [1, 0.63, 0.36],
    ground: [
      [0.36, 0.24, 0.27],
      [0.24, 0.16, 0.21],
    ],
    disc: { x: 53, y: 46, radius: 6.5, colour: [1, 0.86, 0.5], glow: 0.65 },
  },
  night: {
    flat: [0.12, 0.12, 0.26],
    zenith: [0.04, 0.05, 0.14],
    horizon: [0.2, 0.22, 0.42],
    ground: [
      [0.11, 0.13, 0.18],
      [0.06, 0.07, 0.11],
    ],
    disc: { x: 54, y: 10, radius: 5, colour: [0.93, 0.94, 0.98], glow: 0.22 },
  },
};

/** x, y, brightness. The same in every night: the truth about a caption must not depend on chance. */
const stars: readonly (readonly [number, number, number])[] = [
  [6, 7, 1],
  [15, 16, 0.6],
  [23, 5, 0.8],
  [31, 12, 0.5],
  [40, 5, 0.9],
  [10, 29, 0.5],
  [45, 20, 0.6],
  [59, 27, 0.8],
  [5, 41, 0.6],
  [56, 40, 0.5],
];

/** 0 below `low`, 1 above `high` (or the other way round where low > high), smooth between. */
export function smoothstep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

export function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Paints over pixel `at` (its first of three numbers) with the given opacity. */
export function over(canvas: Float32Array, at: number, colour: Rgb, opacity: number): void {
  for (let c = 0; c < 3; c++) canvas[at + c] = lerp(canvas[at + c] as number, colour[c] as number, opacity);
}

/** What does not depend on the finish: for each pixel the finest sky and soil, and how much of halo, disc and soil it shows. */
interface Layers {
  readonly sky: Float32Array;
  readonly soil: Float32Array;
  readonly halo: Float32Array;
  readonly body: Float32Array;
  readonly land: Float32Array;
}

const layersOf: { readonly [T in Time]: Layers } = {
  day: layers("day"),
  sunset: layers("sunset"),
  night: layers("night"),
};

function layers(time: Time): Layers {
  const { zenith, horizon, ground, disc } = looks[time];
  const pixels = SIDE * SIDE;
  const sky = new Float32Array(3 * pixels);
  const soil = new Float32Array(3 * pixels);
  const [halo, body, land] = [new Float32Array(pixels), new Float32Array(pixels), new Float32Array(pixels)];
  for (let i = 0; i < pixels; i++) {
    const x = (i % SIDE) + 0.5;
    const y = Math.floor(i / SIDE) + 0.5;
    const down = Math.min(1, y / 50);
    const depth = y - (49.5 + (x - 22) ** 2 / 700);
    over(sky, 3 * i, zenith, 1);
    over(sky, 3 * i, horizon, time === "sunset" ? down * down : down);
    over(soil, 3 * i, ground[0], 1);
    over(soil, 3 * i, ground[1], Math.min(1, Math.max(0, depth / 14)));
    land[i] = smoothstep(-0.6, 0.6, depth);
    const far = Math.hypot(x - disc.x, y - disc.y);
    halo[i] = disc.glow * Math.max(0, 1 - far / (4 * disc.radius)) ** 2;
    // A crescent: the moon less a disc beside it.
    const bite = time === "night" ? disc.radius * 0.92 - Math.hypot(x - disc.x + 2.6, y - disc.y + 1.4) : -1;
    body[i] = smoothstep(0.7, -0.7, far - disc.radius) * smoothstep(0.7, -0.7, bite);
  }
  return { sky, soil, halo, body, land };
}

/** Fills the canvas; `finish` in 0..1 leads from a flat colour to gradient, light and ground. */
export function paintSky(canvas: Float32Array, time: Time, finish: number): void {
  const { flat, disc } = looks[time];
  const { sky, soil, halo, body, land } = layersOf[time];
  const ground = smoothstep(0.05, 0.6, finish);
  for (let i = 0; i < SIDE * SIDE; i++) {
    // Halo over sky, then the disc: together one opacity of the same colour.
    const shine = 1 - (1 - finish * (halo[i] as number)) * (1 - finish * (body[i] as number));
    const earth = ground * (land[i] as number);
    for (let c = 0; c < 3; c++) {
      const air = lerp(lerp(flat[c] as number, sky[3 * i + c] as number, finish), disc.colour[c] as number, shine);
      canvas[3 * i + c] = lerp(air, soil[3 * i + c] as number, earth);
    }
  }
  if (time === "night") for (const star of stars) paintStar(canvas, star, finish);
}

/** One bright pixel with a faint cross of neighbours. */
function paintStar(canvas: Float32Array, [x, y, brightness]: readonly [number, number, number], finish: number): void {
  const white: Rgb = [0.95, 0.96, 1];
  const at = 3 * (SIDE * y + x);
  over(canvas, at, white, 0.9 * brightness * finish);
  for (const step of [-3, 3, -3 * SIDE, 3 * SIDE]) over(canvas, at + step, white, 0.28 * brightness * finish);
}
