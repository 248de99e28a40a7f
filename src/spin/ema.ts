/**
 * @file The exponential moving average of the weights: what an iteration keeps where it is asked for, and where the next one starts.
 * Matches: diffusers/training_utils.py `EMAModel` (min_decay 0, update_after_step 0, no inv_gamma).
 */

/** The decay at update `step` = 1, 2, …: it warms up as (1 + n) / (10 + n) over the n updates before, until it reaches `decay`. */
export function emaDecayAt(step: number, decay: number): number {
  const before = step - 1;
  return before === 0 ? 0 : Math.min((1 + before) / (10 + before), decay);
}

/** ema <- ema - (1 - decay) (ema - vector), in place, rounded as torch does on float32. */
export function average(ema: Float32Array, vector: Float32Array, decay: number): void {
  const f = Math.fround;
  const share = f(1 - decay);
  for (let i = 0; i < ema.length; i++) {
    const e = ema[i] as number;
    ema[i] = e - f(share * f(e - (vector[i] as number)));
  }
}
