/**
 * @file Classifier-free guidance (Ho and Salimans 2022) in diffusers' batch order: the unconditional rows first.
 * Matches: diffusers pipelines/stable_diffusion/pipeline_stable_diffusion.py (the denoising loop).
 */

/** Rows twice over, [uncond..., cond...]: the input x_t is the same for both halves. */
export function twice(rows: Float32Array): Float32Array {
  const out = new Float32Array(2 * rows.length);
  out.set(rows);
  out.set(rows, rows.length);
  return out;
}

/** uncond + scale (cond - uncond), from the network's output for [uncond..., cond...]: [2N, ...] -> [N, ...]. */
export function guide(eps: Float32Array, scale: number): Float32Array {
  const half = eps.length / 2;
  const out = new Float32Array(half);
  for (let i = 0; i < half; i++) {
    const uncond = eps[i] as number;
    out[i] = uncond + Math.fround(scale * Math.fround((eps[half + i] as number) - uncond));
  }
  return out;
}
