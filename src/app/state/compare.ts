/** @file Base and iterations side by side: the same prompts, the same seeds, drawn once. */
import type { NodeId, PageEvent, Picture } from "../../studio/api.ts";
import { CLOSE, isAbort, problemFrom } from "../problem.ts";
import { keptNodes, models } from "./nodes.ts";
import { cellKey, isRunning } from "./selectors.ts";
import type { CompareSlice, Deps, PairItem, Prompt, Slice, StudioState } from "./studio-state.ts";

export const FIRST_SEED = 42;
const PROMPT_COUNT = 4;

export function drawSteps(large: boolean): number {
  return large ? 50 : 20;
}

/** A few captions, spread over the pairs, each with its own seed. */
export function promptsFrom(pairs: readonly Pick<PairItem, "caption">[]): readonly Prompt[] {
  const captions = [...new Set(pairs.map((pair) => pair.caption.trim()))].filter((caption) => caption !== "");
  const stride = Math.max(1, Math.floor(captions.length / PROMPT_COUNT));
  return captions
    .filter((_, at) => at % stride === 0)
    .slice(0, PROMPT_COUNT)
    .map((text, at) => ({ text, seed: FIRST_SEED + at }));
}

/** The prompts of the first model whose column is not complete. */
function nextMissing(state: StudioState): { node: NodeId; prompts: readonly Prompt[] } | null {
  for (const node of models(state)) {
    const prompts = state.prompts.filter((prompt) => state.cells[cellKey(node, prompt)] === undefined);
    if (prompts.length > 0) return { node, prompts };
  }
  return null;
}

export const createCompare: Slice<CompareSlice> = (set, get, deps) => {
  let stop: AbortController | null = null;

  return {
    prompts: [],
    cells: {},
    drawing: null,

    addPrompt(text) {
      const wanted = text.trim();
      if (wanted === "" || get().prompts.some((prompt) => prompt.text === wanted)) return;
      set((state) => {
        const seed = Math.max(FIRST_SEED - 1, ...state.prompts.map((prompt) => prompt.seed)) + 1;
        return { prompts: [...state.prompts, { text: wanted, seed }] };
      });
      void get().drawMissing();
    },

    async drawMissing() {
      const { model } = get();
      if (model === null || get().machine !== "ready" || keptNodes(get()).length === 0) return;
      if (get().drawing !== null || isRunning(get())) return;
      const mine = new AbortController();
      stop = mine;
      try {
        for (let next = nextMissing(get()); next !== null && !mine.signal.aborted; next = nextMissing(get())) {
          const { node, prompts } = next;
          set({ drawing: { node, done: 0, of: prompts.length } });
          const request = {
            project: deps.project,
            node,
            prompts: prompts.map((prompt) => prompt.text),
            negativePrompt: "",
            seeds: prompts.map((prompt) => prompt.seed),
            steps: drawSteps(model.large),
            guidance: model.guidance,
          };
          const { pictures } = await deps.studio.call("draw", request, mine.signal);
          if (pictures.length < prompts.length) throw new Error("internal: fewer pictures than prompts came back");
          for (const picture of pictures) set((state) => withCell(state, node, picture, deps));
        }
      } catch (error) {
        if (!isAbort(error) && !mine.signal.aborted) {
          const what = "The pictures could not be drawn.";
          set({
            problem: problemFrom(error, { what, safe: "Your pairs and every iteration are safe.", remedy: CLOSE }),
          });
        }
      } finally {
        if (stop === mine) {
          stop = null;
          set({ drawing: null });
        }
      }
    },

    stopDrawing() {
      stop?.abort();
      stop = null;
      set({ drawing: null });
    },
  };
};

function withCell(state: StudioState, node: NodeId, picture: Picture, deps: Deps): Partial<StudioState> {
  const key = cellKey(node, { text: picture.prompt, seed: picture.seed });
  if (state.cells[key] !== undefined) return {};
  return { cells: { ...state.cells, [key]: deps.pictures.keep(picture) } };
}

/** Pictures that come while the grid is drawn stand in it at once. */
export function onDrawEvent(event: PageEvent, state: StudioState, deps: Deps): Partial<StudioState> {
  const { drawing } = state;
  if (event.kind !== "drawn" || drawing === null || event.node !== drawing.node) return {};
  const part = withCell(state, event.node, event.picture, deps);
  return { ...part, drawing: { ...drawing, done: Math.min(drawing.of, drawing.done + 1) } };
}
