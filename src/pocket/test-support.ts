/** @file Ways to spoil a picture that a score must not reward, for tests and tables. Pictures are bytes, SIDE x SIDE x 3. */
import { SIDE } from "./sky.ts";

type Picture = Uint8Array<ArrayBuffer>;

function bytes(picture: Picture, value: (v: number, i: number) => number): Picture {
  return new Uint8Array(Uint8ClampedArray.from(picture, value).buffer);
}

/** Each colour channel stretched about its mean over the picture. */
export function contrasted(picture: Picture, factor: number): Picture {
  const means = [0, 1, 2].map((c) => picture.reduce((sum, v, i) => sum + (i % 3 === c ? v : 0), 0) / (SIDE * SIDE));
  return bytes(picture, (v, i) => lerpFrom(means[i % 3] as number, v, factor));
}

/** Each pixel stretched about its own grey. */
export function saturated(picture: Picture, factor: number): Picture {
  return bytes(picture, (v, i) => {
    const at = i - (i % 3);
    return lerpFrom((at3(picture, at) + at3(picture, at + 1) + at3(picture, at + 2)) / 3, v, factor);
  });
}

/** Under a Gaussian. */
export function blurred(picture: Picture, deviation: number): Picture {
  const smooth = gaussian(picture, deviation);
  return bytes(picture, (_, i) => at3(smooth, i));
}

/** Unsharp mask of deviation 1. */
export function sharpened(picture: Picture, amount: number): Picture {
  const smooth = gaussian(picture, 1);
  return bytes(picture, (v, i) => lerpFrom(at3(smooth, i), v, 1 + amount));
}

function lerpFrom(middle: number, v: number, factor: number): number {
  return middle + factor * (v - middle);
}

function at3(values: ArrayLike<number>, i: number): number {
  return values[i] as number;
}

function gaussian(picture: ArrayLike<number>, deviation: number): ArrayLike<number> {
  const reach = Math.ceil(3 * deviation);
  let now = Float64Array.from(picture);
  for (const down of [false, true]) {
    now = now.map((_, i) => {
      const pixel = Math.floor(i / 3);
      const place = down ? Math.floor(pixel / SIDE) : pixel % SIDE;
      let sum = 0;
      let weights = 0;
      for (let k = Math.max(-reach, -place); k <= Math.min(reach, SIDE - 1 - place); k++) {
        const weight = Math.exp(-0.5 * (k / deviation) ** 2);
        sum += weight * at3(now, i + 3 * k * (down ? SIDE : 1));
        weights += weight;
      }
      return sum / weights;
    });
  }
  return now;
}
