/**
 * @file AdamW (Loshchilov and Hutter 2019) on flat float32 vectors, operation by operation as torch rounds it: at a rate
 * of 1e-5 a weight moves by a few units in its last place, so the order of roundings is part of the result. Where torch's
 * vector kernels fuse a product into a sum (lerp, addcmul), the product here is float64, in which it is exact.
 * Matches: torch/optim/adam.py `_single_tensor_adam` with decoupled_weight_decay.
 */

export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

export const adamWDefaults: AdamWOptions = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-2 };

/** Everything that the next step depends on, all of one length; `step` counts the updates made. */
export interface TrainState {
  step: number;
  readonly vector: Float32Array;
  /** exp_avg */
  readonly m: Float32Array;
  /** exp_avg_sq */
  readonly v: Float32Array;
  /** the average of the weights, where one is kept */
  readonly ema?: Float32Array;
}

/**
 * The start of an iteration: Algorithm 1 solves a fresh argmin, so the moments start at zero. Copies the vector.
 * `emaDecay`: 0 keeps no average of the weights.
 */
export function freshState(vector: Float32Array, emaDecay = 0): TrainState {
  const [m, v] = [new Float32Array(vector.length), new Float32Array(vector.length)];
  const state = { step: 0, vector: vector.slice(), m, v };
  return emaDecay > 0 ? { ...state, ema: vector.slice() } : state;
}

/** What an iteration that ends here leaves: the average of its weights, or where none is kept the weights. */
export const keptOf = ({ vector, ema }: Pick<TrainState, "vector" | "ema">): Float32Array => ema ?? vector;

/**
 * One update in place, with learning rate `lr`:
 *   p <- p (1 - lr wd);  m <- m + (1 - b1)(g - m);  v <- b2 v + (1 - b2) g g;
 *   p <- p - (lr / (1 - b1^s)) m / (sqrt(v) / sqrt(1 - b2^s) + eps),   s = step + 1.
 */
export function adamW(state: TrainState, gradient: Float32Array, lr: number, options: AdamWOptions): void {
  const { vector: p, m, v } = state;
  const f = Math.fround;
  const [beta1, beta2] = options.betas;
  state.step++;
  const decay = f(1 - lr * options.weightDecay);
  const oneMinusBeta1 = f(1 - beta1);
  const b2 = f(beta2);
  const oneMinusBeta2 = f(1 - beta2);
  const stepSize = f(-lr / (1 - beta1 ** state.step));
  const correction2 = f(Math.sqrt(1 - beta2 ** state.step));
  const eps = f(options.eps);
  for (let i = 0; i < p.length; i++) {
    const g = gradient[i] as number;
    const mi = m[i] as number;
    const m1 = f(mi + oneMinusBeta1 * f(g - mi));
    const v1 = f(f((v[i] as number) * b2) + f(oneMinusBeta2 * g) * g);
    const denominator = f(f(f(Math.sqrt(v1)) / correction2) + eps);
    m[i] = m1;
    v[i] = v1;
    p[i] = f((p[i] as number) * decay) + f(f(stepSize * m1) / denominator);
  }
}
