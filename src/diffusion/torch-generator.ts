/**
 * @file torch.Generator('cpu').manual_seed(seed) and torch.randn on it, so that a seed gives diffusers' picture.
 * Matches: aten/src/ATen/native/cpu/DistributionTemplates.h (`normal_fill`), ATen/core/DistributionsHelper.h
 * (`normal_distribution<double>`). torch's vectorised log, sin and cos round differently: agreement is 1e-6, not bits.
 */
import { Mt19937 } from "./mt19937.ts";

export class TorchGenerator {
  private readonly engine: Mt19937;
  /** The second normal of the scalar path's pair; like torch, it waits for the next call. */
  private cached: number | null = null;

  constructor(seed: number | bigint) {
    this.engine = new Mt19937(seed);
  }

  /** torch.randn(size, generator=self), flat; each call goes on where the last one stopped. */
  randn(size: number): Float32Array {
    const out = new Float32Array(size);
    if (size < 16) {
      for (let i = 0; i < size; i++) out[i] = this.normal();
      return out;
    }
    for (let i = 0; i < size; i++) out[i] = this.uniform24();
    for (let i = 0; i + 16 <= size; i += 16) boxMuller16(out, i);
    if (size % 16 !== 0) {
      // The tail: the last 16 numbers are drawn afresh, over some that were finished.
      for (let i = size - 16; i < size; i++) out[i] = this.uniform24();
      boxMuller16(out, size - 16);
    }
    return out;
  }

  private uniform24(): number {
    return (this.engine.uint32() & 0xffffff) * 2 ** -24;
  }

  private uniform53(): number {
    const high = this.engine.uint32() & 0x1fffff;
    return (high * 2 ** 32 + this.engine.uint32()) * 2 ** -53;
  }

  private normal(): number {
    if (this.cached !== null) {
      const value = this.cached;
      this.cached = null;
      return value;
    }
    const angle = 2 * Math.PI * this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.cached = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** In place: 16 uniforms -> 16 normals, element j paired with j + 8. */
function boxMuller16(data: Float32Array, at: number): void {
  for (let j = at; j < at + 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - (data[j] as number)));
    const angle = Math.fround(2 * Math.PI) * (data[j + 8] as number);
    data[j] = radius * Math.cos(angle);
    data[j + 8] = radius * Math.sin(angle);
  }
}
