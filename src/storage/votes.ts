/** @file What a person preferred: a record a vote, never changed. */
import * as v from "valibot";
import type { KeyValue } from "./key-value.ts";
import { keysOf, schema } from "./keys.ts";

const voteFields = {
  id: v.string(),
  /** the nodes that drew the two pictures */
  a: v.string(),
  b: v.string(),
  prompt: v.string(),
  seed: v.number(),
  /** where a's picture stood */
  side: v.picklist(["left", "right"]),
  choice: v.picklist(["a", "b", "tie", "skip"]),
  at: v.string(),
};
export const voteSchema = v.object(voteFields);
export type Vote = Readonly<v.InferOutput<typeof voteSchema>>;

export const voteEntry = (project: string, vote: Vote) =>
  [keysOf(project).votes + vote.id, { schema, ...vote }] as const;

export async function writeVote(store: KeyValue, project: string, vote: Vote): Promise<void> {
  await store.setMany([voteEntry(project, vote)]);
}

export async function deleteVote(store: KeyValue, project: string, id: string): Promise<void> {
  await store.deleteMany([keysOf(project).votes + id]);
}

/** Oldest first. */
export async function readVotes(store: KeyValue, project: string): Promise<readonly Vote[]> {
  const votes: Vote[] = [];
  for (const key of (await store.keys()).filter((name) => name.startsWith(keysOf(project).votes))) {
    const vote = v.safeParse(voteSchema, await store.get(key));
    if (vote.success) votes.push(vote.output);
  }
  return votes.sort((x, y) => (x.at < y.at ? -1 : x.at > y.at ? 1 : x.id < y.id ? -1 : 1));
}
