/**
 * @file Mersenne Twister, 32 bits: the engine behind torch.Generator('cpu').
 * Matches: Matsumoto and Nishimura 1998 (mt19937ar.c `init_genrand`, `genrand_int32`); ATen/core/MT19937RNGEngine.h.
 */

const N = 624;
const M = 397;

export class Mt19937 {
  private readonly state = new Uint32Array(N);
  private next = N;

  /** Only the low 32 bits of the seed count, as in ATen. */
  constructor(seed: number | bigint) {
    this.state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < N; i++) {
      const before = this.state[i - 1] as number;
      this.state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** Uniform over 0 .. 2^32 - 1. */
  uint32(): number {
    if (this.next === N) this.twist();
    let y = this.state[this.next++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private twist(): void {
    const s = this.state;
    for (let i = 0; i < N; i++) {
      const next = s[(i + 1) % N] as number;
      const y = ((s[i] as number) & 0x80000000) | (next & 0x7fffffff);
      s[i] = (s[(i + M) % N] as number) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }
}
