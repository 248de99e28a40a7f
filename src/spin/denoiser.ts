/** @file The one thing the paper needs from a model. Implemented by plans and a runtime; knows neither. */

/** One set of trainable values that lives on the device: the policy theta, an opponent theta_k, or the base. */
export interface Adapter {
  readonly id: string;
}

/** Samples at their noise level, and what the model should predict there. All arrays are row-major fp32. */
export interface Noised {
  /** [N, 4, h, w] */
  readonly shape: readonly [number, number, number, number];
  /** x_t */
  readonly xt: Float32Array;
  /** t of each sample, 0..999, length N */
  readonly t: readonly number[];
  /** the noise eps, or v where the network predicts that (or another target, C.5) */
  readonly target: Float32Array;
}

/** encoder_hidden_states, one row a sample: [N, tokens, width]. */
export interface Text {
  readonly shape: readonly [number, number, number];
  readonly hidden: Float32Array;
}

export interface Pass {
  /** mean over C, H, W of (output - target)^2, length N */
  readonly errors: Float32Array;
  /** Adds sum_n seeds[n] * d errors[n] / d theta to the gradient vector. */
  backward(seeds: readonly number[]): Promise<void>;
}

/** @throws StudioError `device-lost` when the device is gone; nothing that was read back before is wrong. */
export interface Denoiser {
  /** The network's output at (x_t, c, t), eps or v: [N, 4, h, w]; `batch.target` is not read. */
  predict(adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array>;
  /** Per-sample errors. Same programs as `forward`, so policy = opponent gives exactly equal numbers. */
  errors(adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array>;
  /** The same, and what backward needs is kept until the next call of any method but `gradients`. */
  forward(adapter: Adapter, batch: Noised, text: Text): Promise<Pass>;
  /** The accumulated gradient vector, read once a step, then cleared. */
  gradients(): Promise<Float32Array>;
  /** The trainable vector of an adapter as it lies on the device. */
  parameters(adapter: Adapter): Promise<Float32Array>;
  /** Writes the trainable vector, once a step. */
  update(adapter: Adapter, vector: Float32Array): Promise<void>;
}
