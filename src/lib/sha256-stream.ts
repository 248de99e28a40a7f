/** @file SHA-256 of bytes that come in pieces and are never held whole. Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.3.3 and 6.2. */

const BLOCK = 64;
const primes = firstPrimes(64);
/** The first 32 bits of the fractions of the primes' cube roots, and of the first eight's square roots. */
const K = Int32Array.from(primes, (prime) => fractionBits(Math.cbrt(prime)));
const H = Int32Array.from(primes.slice(0, 8), (prime) => fractionBits(Math.sqrt(prime)));

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

function fractionBits(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}

export class Sha256 {
  readonly #hash = H.slice();
  readonly #schedule = new Int32Array(BLOCK);
  /** the start of a block whose end has not come */
  readonly #rest = new Uint8Array(BLOCK);
  #bytes = 0;

  update(bytes: Uint8Array): void {
    const held = this.#bytes % BLOCK;
    this.#bytes += bytes.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(BLOCK - held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), held);
      if (held + at < BLOCK) return;
      this.#compress(this.#rest, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#compress(bytes, at);
    this.#rest.set(bytes.subarray(at));
  }

  /** 64 hexadecimal digits; nothing can be added afterwards. */
  digest(): string {
    const length = this.#bytes;
    const padding = new Uint8Array(BLOCK + 8 - ((length + 8) % BLOCK));
    padding[0] = 0x80;
    const bits = new DataView(padding.buffer, padding.length - 8);
    bitLength(length).forEach((word, i) => bits.setUint32(4 * i, word));
    this.update(padding);
    return Array.from(this.#hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #compress(bytes: Uint8Array, offset: number): void {
    const w = this.#schedule;
    for (let t = 0; t < 16; t++) {
      const at = offset + 4 * t;
      w[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let t = 16; t < BLOCK; t++) {
      const w15 = w[t - 15]!;
      const w2 = w[t - 2]!;
      const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
      const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
      w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
    }
    const hash = this.#hash;
    let a = hash[0]!;
    let b = hash[1]!;
    let c = hash[2]!;
    let d = hash[3]!;
    let e = hash[4]!;
    let f = hash[5]!;
    let g = hash[6]!;
    let h = hash[7]!;
    for (let t = 0; t < BLOCK; t++) {
      const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const choice = (e & f) ^ (~e & g);
      const t1 = (h + sum1 + choice + K[t]! + w[t]!) | 0;
      const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + sum0 + majority) | 0;
    }
    hash[0] = hash[0]! + a;
    hash[1] = hash[1]! + b;
    hash[2] = hash[2]! + c;
    hash[3] = hash[3]! + d;
    hash[4] = hash[4]! + e;
    hash[5] = hash[5]! + f;
    hash[6] = hash[6]! + g;
    hash[7] = hash[7]! + h;
  }
}

/** Bits of so many bytes as two words of 32, the high one first; exact to 2^53 bytes. */
export function bitLength(bytes: number): readonly [number, number] {
  return [Math.floor(bytes / 2 ** 29), (bytes % 2 ** 29) * 8];
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
