/** @file Bytes of a picture and what the VAE sees: RGB in -1..1, planes [3, H, W]. Matches diffusers' VaeImageProcessor. */

/** RGBA bytes, side x side -> [3, side, side] in -1..1. */
export function toPixels(rgba: Uint8ClampedArray | Uint8Array, side: number): Float32Array {
  const area = side * side;
  const out = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) out[c * area + i] = Math.fround((rgba[4 * i + c] as number) / 255) * 2 - 1;
  }
  return out;
}

/** [3, side, side] -> RGBA bytes, rounded as numpy rounds (half to even). */
export function toRgba(pixels: Float32Array, side: number): Uint8ClampedArray<ArrayBuffer> {
  const area = side * side;
  const out = new Uint8ClampedArray(4 * area).fill(255);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      const value = Math.min(1, Math.max(0, (pixels[c * area + i] as number) / 2 + 0.5));
      out[4 * i + c] = value * 255; // Uint8ClampedArray rounds half to even
    }
  }
  return out;
}
