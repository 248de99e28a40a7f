/**
 * @file A Denoiser small enough to differentiate by hand, for tests of everything above it:
 *   eps(x, c, t)_i = sum_j W_ij x_j + sum_k V_ik mean(c)_k + b_i t / 1000,   vector = [W | V | b] row by row.
 * Keeps the interface's rules as a device would: gradients accumulate and are cleared by reading, and backward is
 * refused once another call has taken its place.
 */
import { assert, required } from "../lib/errors.ts";
import type { Adapter, Denoiser, Noised, Pass, Text } from "./denoiser.ts";

/** Features of one sample, [x | mean of c | t / 1000]: eps is a matrix times these. */
function features(batch: Noised, text: Text, n: number): number[] {
  const size = batch.xt.length / batch.shape[0];
  const [, tokens, width] = text.shape;
  const means = Array.from({ length: width }, () => 0);
  for (let token = 0; token < tokens; token++)
    for (let k = 0; k < width; k++)
      means[k] = (means[k] as number) + (text.hidden[(n * tokens + token) * width + k] as number) / tokens;
  return [...batch.xt.subarray(n * size, (n + 1) * size), ...means, required(batch.t[n], "t") / 1000];
}

/** eps of sample n in float64. */
function predictOne(vector: ArrayLike<number>, input: readonly number[], size: number): number[] {
  return Array.from({ length: size }, (_, i) =>
    input.reduce((sum, value, j) => sum + (vector[i * input.length + j] as number) * value, 0),
  );
}

/** eps - target of sample n. */
function residual(vector: ArrayLike<number>, batch: Noised, input: readonly number[], n: number): number[] {
  const size = batch.xt.length / batch.shape[0];
  return predictOne(vector, input, size).map((eps, i) => eps - (batch.target[n * size + i] as number));
}

/** Per-sample errors in float64, for finite differences of any loss above them. */
export function linearErrors(vector: ArrayLike<number>, batch: Noised, text: Text): number[] {
  return batch.t.map((_, n) => {
    const r = residual(vector, batch, features(batch, text, n), n);
    return r.reduce((sum, x) => sum + x * x, 0) / r.length;
  });
}

/** Numbers in the vector for latents of `size` numbers and text of `width`. */
export function linearLength(size: number, width: number): number {
  return size * (size + width + 1);
}

export class LinearDenoiser implements Denoiser {
  /** Calls made, by method; tests count on it. */
  readonly calls: (keyof Denoiser)[] = [];
  private readonly vectors = new Map<string, Float32Array>();
  private readonly sums: Float64Array;
  private kept: Pass | null = null;

  constructor(length: number) {
    this.sums = new Float64Array(length);
  }

  async predict(adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array> {
    const vector = this.begin("predict", adapter);
    const size = batch.xt.length / batch.shape[0];
    return Float32Array.from(batch.t.flatMap((_, n) => predictOne(vector, features(batch, text, n), size)));
  }

  async errors(adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array> {
    return Float32Array.from(linearErrors(this.begin("errors", adapter), batch, text));
  }

  async forward(adapter: Adapter, batch: Noised, text: Text): Promise<Pass> {
    const vector = this.begin("forward", adapter);
    const pass: Pass = {
      errors: Float32Array.from(linearErrors(vector, batch, text)),
      backward: async (seeds) => {
        assert(this.kept === pass, "backward after another call");
        assert(seeds.length === batch.shape[0], "a seed for every sample");
        seeds.forEach((seed, n) => this.accumulate(seed, vector, batch, features(batch, text, n), n));
      },
    };
    this.kept = pass;
    return pass;
  }

  async gradients(): Promise<Float32Array> {
    this.calls.push("gradients");
    const sums = Float32Array.from(this.sums);
    this.sums.fill(0);
    return sums;
  }

  async parameters(adapter: Adapter): Promise<Float32Array> {
    return this.begin("parameters", adapter).slice();
  }

  async update(adapter: Adapter, vector: Float32Array): Promise<void> {
    this.kept = null;
    this.calls.push("update");
    assert(vector.length === this.sums.length, "a vector of the model's length");
    this.vectors.set(adapter.id, vector.slice());
  }

  private begin(method: keyof Denoiser, adapter: Adapter): Float32Array {
    this.kept = null;
    this.calls.push(method);
    return required(this.vectors.get(adapter.id), `adapter ${adapter.id}`);
  }

  /** d error_n / d M_ij = 2 r_i input_j / size */
  private accumulate(seed: number, vector: Float32Array, batch: Noised, input: readonly number[], n: number): void {
    const r = residual(vector, batch, input, n);
    r.forEach((ri, i) => {
      input.forEach((value, j) => {
        const at = i * input.length + j;
        this.sums[at] = (this.sums[at] as number) + (seed * 2 * ri * value) / r.length;
      });
    });
  }
}
