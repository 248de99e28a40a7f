/** @file All scorers by their ids. */
import { aesthetic } from "./aesthetic.ts";
import { imageReward } from "./image-reward.ts";
import type { ScorerId, ScorerKind } from "./scorer.ts";
import { hpsV2, pickScore } from "./similarity.ts";

export const scorerKinds: { readonly [I in ScorerId]: ScorerKind } = {
  pickscore: pickScore,
  hpsv2: hpsV2,
  aesthetic,
  imagereward: imageReward,
};
