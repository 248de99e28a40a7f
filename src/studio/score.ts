/** @file Scores of nodes' pictures, prompt by prompt; drawn a few at a time, so that a run or another drawing gets its turn. */
import { assert, required, StudioError } from "../lib/errors.ts";
import type { Drawn, DrawRequest, ModelInfo, PageEvent, PictureScores, Scored, ScoreRequest } from "./api.ts";
import { pocketScorer } from "./pocket-scorer.ts";

type Scorer = ReturnType<typeof pocketScorer>;
type Row = ReturnType<Scorer["scoresOf"]> & { readonly variety?: number };

export interface ScoreParts {
  readonly draw: (request: DrawRequest) => Promise<Drawn>;
  readonly emit: (event: PageEvent) => void;
}

const AT_ONCE = 8;

/** The first prompts are drawn from a second seed too: how unlike two pictures of one caption are. */
const TWICE = 24;
const OTHER_SEED = 100_000;

/** The levels of the pairs take seconds, and are the same every time. */
let pocket: Scorer | null = null;

/** @throws StudioError `score` where there is no scorer for the model. */
export async function score(
  model: ModelInfo | null,
  { nodes, reference, ...request }: ScoreRequest,
  { draw, emit }: ScoreParts,
): Promise<Scored> {
  if (model?.scoring == null) throw new StudioError("score", "There are no scores for this model’s pictures yet.");
  const { prompts, seeds } = request;
  assert(prompts.length === seeds.length, `${prompts.length} prompts and ${seeds.length} seeds`);
  const given = reference?.map(four);
  const scorer = (pocket ??= pocketScorer());
  const of = nodes.length * prompts.length;
  const scored = new Map<string, Row[]>();
  let done = 0;
  for (const node of nodes) {
    const rows: Row[] = [];
    for (let start = 0; start < prompts.length; start += AT_ONCE) {
      emit({ kind: "scored", done, of });
      const some = { prompts: prompts.slice(start, start + AT_ONCE), seeds: seeds.slice(start, start + AT_ONCE) };
      const { pictures } = await draw({ ...request, ...some, node });
      const twice = pictures.slice(0, Math.max(0, TWICE - start));
      const twins = {
        prompts: twice.map(({ prompt }) => prompt),
        seeds: twice.map(({ seed }) => seed + OTHER_SEED),
      };
      const others = twice.length === 0 ? [] : (await draw({ ...request, ...twins, node })).pictures;
      for (const [at, picture] of pictures.entries()) {
        const other = others[at];
        const scores = scorer.scoresOf(scorer.measuresOf(picture));
        rows.push(other ? { ...scores, variety: distance(picture.rgba, other.rgba) } : scores);
      }
      done += pictures.length;
    }
    scored.set(node, rows);
  }
  emit({ kind: "scored", done, of });
  const known = given ?? required(scored.get(nodes[0] ?? ""), "a node to score");
  return Object.fromEntries(
    [...scored].map(([node, rows]) => [node, rows.map((row) => ({ ...row, average: scorer.averageOf(row, known) }))]),
  );
}

/** Root mean square of the differences of two pictures' values, 0 to 255. */
function distance(a: Uint8ClampedArray, b: Uint8ClampedArray): number {
  const squares = a.reduce((sum, value, at) => (at % 4 === 3 ? sum : sum + (value - (b[at] ?? 0)) ** 2), 0);
  return Math.sqrt(squares / (0.75 * a.length));
}

/** A row that came back from the page. @throws StudioError `score` */
function four(row: PictureScores): ReturnType<Scorer["scoresOf"]> {
  const { truth, faith, finish, sharpness } = row;
  if (truth === undefined || faith === undefined || finish === undefined || sharpness === undefined)
    throw new StudioError("score", "The scores to compare with are not this model’s.", "Score all of them again.");
  return { truth, faith, finish, sharpness };
}
