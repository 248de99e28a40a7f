/** @file Made-up scores for the engine that only pretends: better with every iteration but for the last score, with a spread. */
import type { PageEvent, PictureScores, Scored, ScoreRequest, Scoring } from "../../studio/api.ts";
import { caption, noise, scene } from "./painter.ts";

const HELD_OUT = 96;

export const SCORING: Scoring = {
  scores: [
    { id: "truth", title: "Truth", unit: "dB", digits: 1, help: "made up, likeness to what the caption tells of" },
    { id: "faith", title: "Faith", unit: "", digits: 2, help: "made up, 1 is all right" },
    { id: "finish", title: "Finish", unit: "", digits: 3, help: "made up, 0 is your pictures’" },
    { id: "sharpness", title: "Sharpness", unit: "", digits: 3, help: "made up, 0 is your pictures’" },
  ],
  prompts: Array.from({ length: HELD_OUT }, (_, at) => caption(scene(1000 + at))),
};

function madeUp(prompt: string, seed: number, finish: number): PictureScores {
  const letters = [...prompt].reduce((sum, letter) => sum * 31 + (letter.codePointAt(0) ?? 0), seed) % 1e9;
  const [common, own] = [noise(letters), noise(letters + Math.round(1e4 * finish))];
  const swing = (size: number): number => (common() - 0.5 + own() - 0.5) * size;
  return {
    truth: 15 + 6 * finish + swing(5),
    faith: Math.min(1, Math.max(0, 0.4 + 0.4 * finish + swing(0.5))),
    finish: -Math.abs(0.4 - 0.3 * finish + swing(0.2)),
    sharpness: -Math.abs(0.1 + 0.15 * finish + swing(0.1)),
    variety: 30 - 6 * finish + swing(4),
  };
}

export interface Pretence {
  readonly finishOf: (node: string) => number;
  readonly emit: (event: PageEvent) => void;
  readonly wait: (share: number) => Promise<void>;
}

export async function madeUpScores(
  { nodes, prompts, seeds, reference }: ScoreRequest,
  { finishOf, emit, wait }: Pretence,
  signal: AbortSignal | undefined,
): Promise<Scored> {
  const of = nodes.length * prompts.length;
  const scored: Record<string, PictureScores[]> = {};
  for (const [at, node] of nodes.entries()) {
    const rows: PictureScores[] = [];
    for (const [k, prompt] of prompts.entries()) {
      if (k % 8 === 0) {
        emit({ kind: "scored", done: at * prompts.length + k, of });
        await wait(2);
        signal?.throwIfAborted();
      }
      rows.push(madeUp(prompt, seeds[k] ?? 0, finishOf(node)));
    }
    scored[node] = rows;
  }
  emit({ kind: "scored", done: of, of });
  const known = reference ?? scored[nodes[0] ?? ""] ?? [];
  const averaged = (row: PictureScores): PictureScores => ({ ...row, average: averageOf(row, known) });
  return Object.fromEntries(Object.entries(scored).map(([node, rows]) => [node, rows.map(averaged)]));
}

/** In deviations above the mean of those that are known. */
function averageOf(row: PictureScores, known: readonly PictureScores[]): number {
  const each = SCORING.scores.map(({ id }) => {
    const values = known.map((other) => other[id] ?? 0);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return ((row[id] ?? 0) - mean) / Math.max(deviation, 1e-6);
  });
  return each.reduce((a, b) => a + b, 0) / each.length;
}
