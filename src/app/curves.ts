/** @file What is done to a list of numbers before it is drawn. */

/** Exponential mean over about `span` values; starts at the first value, so the curve starts where the run did. */
export function smooth(values: readonly number[], span: number): number[] {
  const keep = 1 - 1 / Math.max(1, span);
  let mean = values[0] ?? 0;
  return values.map((value) => {
    mean = keep * mean + (1 - keep) * value;
    return mean;
  });
}

/** Smoothing that suits a run of this length: a tenth of it, between 3 and 30 steps. */
export function spanFor(steps: number): number {
  return Math.min(30, Math.max(3, Math.round(steps / 10)));
}

export interface Span {
  readonly low: number;
  readonly high: number;
}

/** The smallest span around `values`, with a twelfth of air; never empty. */
export function spanAround(values: Iterable<number>): Span {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { low: 0, high: 1 };
  const air = (high - low) / 12 || Math.abs(high) / 100 || 0.01;
  return { low: low - air, high: high + air };
}
