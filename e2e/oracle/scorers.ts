/** @file The scorers in their published configurations, weights by rule: Python's transformers and open_clip, and the studio on `node`. */
import os from "node:os";
import path from "node:path";
import { openScorerFiles } from "../../src/artifacts/scorer-files.ts";
import { readTensors } from "../../src/cli/test-support.ts";
import { nodeBackend } from "../../src/runtime/node.ts";
import { scorerKinds } from "../../src/studio/scorers/kinds.ts";
import { type ScorerId, scorerIds } from "../../src/studio/scorers/scorer.ts";
import { clipTokenizer, judgedPictures, scorerFolder } from "../scorer-files.ts";
import type { Python, Tell } from "./python.ts";
import { apart, type Check, floatsOf, type Row } from "./row.ts";

async function judged(id: ScorerId, root: string): Promise<readonly number[]> {
  const backend = nodeBackend({ threads: os.availableParallelism() });
  try {
    const files = await openScorerFiles(scorerFolder(path.join(root, id)));
    const scorer = await scorerKinds[id].open(files, { backend, tokenizer: clipTokenizer(), batch: 1 });
    const { pictures, prompts } = judgedPictures(root);
    const scores = await scorer.score(pictures, prompts);
    await scorer.dispose();
    return scores;
  } finally {
    await backend.dispose();
  }
}

async function compareScores(id: ScorerId, python: Python, tell: Tell, root: string): Promise<readonly Row[]> {
  await python.run("scorers.py", ["--full", "--out", root, id], os.availableParallelism());
  const got = await judged(id, root);
  const expected = floatsOf(readTensors(path.join(root, id, "expected.safetensors")), "scores");
  tell(`${id}: ${got.map((score) => score.toFixed(4)).join(", ")}`);
  const what = `${scorerKinds[id].title} in its published size: scores of ${got.length} pictures`;
  return [{ what, worst: apart(got, expected), allowed: 1e-3 }];
}

/** One scorer at a time: a ViT-H takes 4 GB on either side. */
export const scorerChecks = (python: Python, tell: Tell, root: string): readonly Check[] =>
  scorerIds.map((id) => ({ name: scorerKinds[id].title, run: () => compareScores(id, python, tell, root) }));
