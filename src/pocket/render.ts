/**
 * @file Draws a scene: 64x64 RGB, the same bytes for the same (scene, finish, seed).
 *
 * The finish s in 0..1 is how well the picture is made, never what it shows. It moves edge width, shading with highlight,
 * drop shadow, sky with light and ground, fullness of colour, size and tidiness of placement, each within 0.08 of s.
 * `compose` makes the decisions, `paint` carries them out, so that a scorer can paint the finest picture of things where it found them.
 */
import { type Colour, parseCaption, type Scene, type Thing, type Time } from "./grammar.ts";
import { outlines, REACH } from "./outlines.ts";
import { type Random, randomOf } from "../lib/random.ts";
import { uniform } from "./random.ts";
import { lerp, over, paintSky, type Rgb, SIDE, smoothstep } from "./sky.ts";

export { SIDE };

export interface Placed extends Thing {
  /** centre and radius in pixels, from the upper left corner */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export interface Composition {
  readonly time: Time;
  readonly placed: readonly Placed[];
  /** each in 0..1 */
  readonly edge: number;
  readonly shading: number;
  readonly shadow: number;
  readonly sky: number;
  readonly fullness: number;
}

/** Each colour in full light and at full fullness. */
export const palette: { readonly [C in Colour]: Rgb } = {
  red: [0.9, 0.13, 0.13],
  yellow: [0.98, 0.84, 0.12],
  green: [0.13, 0.7, 0.24],
  blue: [0.14, 0.32, 0.92],
  purple: [0.58, 0.17, 0.78],
  white: [0.97, 0.97, 0.97],
};

/** Where the things of a tidy picture stand: the middle of the picture, or 13 pixels to either side of it. */
export const MIDDLE = { x: 32, y: 30 };
export const APART = 13;

const FAR = 99;

/** Radius of a scene's things in a picture whose size is finished so far. */
export function radiusOf({ layout }: Scene, size: number): number {
  return layout === "alone" ? lerp(10, 16, size) : lerp(8, 11.5, size);
}

function near(random: Random, finish: number): number {
  return Math.min(1, Math.max(0, finish + uniform(random, -0.08, 0.08)));
}

export function compose(scene: Scene, finish: number, seed: number): Composition {
  const random = randomOf(seed);
  const [edge, shading, shadow, sky, fullness] = [1, 2, 3, 4, 5].map(() => near(random, finish)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const size = near(random, finish);
  const loose = lerp(9, 1.2, near(random, finish));
  const radius = radiusOf(scene, size);
  // No caption names an order, so chance decides who stands left or above.
  const sign = random() < 0.5 ? 1 : -1;
  const placed = scene.things.map((thing, i) => {
    const away = scene.layout === "alone" ? 0 : sign * (i === 0 ? -APART : APART);
    // Along the common axis half the looseness, or two things would change places or hide each other.
    const jitter = { x: uniform(random, -loose, loose), y: uniform(random, -loose, loose) };
    const x = MIDDLE.x + (scene.layout === "beside" ? away + jitter.x / 2 : jitter.x);
    const y = MIDDLE.y + (scene.layout === "over" ? away + jitter.y / 2 : jitter.y);
    const keep = (at: number) => Math.min(SIDE - radius, Math.max(radius, at));
    return { ...thing, x: keep(x), y: keep(y), radius };
  });
  return { time: scene.time, placed, edge, shading, shadow, sky, fullness };
}

/** SIDE x SIDE x 3 bytes, row by row from the top. */
export function paint(composition: Composition): Uint8Array<ArrayBuffer> {
  const canvas = new Float32Array(SIDE * SIDE * 3);
  paintSky(canvas, composition.time, composition.sky);
  const fields = composition.placed.map(distances);
  for (const field of fields) paintShadow(canvas, field, composition.shadow);
  composition.placed.forEach((thing, i) => paintThing(canvas, fields[i] as Float32Array, thing, composition));
  return new Uint8Array(new Uint8ClampedArray(canvas.map((value) => 255 * value)).buffer);
}

/** The picture of a caption. */
export function render(caption: string, finish: number, seed: number): Uint8Array<ArrayBuffer> {
  return paint(compose(parseCaption(caption), finish, seed));
}

export function rgbaOf(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4).fill(255);
  for (let i = 0; i < rgb.length; i++) rgba[i + Math.floor(i / 3)] = rgb[i] as number;
  return rgba;
}

/** Signed distance to the thing's outline at every pixel's centre, in pixels; FAR where neither thing nor shadow reaches. */
function distances({ shape, x, y, radius }: Placed): Float32Array {
  const outline = outlines[shape];
  const field = new Float32Array(SIDE * SIDE).fill(FAR);
  const reach = REACH * radius + 4;
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(SIDE, y + reach); row++) {
    for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(SIDE, x + reach); column++) {
      field[SIDE * row + column] = radius * outline((column + 0.5 - x) / radius, (row + 0.5 - y) / radius);
    }
  }
  return field;
}

/** What a shadow mixes in, and how much of it at most. */
export const SHADOW: Rgb = [0.03, 0.03, 0.08];
export const DARKEST = 0.42;

/** The light comes from the upper right, so the shadow is the shape itself, softened, 2 pixels to the left and 3 down. */
function paintShadow(canvas: Float32Array, field: Float32Array, strength: number): void {
  for (let row = 3; row < SIDE; row++) {
    for (let column = 0; column < SIDE - 2; column++) {
      const distance = field[SIDE * (row - 3) + column + 2] as number;
      if (distance < 3)
        over(canvas, 3 * (SIDE * row + column), SHADOW, DARKEST * strength * smoothstep(3, -3, distance));
    }
  }
}

/** Towards the light, and half way between it and the eye (0, 0, 1). */
const light = normal(0.5, -0.62, 0.6);
const half = normal(light[0], light[1], light[2] + 1);

function normal(x: number, y: number, z: number): readonly [number, number, number] {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}

/** The slope of the field between two places 4 pixels apart, which takes the teeth off the creases of pointed shapes. */
function slope(field: Float32Array, before: number, after: number): number {
  return ((field[after] as number) - (field[before] as number)) / 4;
}

/**
 * The surface is a cushion: at depth d below the rim its normal leans outwards by 1 - d / (0.95 radius), which makes the
 * circle a sphere. Outwards is the gradient of the distance.
 */
function paintThing(
  canvas: Float32Array,
  field: Float32Array,
  thing: Placed,
  { edge, shading, fullness }: Composition,
): void {
  const softness = lerp(4.5, 1.1, edge) / 2;
  const grey = 0.62;
  const base = palette[thing.colour].map((value) => lerp(grey, value, lerp(0.5, 1, fullness)));
  const colour: [number, number, number] = [0, 0, 0];
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = SIDE * row + column;
      const distance = field[at] as number;
      if (distance >= softness) continue;
      const across = slope(field, at - Math.min(2, column), at + Math.min(2, SIDE - 1 - column));
      const down = slope(field, at - SIDE * Math.min(2, row), at + SIDE * Math.min(2, SIDE - 1 - row));
      const lean = 0.92 * Math.min(1, Math.max(0, 1 + distance / (0.95 * thing.radius)));
      const nx = lean * across;
      const ny = lean * down;
      const nz = Math.sqrt(Math.max(0, 1 - nx * nx - ny * ny));
      const diffuse = Math.max(0, nx * light[0] + ny * light[1] + nz * light[2]);
      const gleam = Math.max(0, nx * half[0] + ny * half[1] + nz * half[2]) ** 32;
      const brightness = lerp(1, 0.46 + 0.7 * diffuse, shading);
      for (let c = 0; c < 3; c++) {
        colour[c] = lerp(Math.min(1, (base[c] as number) * brightness), 1, 0.7 * shading * gleam);
      }
      over(canvas, 3 * at, colour, smoothstep(softness, -softness, distance));
    }
  }
}
