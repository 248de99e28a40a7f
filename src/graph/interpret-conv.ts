/** @file Convolutions for the float64 interpreter: the defining sums, nothing else. */
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { Values } from "./interpret.ts";
import type { ConvAttrs } from "./ops.ts";

type Dims4 = readonly [number, number, number, number];

/** Calls `visit(small, large, weight)` for every triple of flat indices that a convolution joins. */
function triples(
  small: Dims4,
  large: Dims4,
  w: Dims4,
  attrs: ConvAttrs,
  visit: (s: number, l: number, w: number) => void,
): void {
  const [n, o, p, q] = small;
  const [, i, height, width] = large;
  const [, , kh, kw] = w;
  for (let b = 0; b < n; b++)
    for (let oo = 0; oo < o; oo++)
      for (let ii = 0; ii < i; ii++)
        for (let k = 0; k < kh; k++)
          for (let l = 0; l < kw; l++)
            for (let y = 0; y < p; y++)
              for (let x = 0; x < q; x++) {
                const row = y * attrs.strides[0] + k - attrs.pads[0];
                const column = x * attrs.strides[1] + l - attrs.pads[1];
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const s = ((b * o + oo) * p + y) * q + x;
                const g = ((b * i + ii) * height + row) * width + column;
                visit(s, g, ((oo * i + ii) * kh + k) * kw + l);
              }
}

export function interpretConv(x: Values, w: Values, bias: Values | null, shape: Shape, attrs: ConvAttrs): Values {
  const area = (shape[2] as number) * (shape[3] as number);
  const data = new Float64Array(sizeOf(shape)).map(
    (_, i) => bias?.data[Math.floor(i / area) % (shape[1] as number)] ?? 0,
  );
  triples(shape as unknown as Dims4, x.shape as unknown as Dims4, w.shape as unknown as Dims4, attrs, (s, g, k) => {
    data[s] = (data[s] as number) + (x.data[g] as number) * (w.data[k] as number);
  });
  return { shape, data };
}

export function interpretConvTranspose(x: Values, w: Values, shape: Shape, attrs: ConvAttrs): Values {
  const data = new Float64Array(sizeOf(shape));
  triples(x.shape as unknown as Dims4, shape as unknown as Dims4, w.shape as unknown as Dims4, attrs, (s, g, k) => {
    data[g] = (data[g] as number) + (x.data[s] as number) * (w.data[k] as number);
  });
  return { shape, data };
}
