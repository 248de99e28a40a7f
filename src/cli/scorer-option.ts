/** @file `--scorer pickscore=DIR,aesthetic=DIR`: which scorers, and where on this disk their weights lie. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openScorerFiles } from "../artifacts/scorer-files.ts";
import { createTokenizer } from "../artifacts/tokenizer.ts";
import { StudioError } from "../lib/errors.ts";
import type { Backend } from "../runtime/backend.ts";
import { scorerKinds } from "../studio/scorers/kinds.ts";
import { type PictureScorer, type ScorerId, scorerIds } from "../studio/scorers/scorer.ts";
import { modelFiles } from "./model-files.ts";
import { type Option, refuse } from "./options.ts";

export interface ScorerPlace {
  readonly id: ScorerId;
  readonly path: string;
}

export const scorerOption: Option<readonly ScorerPlace[] | undefined> = {
  placeholder: "NAME=DIR,…",
  help: scorerIds.map((id) => `${id}: ${scorerKinds[id].wants}`).join("; "),
  required: false,
  read: (option, given) => {
    if (given === undefined) return undefined;
    const places = given.split(",").map((word): ScorerPlace => {
      const at = word.indexOf("=");
      const id = scorerIds.find((each) => each === word.slice(0, at));
      if (!id || at + 1 === word.length)
        refuse(`--${option} is "${given}", and NAME=DIR was expected, where NAME is one of ${scorerIds.join(", ")}.`);
      return { id, path: word.slice(at + 1) };
    });
    if (new Set(places.map(({ id }) => id)).size < places.length) refuse(`--${option} names a scorer twice.`);
    return places;
  },
};

/** Pictures in one run of a network. */
const BATCH = 4;

const vocabulary = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../public/pocket/tokenizer/${name}`, import.meta.url)), "utf8");

/** The scorer is given back whatever happens. @throws StudioError with the scorer's name. */
export async function withScorer<T>(
  backend: Backend,
  { id, path }: ScorerPlace,
  work: (scorer: PictureScorer) => Promise<T>,
): Promise<T> {
  const tokenizer = createTokenizer(await vocabulary("vocab.json"), await vocabulary("merges.txt"));
  const scorer = await openNamed(id, async () =>
    scorerKinds[id].open(await openScorerFiles(await modelFiles(path)), { backend, tokenizer, batch: BATCH }),
  );
  try {
    return await work(scorer);
  } finally {
    await scorer.dispose();
  }
}

async function openNamed(id: ScorerId, open: () => Promise<PictureScorer>): Promise<PictureScorer> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const { title, wants } = scorerKinds[id];
    const wanted = `${title} is ${wants}.`;
    throw new StudioError(error.code, `${title}: ${error.message}`, error.hint ? `${error.hint} ${wanted}` : wanted);
  }
}
