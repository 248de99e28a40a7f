/**
 * @file float16 as bits: 1 sign, 5 exponent (bias 15), 10 fraction; subnormals are multiples of 2^-24.
 * From float32, rounded to nearest, ties to even; to float32, exact. Bit for bit what NumPy, PyTorch and a GPU's f32 -> f16 do.
 */

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** The half nearest to a float32 given as bits. */
function halfOfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // Normal halves, from 2^-14: move the bias from 127 to 15 and round off 13 bits. A carry runs on into the exponent, and so
  // everything from 65520 becomes infinity.
  if (magnitude >= 0x38800000 && magnitude < 0x47800000)
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff); // NaN, made quiet
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  // Subnormal halves: significand * 2^(e - 150) = (significand >> (126 - e)) * 2^-24. Up to 2^-25 that rounds to zero.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const below = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (rest > tie || (rest === tie && (below & 1) === 1) ? below + 1 : below);
}

/** The bits of the half nearest to Math.fround(value). */
export function toFloat16(value: number): number {
  single[0] = value;
  return halfOfBits(word[0] as number);
}

/** The value of a half given as bits. */
export function fromFloat16(bits: number): number {
  word[0] = table()[bits & 0xffff] as number;
  return single[0] as number;
}

/** Rounds a whole array. */
export function toFloat16Array(values: Float32Array, out = new Uint16Array(values.length)): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) out[i] = halfOfBits(bits[i] as number);
  return out;
}

/** Widens a whole array. */
export function fromFloat16Array(halves: Uint16Array, out = new Float32Array(halves.length)): Float32Array {
  const wide = table();
  const bits = new Uint32Array(out.buffer, out.byteOffset, halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = wide[halves[i] as number] as number;
  return out;
}

let wideBits: Uint32Array | undefined;

/** half -> float32, both as bits, so that a NaN keeps its payload. */
function table(): Uint32Array {
  if (wideBits) return wideBits;
  wideBits = new Uint32Array(0x10000);
  for (let half = 0; half < 0x10000; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 31;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      single[0] = fraction * 2 ** -24;
      wideBits[half] = sign | (word[0] as number);
    } else {
      const wide = exponent === 31 ? 255 : exponent + 112;
      wideBits[half] = sign | (wide << 23) | (fraction << 13);
    }
  }
  return wideBits;
}
