/** @file How two pictures differ: |left - right| in every channel, made bright enough to be seen. */
import type { Pixels } from "./pictures.ts";

export interface Difference {
  readonly pixels: Pixels;
  /** the power of 2 by which it was brightened */
  readonly gain: number;
  /** of all channels, before it was brightened, 0 to 255 */
  readonly mean: number;
}

const MOST_GAIN = 32;
/** Of the channels, so many may be too bright to be told apart. */
const CLIPPED = 0.01;

/** Pictures of one size. */
export function differenceOf(left: Pixels, right: Pixels): Difference {
  const [a, b] = [left.rgba, right.rgba];
  const rgba = new Uint8ClampedArray(a.length);
  const counts = new Uint32Array(256);
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    if (i % 4 === 3) {
      rgba[i] = 255;
      continue;
    }
    const apart = Math.abs((a[i] as number) - (b[i] as number));
    rgba[i] = apart;
    counts[apart] = (counts[apart] as number) + 1;
    sum += apart;
  }
  const channels = (a.length / 4) * 3;
  let [bright, above] = [255, 0];
  while (bright > 0 && above + (counts[bright] as number) <= CLIPPED * channels) above += counts[bright--] as number;
  const gain = bright === 0 ? 1 : Math.max(1, Math.min(MOST_GAIN, 2 ** Math.floor(Math.log2(255 / bright))));
  for (let i = 0; i < rgba.length; i++) if (i % 4 !== 3) rgba[i] = (rgba[i] as number) * gain;
  return { pixels: { side: left.side, rgba }, gain, mean: sum / channels };
}
