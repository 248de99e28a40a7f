/**
 * @file What stands behind the things of a picture: which time of day, how far its sky is finished, and how unlike it each
 * pixel is. The reader's first step. Colours are in 0..1.
 */
import { type Time, times } from "./grammar.ts";
import { DARKEST, SHADOW } from "./render.ts";
import { lerp, paintSky, SIDE } from "./sky.ts";

export const PIXELS = SIDE * SIDE;

export interface Backdrop {
  readonly time: Time;
  /** finish of the sky, 0..1 */
  readonly sky: number;
  /** 0 where another time of day fits as well, towards 1 where none comes near */
  readonly confidence: number;
  /** for each pixel the distance to the nearest colour that the bare world could have there, a thing's shadow included */
  readonly distance: Float32Array;
}

const STEPS = 20;

const skies = new Map<Time, readonly Float32Array[]>();

/** The bare world at finish 0, 1/20, ... 1. */
function skiesOf(time: Time): readonly Float32Array[] {
  const known = skies.get(time);
  if (known) return known;
  const made = Array.from({ length: STEPS + 1 }, (_, i) => {
    const canvas = new Float32Array(3 * PIXELS);
    paintSky(canvas, time, i / STEPS);
    return canvas;
  });
  skies.set(time, made);
  return made;
}

/** Things cover a part of the picture, so no pixel may say more than this squared distance. */
const CAP = 0.15 ** 2;

/** Mean squared distance, capped, over every second pixel of every second row. */
function misfit(picture: Float32Array, sky: Float32Array): number {
  let sum = 0;
  for (let y = 0; y < SIDE; y += 2) {
    for (let x = 0; x < SIDE; x += 2) sum += Math.min(CAP, square(picture, sky, 3 * (SIDE * y + x)));
  }
  return (4 * sum) / PIXELS;
}

function square(a: Float32Array, b: Float32Array, at: number): number {
  let sum = 0;
  for (let c = at; c < at + 3; c++) sum += ((a[c] as number) - (b[c] as number)) ** 2;
  return sum;
}

export function backdropOf(picture: Float32Array): Backdrop {
  const found = times
    .map((time) => {
      const costs = skiesOf(time).map((sky) => misfit(picture, sky));
      const cost = Math.min(...costs);
      return { time, level: costs.indexOf(cost), cost };
    })
    .sort((a, b) => a.cost - b.cost);
  const [best, second] = found as [(typeof found)[0], (typeof found)[0]];
  return {
    time: best.time,
    sky: best.level / STEPS,
    confidence: 1 - best.cost / Math.max(second.cost, 1e-9),
    distance: distances(picture, best.time, best.level),
  };
}

/** Over a few finishes about the best and all strengths of shadow: a drawn sky is not of one finish everywhere. */
function distances(picture: Float32Array, time: Time, level: number): Float32Array {
  const all = skiesOf(time);
  const near = [level - 2, level, level + 2].map((l) => all[Math.min(STEPS, Math.max(0, l))] as Float32Array);
  const darkest = DARKEST * Math.min(1, level / STEPS + 0.2);
  const out = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    let best = Number.POSITIVE_INFINITY;
    for (const sky of near) best = Math.min(best, toShadow(picture, sky, 3 * i, darkest));
    out[i] = Math.sqrt(best);
  }
  return out;
}

/** Squared distance to the segment from a sky's pixel to its darkest shadow. */
function toShadow(picture: Float32Array, sky: Float32Array, at: number, darkest: number): number {
  let along = 0;
  let span = 0;
  for (let c = 0; c < 3; c++) {
    const step = (SHADOW[c] as number) - (sky[at + c] as number);
    along += step * ((picture[at + c] as number) - (sky[at + c] as number));
    span += step * step;
  }
  const t = Math.min(darkest, Math.max(0, along / Math.max(span, 1e-9)));
  let sum = 0;
  for (let c = 0; c < 3; c++) {
    sum += ((picture[at + c] as number) - lerp(sky[at + c] as number, SHADOW[c] as number, t)) ** 2;
  }
  return sum;
}
