/**
 * @file Gradient norm and clipping, and with it the finite check: a sum of squares in float64 is finite exactly when
 * every float32 in it is.
 * Matches: torch.nn.utils.clip_grad_norm_ (norm_type 2).
 */
import { StudioError } from "../lib/errors.ts";

/**
 * Scales `gradient` in place by min(1, maxNorm / (norm + 1e-6)); returns the norm before.
 * @throws StudioError `not-finite`; the gradient is left as it is.
 */
export function clipGradNorm(gradient: Float32Array, maxNorm: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) * (gradient[i] as number); // an iterator takes ten times as long
  const { norm, scale } = clipScale(squares, maxNorm);
  if (scale < 1) for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) * scale;
  return norm;
}

/** The norm of a gradient by the sum of its squares, and what clipping multiplies it by. @throws StudioError `not-finite` */
export function clipScale(squares: number, maxNorm: number): { readonly norm: number; readonly scale: number } {
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm))
    throw new StudioError(
      "not-finite",
      "The gradient has values that are not finite, and every one must be.",
      "The weights are those of the step before. Try a smaller learning rate or beta.",
    );
  return { norm, scale: Math.min(1, Math.fround(maxNorm / (norm + 1e-6))) };
}
