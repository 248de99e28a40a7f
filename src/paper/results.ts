/**
 * @file What `npm run paper` found: scores picture by picture, from which every published table and figure follows. Plain JSON in
 * parts, each of which was made by one command at one commit, and checked when it is read.
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";

/** The four scores, and their average: the mean of the four in deviations of the base's on the development prompts. */
export const scoreNames = ["truth", "faith", "finish", "sharpness", "average"] as const;
export type ScoreName = (typeof scoreNames)[number];

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(whole, v.minValue(1));
const word = v.pipe(v.string(), v.regex(/^[\w-]{1,40}$/));
const values = v.array(v.number());

/** Of each score: a number, or one a prompt. */
const byScore = <T extends v.GenericSchema>(each: T) =>
  v.object({ truth: each, faith: each, finish: each, sharpness: each, average: each });

/** A setting is one value, or one an iteration. */
const setting = v.union([v.number(), v.string(), v.boolean(), values]);

const madeSchema = v.object({
  commit: v.string(),
  command: v.string(),
  date: v.pipe(v.string(), v.isoDate()),
  minutes: v.number(),
  versions: v.record(v.string(), v.string()),
});

const modelSchema = v.object({
  id: word,
  settings: v.record(v.string(), setting),
  /** pictures or pairs that its training met, all iterations together */
  samples: whole,
  /** one a prompt, of the best picture by the average */
  scores: byScore(values),
});

const pointSchema = v.object({
  samples: whole,
  /** one a prompt, of one picture */
  scores: byScore(v.number()),
  average: values,
});

const curveSchema = v.object({ id: word, settings: v.record(v.string(), setting), points: v.array(pointSchema) });

const trialSchema = v.object({
  settings: v.record(v.string(), setting),
  /** mean of the average over the development prompts */
  average: v.number(),
});

const partSchema = v.object({
  made: madeSchema,
  models: v.array(modelSchema),
  curves: v.array(curveSchema),
  trials: v.array(trialSchema),
});

const partsSchema = v.record(word, partSchema);

export const resultsSchema = v.object({
  schema: v.literal(1),
  model: v.object({ folder: v.string(), sha256: v.string() }),
  protocol: v.object({
    quick: v.boolean(),
    pairs: positive,
    guidance: v.number(),
    /** of the development split, by which settings are chosen */
    development: positive,
    /** of the test split */
    prompts: v.array(v.string()),
    /** the final models' pictures: the best of so many, at so many steps */
    final: v.object({ best: positive, steps: positive }),
    /** a point of a curve: one picture of each of the first prompts */
    curve: v.object({ prompts: positive, steps: positive }),
  }),
  /** what all seeds have in common: the base, and the searches for settings */
  shared: partsSchema,
  seeds: v.array(v.object({ seed: whole, parts: partsSchema })),
});

type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T;

export type PaperResults = Deep<v.InferOutput<typeof resultsSchema>>;
export type Protocol = PaperResults["protocol"];
export type Part = Deep<v.InferOutput<typeof partSchema>>;
export type Made = Part["made"];
export type Scored = Part["models"][number];
export type Curve = Part["curves"][number];
export type Point = Curve["points"][number];
export type Trial = Part["trials"][number];
export type Settings = Scored["settings"];

/** @throws StudioError `paper` where `json` is something else, or where scores and prompts are not as many. */
export function readResults(json: unknown): PaperResults {
  const read = v.safeParse(resultsSchema, json);
  const issue = read.issues?.[0];
  if (issue) refuse(`${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  const results = read.output as PaperResults;
  const { prompts, curve } = results.protocol;
  for (const part of partsOf(results)) {
    for (const { id, scores } of part.models)
      for (const name of scoreNames) expectLength(`${id}, ${name}`, scores[name], prompts.length);
    for (const { id, points } of part.curves)
      for (const { average } of points) expectLength(id, average, Math.min(curve.prompts, prompts.length));
  }
  return results;
}

const partsOf = ({ shared, seeds }: PaperResults): readonly Part[] =>
  [shared, ...seeds.map(({ parts }) => parts)].flatMap((parts) => Object.values(parts));

function expectLength(what: string, list: readonly number[], length: number): void {
  if (list.length !== length) refuse(`${what}: ${list.length} scores, expected ${length}.`);
}

function refuse(what: string): never {
  throw new StudioError("paper", `These are no results of the paper's experiments: ${what}`);
}

/** A part as it is read back alone. @throws StudioError `paper` */
export function readPart(json: unknown): Part {
  const read = v.safeParse(partSchema, json);
  const issue = read.issues?.[0];
  if (issue) refuse(`${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  return read.output as Part;
}
