/** @file Which models' pictures can be scored without people, and on which captions. */
import { heldOutSplit } from "../pocket/splits.ts";
import type { ScoreInfo, Scoring } from "./api.ts";

/** Pocket's four, in the order of the paper's (PickScore, ImageReward, Aesthetic, HPS). */
const POCKET: readonly ScoreInfo[] = [
  { id: "truth", title: "Truth", unit: "dB", digits: 1, help: "likeness to the finest picture of the caption" },
  { id: "faith", title: "Faith", unit: "", digits: 2, help: "named shapes, layout and time of day, 1 is all right" },
  { id: "finish", title: "Finish", unit: "", digits: 3, help: "how far it is from the pairs’ finish, 0 is theirs" },
  {
    id: "sharpness",
    title: "Sharpness",
    unit: "",
    digits: 3,
    help: "how far it is from the pairs’ edges, 0 is theirs",
  },
];

/** Enough for intervals of some ten points. */
const MOST = 96;

export function scoringOf(model: string): Scoring | null {
  return model === "pocket" ? { scores: POCKET, prompts: heldOutSplit().test.slice(0, MOST) } : null;
}
