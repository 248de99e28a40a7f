/**
 * @file What may be said of two lists of numbers: means with intervals, shares with intervals, and whether wins are chance.
 * Wilson, "Probable inference" (JASA 1927); Efron's percentile bootstrap; the exact sign test. All intervals are of 95 %.
 */
import { assert } from "./errors.ts";

export type Interval = readonly [low: number, high: number];

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The q-quantile of ascending values, linear between neighbours, as numpy has it. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const place = q * (ascending.length - 1);
  const low = ascending[Math.floor(place)] as number;
  const high = ascending[Math.ceil(place)] as number;
  return low + (place - Math.floor(place)) * (high - low);
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** The sample's standard deviation, with n - 1. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/**
 * Interval of the share behind `wins` of `n`: all p with |wins/n - p| <= z sqrt(p (1 - p) / n). Ties may count as half wins.
 * Of no trials nothing is known: [0, 1].
 */
export function wilson(wins: number, n: number, z = 1.96): Interval {
  assert(wins >= 0 && wins <= n, `${wins} wins of ${n}`);
  if (n === 0) return [0, 1];
  const share = wins / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z / (2 * n)) ** 2);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

export interface Bootstrapped {
  readonly mean: number;
  readonly interval: Interval;
}

/** Mean of paired differences; its interval are the 2.5 and 97.5 % quantiles of the means of resamples. `random` is uniform in [0, 1). */
export function pairedBootstrap(
  differences: readonly number[],
  random: () => number,
  resamples = 10_000,
): Bootstrapped {
  const n = differences.length;
  assert(n > 0, "no differences");
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += differences[Math.floor(random() * n)] as number;
    means[i] = sum / n;
  }
  means.sort();
  return { mean: mean(differences), interval: [quantile(means, 0.025), quantile(means, 0.975)] };
}

/** P(as uneven or more | each side wins with 1/2), ties left out: 2 sum_{k <= min} C(n, k) / 2^n, at most 1. */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  const fewer = Math.min(wins, losses);
  // ln (C(n, fewer) / 2^n) factor by factor; then downwards by C(n, k - 1) = C(n, k) k / (n - k + 1)
  let log = -n * Math.LN2;
  for (let i = 1; i <= fewer; i++) log += Math.log((n - fewer + i) / i);
  let [term, sum] = [1, 0];
  for (let k = fewer; k >= 0; k--) {
    sum += term;
    term *= k / (n - k + 1);
  }
  return Math.min(1, 2 * Math.exp(log) * sum);
}
