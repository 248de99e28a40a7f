/** @file Measures of a picture against painted ones: PSNR, how far it is finished, how steep its edges are. Pictures are bytes, SIDE x SIDE x 3. */
import { eachPixel } from "./fit.ts";
import type { Placed } from "./render.ts";
import { SIDE } from "./sky.ts";

type Bytes = ArrayLike<number>;

/** Decibels, 99 at most. */
export function psnr(a: Bytes, b: Bytes): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.min(99, 10 * Math.log10(255 ** 2 / Math.max(sum / a.length, 1e-9)));
}

/** 1 where a thing or its rim may be, 0 elsewhere. */
export function about(things: readonly Placed[]): Uint8Array {
  const out = new Uint8Array(SIDE * SIDE);
  for (const thing of things) {
    eachPixel(thing.shape, thing, 3, (i, distance) => {
      if (distance < 3) out[i] = 1;
    });
  }
  return out;
}

/**
 * Where a picture p lies on the straight line from a plain one, p0, to a fine one, p1: <p - p0, p1 - p0> / |p1 - p0|^2. Taken
 * apart over the things and over the rest, which is larger, and averaged. What the line does not know counts for nothing; too
 * much colour, contrast or size leads beyond 1.
 */
export function finishOf(picture: Bytes, plain: Bytes, fine: Bytes, near: Uint8Array): number {
  const along = [0, 0];
  const span = [0, 0];
  for (let i = 0; i < picture.length; i++) {
    const region = near[Math.floor(i / 3)] as number;
    const way = (fine[i] as number) - (plain[i] as number);
    along[region] = (along[region] as number) + ((picture[i] as number) - (plain[i] as number)) * way;
    span[region] = (span[region] as number) + way * way;
  }
  return along.reduce((sum, value, region) => sum + value / Math.max(span[region] as number, 1), 0) / 2;
}

/** Share of pixels that are called steep: about as many as a thing's outline has. */
const STEEP = 0.04;

/** Mean length of the steepest gradients. */
export function steepness(picture: Bytes): number {
  const squares = new Float32Array((SIDE - 2) * (SIDE - 2));
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      let sum = 0;
      for (let c = 0; c < 3; c++) {
        const at = 3 * (SIDE * y + x) + c;
        const across = (picture[at + 3] as number) - (picture[at - 3] as number);
        const down = (picture[at + 3 * SIDE] as number) - (picture[at - 3 * SIDE] as number);
        sum += across * across + down * down;
      }
      squares[(SIDE - 2) * (y - 1) + x - 1] = sum;
    }
  }
  const steep = squares.toSorted().subarray(-Math.round(STEEP * squares.length));
  return steep.reduce((sum, value) => sum + Math.sqrt(value), 0) / steep.length;
}

/** The steepest edges beside those of the finest picture of the same things. */
export function sharpnessOf(picture: Bytes, fine: Bytes): number {
  return steepness(picture) / steepness(fine);
}
