/** @file Shares and their intervals in words: always with the interval, and "not clearly ahead" where it contains one half. */
import type { Interval } from "../lib/statistics.ts";
import { percent } from "./format.ts";
import type { Share, Tally } from "./state/tally.ts";

/** "52 to 85 %" */
export function rangeOf([low, high]: Interval): string {
  return `${Math.round(100 * low)} to ${percent(high)}`;
}

/** "p = 0.03", "p < 0.001" */
export function chance(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p < 0.1 ? p.toPrecision(1) : p.toFixed(2)}`;
}

/** "SPIN 2 is ahead of Base in 71 % of 24 prompts (52 to 85 %)." */
export function aheadInWords(name: string, other: string, share: Share, of: string): string {
  const found = `${percent(share.rate)} of ${of} (${rangeOf(share.interval)})`;
  switch (share.verdict) {
    case "ahead":
      return `${name} is ahead of ${other} in ${found}.`;
    case "behind":
      return `${name} is behind ${other}: it is ahead in only ${found}.`;
    case "unclear":
      return `${name} is not clearly ahead of ${other}: it is in ${found}.`;
  }
}

/** "16 wins, 5 losses, 3 ties in 24 votes. 95 % interval 55 to 89 %, sign test p = 0.03: …" */
export function tallyInWords({ wins, losses, ties, decided, share, p }: Tally, name: string, other: string): string {
  const counted = `${wins} to ${losses}${ties === 0 ? "" : `, ${ties === 1 ? "1 tie" : `${ties} ties`}`}, ${decided} votes.`;
  if (share === null) return counted;
  const verdict = {
    ahead: `${name} is ahead.`,
    behind: `${name} is behind.`,
    unclear: `${name} is not clearly ahead of ${other}.`,
  }[share.verdict];
  return `${counted} 95 % interval ${rangeOf(share.interval)}, sign test ${chance(p)}. ${verdict}`;
}
