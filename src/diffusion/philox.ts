/**
 * @file Philox4x32-10: random numbers as a pure function of (key, counter), so that no order of calls can change them.
 * Normals use a Box-Muller written out in + - * / sqrt, which ECMAScript fixes to the bit: every engine draws the same.
 * Matches: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); Random123 philox.h.
 */

export type Words4 = readonly [number, number, number, number];
export type Words2 = readonly [number, number];

const mulhi = (a: number, b: number): number => {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16); // < 2^32
  const carry = aLow * bHigh + (middle & 0xffff); // < 2^32
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
};

/** One block: four words, each uniform over 0 .. 2^32 - 1. Ten rounds. */
export function philox4x32(counter: Words4, key: Words2): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulhi(0xd2511f53, c0);
    const high1 = mulhi(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A stream is a key and the upper three counter words; its blocks are counted by the lowest. */
export interface Stream {
  readonly key: Words2;
  readonly place: readonly [number, number, number];
}

/** A seed of up to 64 bits as the key. */
export function keyOf(seed: number | bigint): Words2 {
  const bits = BigInt.asUintN(64, BigInt(seed));
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}

/** The first `count` words of a stream. */
export function words(stream: Stream, count: number): Uint32Array {
  const out = new Uint32Array(Math.ceil(count / 4) * 4);
  for (let i = 0; i < out.length; i += 4) out.set(philox4x32([i / 4, ...stream.place], stream.key), i);
  return out.subarray(0, count);
}

/** The stream's first word as a uniform number in [0, 1), a multiple of 2^-32. */
export function uniform(stream: Stream): number {
  return (words(stream, 1)[0] as number) * 2 ** -32;
}

/** The first `count` standard normals of a stream, float32. */
export function normals(stream: Stream, count: number): Float32Array {
  const bits = words(stream, count + (count % 2));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * logOfWord(bits[i] as number));
    const [cos, sin] = turn(bits[i + 1] as number);
    out[i] = radius * cos;
    out[i + 1] = radius * sin;
  }
  return out.subarray(0, count);
}

/**
 * ln((word | 1) / 2^32): the midpoints of 2^31 cells, never ln 0. With m in (sqrt(1/2), sqrt(2)] and s = (m - 1) / (m + 1),
 * ln m = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172.
 */
export function logOfWord(word: number): number {
  const k = (word | 1) >>> 0;
  let exponent = 31 - Math.clz32(k);
  let m = k / 2 ** exponent;
  if (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  const s = (m - 1) / (m + 1);
  let series = 0;
  for (let n = 23; n >= 1; n -= 2) series = series * s * s + 1 / n;
  return (exponent - 32) * Math.LN2 + 2 * s * series;
}

/** [cos, sin] of 2 pi word / 2^32: exact reduction to the nearest quarter turn, then Taylor for |x| <= pi/4. */
export function turn(word: number): [cos: number, sin: number] {
  const quarter = ((word >>> 29) + 1) >>> 1; // 0..4, rounded
  const x = ((word - quarter * 2 ** 30) / 2 ** 30) * (Math.PI / 2);
  let cos = 1;
  let sin = 1;
  for (let n = 18; n >= 2; n -= 2) {
    cos = 1 - (x * x * cos) / (n * (n - 1));
    sin = 1 - (x * x * sin) / (n * (n + 1));
  }
  sin *= x;
  if (quarter === 1) return [-sin, cos];
  if (quarter === 2) return [-cos, -sin];
  if (quarter === 3) return [sin, -cos];
  return [cos, sin];
}
