/**
 * @file A whole project as one zip, for another browser or for keeping. Every member's size and sha256 stand in project.json:
 *
 *   project.json                           nodes, pairs, and what every other member must be
 *   pairs/<n>.png                          with metadata.jsonl, as other trainers read them
 *   checkpoints/<node>/<file>              the newest of each node, as artifacts/checkpoint.ts has it
 *   opponents/<node>/<index>.png           of nodes that are still to be trained
 *   reports/<node>.json                    one report a step
 *   votes.jsonl
 *   notes.json                             small state of the page's screens, by its name
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import { BASE, cleanName } from "../lib/node-name.ts";
import { sha256 } from "../lib/sha256.ts";
import { maxCaption } from "../pairs/captions.ts";
import { nodeSchema } from "../storage/nodes.ts";
import { voteSchema } from "../storage/votes.ts";

export const fileSchema = 1;
export const projectJson = "project.json";

// 1e999 is Infinity in JSON
const real = v.pipe(v.number(), v.finite());
const count = v.pipe(real, v.safeInteger(), v.minValue(0));
const small = v.pipe(count, v.maxValue(1e6));
const side = v.pipe(count, v.minValue(1), v.maxValue(4096));
const short = v.pipe(v.string(), v.maxLength(300));
const caption = v.pipe(v.string(), v.maxLength(maxCaption));
const distinct = <T>(values: readonly T[]): boolean => new Set(values).size === values.length;
const { schema: _, ...nodeFields } = nodeSchema.entries;

/** What the page counts with and shows; another version may know more. */
const settings = v.pipe(
  v.objectWithRest(
    { steps: small, pairsPerStep: small, opponentSteps: small, learningRate: real, guidance: real, seed: count },
    v.union([real, v.boolean(), short]),
  ),
  v.transform((known): Record<string, unknown> => known),
);

const node = v.object({
  ...nodeFields,
  parent: short,
  opponent: short,
  iteration: small,
  number: small,
  name: v.nullable(
    v.pipe(
      short,
      v.transform((name: string) => cleanName(name)),
    ),
  ),
  settings,
  pairs: v.nullable(short),
  createdAt: short,
  deleted: v.nullable(short),
  /** null: none was saved */
  checkpoint: v.nullable(v.object({ step: small, complete: v.boolean(), files: v.array(short) })),
  opponents: v.array(v.object({ index: small, prompt: caption, seed: count, side, file: short })),
  reports: v.nullable(short),
});
type FileNode = v.InferOutput<typeof node>;

/** Whoever walks from a node to its parents or its opponents comes to an end: each was there before it. */
function isTree(nodes: readonly FileNode[]): boolean {
  const numbers = new Map(nodes.map(({ id, number }) => [id, number]));
  const before = (id: string, number: number): boolean => (numbers.get(id) ?? 0) < number;
  return (
    distinct(nodes.map(({ id }) => id)) &&
    !numbers.has(BASE) &&
    nodes.every(({ number, parent, opponent }) => before(parent, number) && before(opponent, number))
  );
}

const pair = v.object({
  id: short,
  caption,
  side,
  file: short,
  out: v.exactOptional(v.boolean()),
  about: v.exactOptional(v.unknown()),
});

export const projectFile = v.object({
  schema: v.literal(fileSchema),
  exportedAt: short,
  pairs: v.pipe(
    v.array(pair),
    v.check((pairs) => distinct(pairs.map(({ id }) => id))),
  ),
  nodes: v.pipe(
    v.array(node),
    v.check((nodes) => isTree(nodes)),
  ),
  votes: v.nullable(short),
  /** older files have none */
  notes: v.nullish(short, null),
  files: v.record(v.string(), v.object({ bytes: count, sha256: short })),
});
export type ProjectFile = v.InferOutput<typeof projectFile>;

/** What curves are drawn from; the rest of a report is kept as it is. */
export const reportsFile = v.array(
  v.looseObject({
    ...Object.fromEntries(
      [
        ["loss errorWinner gradientNorm learningRate seconds", real],
        ["accuracy errorLoser errorWinnerOpponent errorLoserOpponent", v.nullable(real)],
      ].flatMap(([names, schema]) => (names as string).split(" ").map((name) => [name, schema])),
    ),
    step: count,
    of: count,
    safeguard: v.nullable(real),
    probe: v.nullable(
      v.looseObject({
        step: count,
        winner: real,
        winnerStart: real,
        loser: v.nullable(real),
        loserStart: v.nullable(real),
        winnerNoise: real,
      }),
    ),
  }),
);

export const voteLine = v.object({ ...voteSchema.entries, id: short, prompt: caption, seed: count, at: short });

/** Whoever reads a note checks it. */
export const notesFile = v.record(v.pipe(v.string(), v.regex(/^[\w -]{1,64}$/)), v.unknown());

export const hashesOf = async (members: ReadonlyMap<string, Uint8Array>): Promise<ProjectFile["files"]> =>
  Object.fromEntries(
    await Promise.all(
      [...members].map(async ([name, bytes]) => [name, { bytes: bytes.length, sha256: await sha256(bytes) }] as const),
    ),
  );

export function refuseFile(fault: string): never {
  throw new StudioError(
    "project-file",
    `The project was not opened: ${fault}.`,
    "What is in this browser is as it was.",
  );
}
