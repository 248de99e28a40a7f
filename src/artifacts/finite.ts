/** @file Whether numbers are numbers, a billion of them in a second: two of float16 at a time, and no branch in the loop. */
import type { TensorData } from "../lib/tensor.ts";

/** Where the exponent's bits are, and the lowest of them: only where all are ones does adding it reach the sign's bit. */
const float32 = { exponent: 0x7f800000, lowest: 0x00800000, sign: 0x80000000 };
const float16Pair = { exponent: 0x7c007c00, lowest: 0x04000400, sign: 0x80008000 };

/** Float32Array, or float16's bits in a Uint16Array; other types are always finite. */
export function allFinite(data: TensorData): boolean {
  const { buffer, byteOffset, length } = data;
  if (data instanceof Float32Array) return finiteWords(new Uint32Array(buffer, byteOffset, length), float32);
  if (!(data instanceof Uint16Array)) return true;
  const start = Math.min(length, (byteOffset / 2) % 2);
  const pairs = Math.floor((length - start) / 2);
  const single = [...data.subarray(0, start), ...data.subarray(start + 2 * pairs)];
  return (
    single.every((bits) => (bits & 0x7c00) !== 0x7c00) &&
    finiteWords(new Uint32Array(buffer, byteOffset + 2 * start, pairs), float16Pair)
  );
}

function finiteWords(words: Uint32Array, { exponent, lowest, sign }: typeof float32): boolean {
  let reached = 0;
  for (let i = 0; i < words.length; i++) reached |= ((words[i] as number) & exponent) + lowest;
  return (reached & sign) === 0;
}
