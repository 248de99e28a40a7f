/**
 * @file A whole project as one zip, for another browser or for keeping. Every member's size and sha256 stand in project.json:
 *
 *   project.json                           nodes, pairs, and what every other member must be
 *   pairs/<n>.png                          with metadata.jsonl, as other trainers read them
 *   checkpoints/<node>/<file>              the newest of each node, as artifacts/checkpoint.ts has it
 *   opponents/<node>/<index>.png           of nodes that are still to be trained
 *   reports/<node>.json                    one report a step
 *   votes.jsonl
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import { nodeSchema } from "../storage/nodes.ts";

export const fileSchema = 1;
export const projectJson = "project.json";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const side = v.pipe(count, v.minValue(1), v.maxValue(4096));
const { schema: _, ...nodeFields } = nodeSchema.entries;

export const projectFile = v.object({
  schema: v.literal(fileSchema),
  exportedAt: v.string(),
  pairs: v.array(
    v.object({
      id: v.string(),
      caption: v.string(),
      side,
      file: v.string(),
      out: v.exactOptional(v.boolean()),
      about: v.exactOptional(v.unknown()),
    }),
  ),
  nodes: v.array(
    v.object({
      ...nodeFields,
      /** null: none was saved */
      checkpoint: v.nullable(v.object({ step: count, complete: v.boolean(), files: v.array(v.string()) })),
      opponents: v.array(v.object({ index: count, prompt: v.string(), seed: v.number(), side, file: v.string() })),
      reports: v.nullable(v.string()),
    }),
  ),
  votes: v.nullable(v.string()),
  files: v.record(v.string(), v.object({ bytes: count, sha256: v.string() })),
});
export type ProjectFile = v.InferOutput<typeof projectFile>;

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
