/**
 * @file Sinusoidal embedding of t, computed here and not on the GPU, whose Sin and Cos are off by 1e-4.
 * Matches: diffusers models/embeddings.py `get_timestep_embedding`, float32 operation by operation.
 */

export interface EmbeddingOptions {
  /** true: [cos, sin], as every SD model has it */
  readonly flipSinToCos: boolean;
  readonly downscaleFreqShift: number;
}

const sd: EmbeddingOptions = { flipSinToCos: true, downscaleFreqShift: 0 };

/**
 * t of each sample (0..999, length N) -> [N, dim]: sin and cos of t 10000^(-i / (dim/2 - shift)), i < dim/2.
 * An odd dim ends in a zero.
 */
export function timestepEmbedding(t: readonly number[], dim: number, options: EmbeddingOptions = sd): Float32Array {
  const f = Math.fround;
  const half = Math.floor(dim / 2);
  const logPeriod = f(-Math.log(10000));
  const out = new Float32Array(t.length * dim);
  for (let i = 0; i < half; i++) {
    const frequency = f(Math.exp(f(f(logPeriod * i) / f(half - options.downscaleFreqShift))));
    t.forEach((time, n) => {
      const angle = f(f(time) * frequency);
      out[n * dim + i + (options.flipSinToCos ? half : 0)] = Math.sin(angle);
      out[n * dim + i + (options.flipSinToCos ? 0 : half)] = Math.cos(angle);
    });
  }
  return out;
}
