/** @file What a scorer is: a network that judges pictures, with weights from the user's disk. */
import type { ScorerFiles } from "../../artifacts/scorer-files.ts";
import type { Tokenizer } from "../../artifacts/tokenizer.ts";
import type { Pixels } from "../../pairs/pixels.ts";
import type { Backend } from "../../runtime/backend.ts";

export const scorerIds = ["pickscore", "hpsv2", "aesthetic", "imagereward"] as const;
export type ScorerId = (typeof scorerIds)[number];

export interface PictureScorer {
  /** One number a picture, more is better: `prompts[i]` is what pictures[i] was drawn for. Pictures may have any size. */
  score(pictures: readonly Pixels[], prompts: readonly string[]): Promise<readonly number[]>;
  dispose(): Promise<void>;
}

export interface ScorerParts {
  readonly backend: Backend;
  /** CLIP's, of 77 ids */
  readonly tokenizer: Tokenizer;
  /** pictures in one run of a network */
  readonly batch: number;
}

export interface ScorerKind {
  readonly title: string;
  /** which files it is made of, as a sentence */
  readonly wants: string;
  /** @throws StudioError `scorer` or `config` with what is missing or does not fit. */
  open(files: ScorerFiles, parts: ScorerParts): Promise<PictureScorer>;
}
