/**
 * @file Which t a drawing visits. Names are diffusers'; whence: Lin et al. 2023, table 2.
 * Matches: diffusers schedulers/scheduling_ddim.py (`set_timesteps`), numpy.linspace, numpy.arange and numpy.round.
 */

export const timestepSpacings = ["leading", "trailing", "linspace"] as const;
export type TimestepSpacing = (typeof timestepSpacings)[number];

export interface SpacingOptions {
  readonly spacing: TimestepSpacing;
  /** read by "leading" alone */
  readonly stepsOffset: number;
  readonly numTrainTimesteps: number;
}

/** `count` values of t, descending. For 50 of 1000, leading with offset 1: 981, 961, ..., 1. */
export function spacedTimesteps(
  count: number,
  { spacing, stepsOffset, numTrainTimesteps: n }: SpacingOptions,
): number[] {
  const list = (t: (i: number) => number) => Array.from({ length: count }, (_, i) => t(i));
  switch (spacing) {
    case "leading": {
      const ratio = Math.floor(n / count);
      return list((i) => (count - 1 - i) * ratio + stepsOffset);
    }
    case "trailing": {
      // numpy.arange goes on by the difference of its first two numbers. Where that makes one number too many (61 steps,
      // 103, ...), diffusers ends at t = -1; here there are as many as were asked for.
      const difference = n - n / count - n;
      return list((i) => roundHalfToEven(n + i * difference) - 1);
    }
    case "linspace": {
      const step = count > 1 ? (n - 1) / (count - 1) : 0;
      return list((i) => (i === 0 && count > 1 ? n - 1 : roundHalfToEven((count - 1 - i) * step)));
    }
    default:
      return spacing satisfies never;
  }
}

/** numpy.round: halves go to the even neighbour. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
