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

/** A span around `values` that ends in round numbers; never empty. */
export function spanAround(values: Iterable<number>): Span {
  const { low, high } = closeAround(values);
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough < 2 * power ? 1 : rough < 5 * power ? 2 : 5);
  const round = (times: number): number => Number((times * step).toPrecision(12));
  return { low: round(Math.floor(low / step)), high: round(Math.ceil(high / step)) };
}

/** With a twelfth of air. */
function closeAround(values: Iterable<number>): Span {
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

/** The same for a logarithmic axis: around what is above 0. */
export function spanAroundLog(values: Iterable<number>): Span {
  const logs = [...values].filter((value) => value > 0).map(Math.log10);
  if (logs.length === 0) return { low: 0.1, high: 1 };
  const { low, high } = closeAround(logs);
  return { low: 10 ** low, high: 10 ** high };
}

/** What a person can choose to take a mean over; 1 is off. */
export const SPANS = [1, 2, 3, 5, 8, 12, 20, 30, 50, 75, 100, 200] as const;

/** The place in `SPANS` that is nearest. */
export function nearestSpan(span: number): number {
  const apart = SPANS.map((each) => Math.abs(Math.log(each / Math.max(1, span))));
  return apart.indexOf(Math.min(...apart));
}
