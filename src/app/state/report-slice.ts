/** @file What the store holds of the report: types only. */
import type { ExportedFile, Scored } from "../../studio/api.ts";

/** Scores, and what they were drawn with: only then can they be compared. */
export interface ScoreBook {
  /** one picture each */
  readonly prompts: readonly string[];
  readonly steps: number;
  readonly guidance: number;
  readonly nodes: Scored;
}

export interface ReportSlice {
  readonly book: ScoreBook | null;
  /** prompts that are wanted */
  readonly scoreCount: number;
  readonly scoring: { readonly done: number; readonly of: number; readonly startedAt: number } | null;
  /** Reads the scores of an earlier visit, once. */
  recallScores(): Promise<void>;
  setScoreCount(count: number): void;
  /** Scores the nodes that were not, Base first. */
  scoreNodes(): Promise<void>;
  /** Nodes that are done stay. */
  stopScoring(): void;
  /** Null: it could not be made, and that was told. */
  exportProject(): Promise<ExportedFile | null>;
  /** Gives what was left out of the file, a sentence each; null: it was refused, and that was told. */
  importProject(bytes: Uint8Array<ArrayBuffer>): Promise<readonly string[] | null>;
}
