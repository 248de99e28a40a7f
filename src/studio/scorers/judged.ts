/** @file Pictures that networks scored, for `report`, which compares what is known already. */
import { required } from "../../lib/errors.ts";
import { mean } from "../../lib/statistics.ts";
import type { Picture } from "../api.ts";
import type { Scorer, Scores } from "../evaluate.ts";
import type { PictureScorer, ScorerId } from "./scorer.ts";

/** Of each picture what the scorers said. */
export class JudgedPictures {
  readonly #scores = new Map<Picture, Record<string, number>>();

  async add(id: ScorerId, scorer: PictureScorer, pictures: readonly Picture[]): Promise<void> {
    const scores = await scorer.score(
      pictures.map(({ side, rgba }) => ({ width: side, height: side, rgba })),
      pictures.map(({ prompt }) => prompt),
    );
    for (const [i, picture] of pictures.entries())
      this.#scores.set(picture, { ...this.#scores.get(picture), [id]: scores[i] as number });
  }

  /** The average is the paper's: the plain mean of the scores. */
  get scorer(): Scorer<Scores, Scores> {
    return {
      measuresOf: (picture) => required(this.#scores.get(picture), "the picture's scores"),
      scoresOf: (measures) => measures,
      averageOf: (scores) => mean(Object.values(scores)),
    };
  }
}
