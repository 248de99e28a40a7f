/** @file What the store holds of voting: types only. */
import type { Vote } from "../../studio/api.ts";
import type { Prompt } from "./studio-state.ts";
import type { Rivals } from "./tally.ts";

/** Two pictures of one prompt and seed, to be judged without names. */
export interface Ballot extends Rivals {
  readonly prompt: Prompt;
  /** where a's picture stands */
  readonly side: Vote["side"];
}

export interface VoteSlice {
  /** oldest first */
  readonly votes: readonly Vote[];
  readonly votesRead: boolean;
  /** decides the sides; another one every time the page is loaded */
  readonly salt: number;
  /** by the rivals' ids: how many sessions of comparisons were asked for */
  readonly sessions: { readonly [rivals: string]: number };
  /** picture ids by `cellKey`, of those that the grid does not have */
  readonly ballotCells: { readonly [key: string]: string };
  /** a drawing failed: the next one is asked for by hand */
  readonly ballotFault: boolean;
  readVotes(): Promise<void>;
  cast(ballot: Ballot, choice: "left" | "right" | "tie" | "skip"): void;
  /** Takes back the last vote between these two; its comparison comes again. */
  undoVote(rivals: Rivals): void;
  /** As many comparisons again, with seeds that were not seen. */
  moreVotes(rivals: Rivals): void;
  /** Draws what the next comparisons lack. */
  drawBallots(rivals: Rivals): Promise<void>;
  stopBallots(): void;
}
