/** @file Counting votes: who won how often, and what may be said of it. Skips are seen, not counted; a tie is half a win. */
import { type Interval, signTest, wilson } from "../../lib/statistics.ts";
import type { NodeId, Vote } from "../../studio/api.ts";

/** A rate of fewer votes would follow early luck. */
export const ENOUGH = 20;

export interface Rivals {
  readonly a: NodeId;
  readonly b: NodeId;
}

export type Verdict = "ahead" | "behind" | "unclear";

/** A share of wins with its interval; unclear where the interval contains one half. */
export interface Share {
  readonly rate: number;
  readonly interval: Interval;
  readonly verdict: Verdict;
}

export interface Tally {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** wins, losses and ties */
  readonly decided: number;
  /** with skips */
  readonly seen: number;
  /** null: fewer than `ENOUGH` are decided */
  readonly share: Share | null;
  /** of the sign test, two-sided, without the ties */
  readonly p: number;
}

export function shareOf(wins: number, ties: number, n: number): Share {
  const halved = wins + ties / 2;
  const interval = wilson(halved, n);
  const verdict = interval[0] > 0.5 ? "ahead" : interval[1] < 0.5 ? "behind" : "unclear";
  return { rate: halved / n, interval, verdict };
}

/** The votes between two nodes, in whichever order they were compared. */
export function votesBetween(votes: readonly Vote[], { a, b }: Rivals): readonly Vote[] {
  return votes.filter((vote) => (vote.a === a && vote.b === b) || (vote.a === b && vote.b === a));
}

/** How often `a` was preferred to `b`. */
export function tallyOf(votes: readonly Vote[], rivals: Rivals): Tally {
  const between = votesBetween(votes, rivals);
  const wonBy = (node: NodeId): number =>
    between.filter(({ choice, a, b }) => (choice === "a" && a === node) || (choice === "b" && b === node)).length;
  const [wins, losses] = [wonBy(rivals.a), wonBy(rivals.b)];
  const ties = between.filter(({ choice }) => choice === "tie").length;
  const decided = wins + losses + ties;
  const share = decided >= ENOUGH ? shareOf(wins, ties, decided) : null;
  return { wins, losses, ties, decided, seen: between.length, share, p: signTest(wins, losses) };
}
