/** @file The report's scores: drawn and scored node by node, kept with what they were drawn with; the project as a file. */
import * as v from "valibot";
import { BASE } from "../../lib/node-name.ts";
import type { ModelInfo, NodeId, PageEvent, PictureScores } from "../../studio/api.ts";
import { CLOSE, isAbort, problemFrom } from "../problem.ts";
import { drawSettings } from "./compare.ts";
import { FIRST_SEED } from "./compare-prompts.ts";
import { models } from "./nodes.ts";
import type { ReportSlice, ScoreBook } from "./report-slice.ts";
import type { Prompt, Slice, StudioState } from "./studio-state.ts";

export const SCORE_COUNTS = [24, 48, 96] as const;
const NOTE = "scores";

const bookSchema = v.object({
  prompts: v.array(v.string()),
  steps: v.number(),
  guidance: v.number(),
  nodes: v.record(v.string(), v.array(v.record(v.string(), v.number()))),
});

export const emptyReport = { book: null, scoreCount: SCORE_COUNTS[0] } satisfies Partial<ReportSlice>;

/** An empty book for these prompts; null where nothing can be scored. */
function blank(model: ModelInfo | null, count: number): ScoreBook | null {
  if (model?.scoring == null) return null;
  const { steps, guidance } = drawSettings(model);
  return { prompts: model.scoring.prompts.slice(0, count), steps, guidance, nodes: {} };
}

/** The scores that stand for what is wanted now; without rows where none do. */
export function bookOf({
  model,
  book,
  scoreCount,
}: Pick<StudioState, "model" | "book" | "scoreCount">): ScoreBook | null {
  const wanted = blank(model, scoreCount);
  if (wanted === null || book === null) return wanted;
  const alike = JSON.stringify({ ...book, nodes: {} }) === JSON.stringify(wanted);
  return alike ? book : wanted;
}

/** One picture's scores, where it was scored as the grid draws it; else null. */
export function scoresOf(
  { model, book }: Pick<StudioState, "model" | "book">,
  node: NodeId,
  { text, seed }: Prompt,
): PictureScores | null {
  if (model === null || book === null) return null;
  const { steps, guidance } = drawSettings(model);
  const at = seed - FIRST_SEED;
  const alike = book.prompts[at] === text && book.steps === steps && book.guidance === guidance;
  return alike ? (book.nodes[node]?.[at] ?? null) : null;
}

/** Models without scores, Base first, by which the others' average is measured. */
export function unscored(state: Pick<StudioState, "model" | "book" | "scoreCount" | "nodes">): readonly NodeId[] {
  const book = bookOf(state);
  return book === null ? [] : models(state).filter((node) => book.nodes[node]?.length !== book.prompts.length);
}

export const createReport: Slice<ReportSlice> = (set, get, deps) => {
  const { project } = deps;
  let stop: AbortController | null = null;
  let recalled: Promise<void> | null = null;

  const recall = async (): Promise<void> => {
    // they can be drawn again
    const value = await deps.studio.call("readNote", { project, name: NOTE }).catch(() => null);
    const note = v.safeParse(bookSchema, value);
    if (note.success) set({ book: note.output, scoreCount: countOf(note.output) });
  };

  return {
    ...emptyReport,
    scoring: null,

    recallScores: () => (recalled ??= recall()),
    setScoreCount: (scoreCount) => set({ scoreCount }),

    async scoreNodes() {
      const { model } = get();
      const empty = bookOf(get());
      if (stop !== null || model === null || empty === null || get().machine !== "ready") return;
      const mine = new AbortController();
      stop = mine;
      const { prompts } = empty;
      const nodes = unscored(get());
      let book: ScoreBook = empty;
      set({ scoring: { done: 0, of: nodes.length * prompts.length, startedAt: deps.now() } });
      const seeds = prompts.map((_, at) => FIRST_SEED + at);
      try {
        for (const [at, node] of nodes.entries()) {
          const reference = node === BASE ? null : (book.nodes[BASE] ?? null);
          const request = { project, nodes: [node], prompts, seeds, reference, ...drawSettings(model) };
          const scored = await deps.studio.call("score", request, mine.signal);
          book = { ...book, nodes: { ...book.nodes, ...scored } };
          set(({ scoring }) => ({ book, scoring: scoring && { ...scoring, done: (at + 1) * prompts.length } }));
          await deps.studio.call("writeNote", { project, name: NOTE, value: book });
        }
      } catch (error) {
        if (!isAbort(error)) {
          const what = "The pictures could not be scored.";
          const safe = "Your votes, every iteration and the scores so far are safe.";
          set({ problem: problemFrom(error, { what, safe, remedy: CLOSE }) });
        }
      } finally {
        stop = null;
        set({ scoring: null });
      }
    },

    stopScoring: () => stop?.abort(),

    async exportProject() {
      try {
        return await deps.studio.call("exportProject", { project });
      } catch (error) {
        const what = "The project could not be written to a file.";
        set({ problem: problemFrom(error, { what, safe: "The project is as it was.", remedy: CLOSE }) });
        return null;
      }
    },

    async importProject(bytes) {
      try {
        return (await deps.studio.call("importProject", { project, bytes })).damaged;
      } catch (error) {
        const what = "The file could not be opened as a project.";
        set({ problem: problemFrom(error, { what, safe: "This project is as it was.", remedy: CLOSE }) });
        return null;
      }
    },
  };
};

function countOf({ prompts }: ScoreBook): number {
  return SCORE_COUNTS.find((count) => count === prompts.length) ?? SCORE_COUNTS[0];
}

/** Progress within a node; whole nodes are counted where their answer comes. */
export function onScoreEvent(
  event: PageEvent,
  { scoring, book, scoreCount, model }: StudioState,
): Partial<StudioState> {
  if (event.kind !== "scored" || scoring === null || event.of === 0) return {};
  const each = bookOf({ model, book, scoreCount })?.prompts.length ?? event.of;
  const before = Math.floor(scoring.done / each) * each;
  const done = Math.min(before + event.done, before + each - 1);
  return { scoring: { ...scoring, done: Math.max(scoring.done, done) } };
}
