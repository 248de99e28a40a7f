/** @file Gradients of convolutions. y[n,o,p,q] = sum over i,k,l of w[o,i,k,l] xpad[n,i,p s + k,q s + l]. */
import type { Shape } from "../lib/tensor.ts";
import { concat, gemm, matMul, reshape, slice, transpose } from "./functions.ts";
import type { Tensor } from "./ir.ts";
import { constant, emit } from "./ir.ts";
import type { Attrs, ConvAttrs } from "./ops.ts";

type Dims4 = readonly [number, number, number, number];

/** A transpose that only moves axes of length 1 is a reshape. */
function swapFirst(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as Dims4;
  return n === 1 || c === 1 ? reshape(x, [c, n, h, w]) : transpose(x, [1, 0, 2, 3]);
}

/** Both kernel axes backwards, as a product with the reversed identity: several times faster than a Slice with negative steps. */
function flip(w: Tensor): Tensor {
  const [o, i, kh, kw] = w.shape as Dims4;
  const taps = kh * kw;
  if (taps === 1) return w;
  const reversed = Array.from({ length: taps * taps }, (_, at) =>
    Math.floor(at / taps) + (at % taps) === taps - 1 ? 1 : 0,
  );
  const matrix = constant(reversed, { dtype: "float32", shape: [taps, taps] });
  return reshape(matMul(reshape(w, [o * i, taps]), matrix), w.shape);
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

/**
 * dw[o,i,k,l] = sum over n,p,q of d[n,o,p,q] xpad[n,i,p s + k,q s + l]: a product D [O, PNQ] X_kl^T [PNQ, I] for each tap. With rows
 * before samples, the columns are picked once for each l, and rows are then whole blocks of memory.
 */
export function convWeightGradient(x: Tensor, d: Tensor, shape: Shape, { strides, pads }: ConvAttrs): Tensor {
  const [o, i, kh, kw] = shape as Dims4;
  const [n, , p, q] = d.shape as Dims4;
  const [sh, sw] = strides;
  const inner = p * n * q;
  const ds = reshape(transpose(d, [1, 2, 0, 3]), [o, inner]);
  const rows = transpose(x, [1, 2, 0, 3]); // [I, H, N, W]
  const padded = pads.some((pad) => pad > 0)
    ? emit("Pad", [rows], { pads: [0, pads[0], 0, pads[1], 0, pads[2], 0, pads[3]] })
    : rows;
  const columns = Array.from({ length: kw }, (_, l) => slice(padded, 3, l, l + (q - 1) * sw + 1, sw)); // [I, H', N, Q]
  const taps: Tensor[] = [];
  for (let k = 0; k < kh; k++) {
    for (const column of columns) {
      const tap = reshape(slice(column, 1, k, k + (p - 1) * sh + 1, sh), [i, inner]);
      taps.push(reshape(gemm(ds, tap, null, { transB: true }), [1, o * i]));
    }
  }
  return reshape(transpose(concat(taps, 0), [1, 0]), shape);
}
