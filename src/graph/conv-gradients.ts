/** @file Gradients of convolutions. y[n,o,p,q] = sum over i,k,l of w[o,i,k,l] xpad[n,i,p s + k,q s + l]. */
import type { Shape } from "../lib/tensor.ts";
import { concat, gemm, reshape, transpose } from "./functions.ts";
import type { Tensor } from "./ir.ts";
import { emit } from "./ir.ts";
import type { Attrs, ConvAttrs } from "./ops.ts";

type Dims4 = readonly [number, number, number, number];

/** Largest im2col matrix that is made at once; beyond it the weight gradient is a product per kernel tap. */
const IM2COL_BYTES = 48 * 2 ** 20;

/** A transpose that only moves axes of length 1 is a reshape. */
function swapFirst(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as Dims4;
  return n === 1 || c === 1 ? reshape(x, [c, n, h, w]) : transpose(x, [1, 0, 2, 3]);
}

function flip(w: Tensor): Tensor {
  const [, , kh, kw] = w.shape as Dims4;
  if (kh === 1 && kw === 1) return w;
  return emit("Slice", [w], { axes: [2, 3], starts: [kh - 1, kw - 1], ends: [-1, -1], steps: [-1, -1] });
}

/**
 * dx: the transposed convolution. At stride 1 it is a plain convolution with the flipped weights, which is the faster
 * kernel unless rearranging the weights costs more than the picture is worth (few pixels, many channels).
 */
export function convInputGradient(d: Tensor, w: Tensor, shape: Shape, { strides, pads }: ConvAttrs): Tensor {
  const [o, , kh, kw] = w.shape as Dims4;
  const [n, , p, q] = d.shape as Dims4;
  const [, , height, width] = shape as Dims4;
  const back: Dims4 = [kh - 1 - pads[0], kw - 1 - pads[1], kh - 1 - pads[2], kw - 1 - pads[3]];
  if (strides[0] === 1 && strides[1] === 1 && back.every((b) => b >= 0) && n * p * q >= o) {
    return emit("Conv", [d, swapFirst(flip(w))], { strides, pads: back });
  }
  const outputPadding: [number, number] = [
    height - ((p - 1) * strides[0] + kh - pads[0] - pads[2]),
    width - ((q - 1) * strides[1] + kw - pads[1] - pads[3]),
  ];
  return emit("ConvTranspose", [d, w], { strides, pads, outputPadding });
}

/** The input gradient of ConvTranspose is the convolution it transposes. */
export function convTransposeInputGradient(d: Tensor, w: Tensor, { strides, pads }: Attrs["ConvTranspose"]): Tensor {
  return emit("Conv", [d, w], { strides, pads });
}

/** dw[o,i,k,l] = sum over n,p,q of d[n,o,p,q] xpad[n,i,p s + k,q s + l]: one product D [O, NPQ] X^T [NPQ, I kh kw]. */
export function convWeightGradient(x: Tensor, d: Tensor, shape: Shape, { strides, pads }: ConvAttrs): Tensor {
  const [o, i, kh, kw] = shape as Dims4;
  const [n, , p, q] = d.shape as Dims4;
  const rows = n * p * q;
  const padded = pads.some((pad) => pad > 0)
    ? emit("Pad", [x], { pads: [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]] })
    : x;
  const xs = swapFirst(padded); // [I, N, H, W]
  const ds = reshape(swapFirst(d), [o, rows]);
  const taps: Tensor[] = [];
  for (let k = 0; k < kh; k++) {
    for (let l = 0; l < kw; l++) {
      const ends = [k + (p - 1) * strides[0] + 1, l + (q - 1) * strides[1] + 1];
      const whole = kh === 1 && kw === 1 && strides[0] === 1 && strides[1] === 1;
      const tap = whole ? xs : emit("Slice", [xs], { axes: [2, 3], starts: [k, l], ends, steps: strides });
      taps.push(reshape(tap, [i, rows]));
    }
  }
  if (i * kh * kw * rows * 4 <= IM2COL_BYTES) {
    const columns = concat(
      taps.map((tap) => reshape(tap, [i, 1, rows])),
      1,
    ); // [I, khkw, NPQ]
    return reshape(gemm(ds, reshape(columns, [i * kh * kw, rows]), null, { transB: true }), [o, i, kh, kw]);
  }
  const products = taps.map((tap) => reshape(gemm(ds, tap, null, { transB: true }), [o, i, 1]));
  return reshape(concat(products, 2), [o, i, kh, kw]);
}
