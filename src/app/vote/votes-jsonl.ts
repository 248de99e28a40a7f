/** @file Votes as lines of JSON: who drew what, where it stood, and what was preferred. */
import type { NodeId, Vote } from "../../studio/api.ts";

export function votesJsonl(votes: readonly Vote[], name: (node: NodeId) => string): string {
  return votes.map((vote) => `${JSON.stringify(line(vote, name))}\n`).join("");
}

function line({ id, a, b, prompt, seed, side, choice, at }: Vote, name: (node: NodeId) => string) {
  const [left, right] = side === "left" ? [a, b] : [b, a];
  const preferred = choice === "a" ? a : choice === "b" ? b : null;
  return {
    prompt,
    seed,
    left: name(left),
    right: name(right),
    choice: preferred === null ? choice : preferred === left ? "left" : "right",
    preferred: preferred === null ? null : name(preferred),
    left_node: left,
    right_node: right,
    at,
    id,
  };
}
