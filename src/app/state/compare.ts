/** @file Base and iterations side by side: the same prompts, the same seeds, drawn once. */
import * as v from "valibot";
import { BASE } from "../../lib/node-name.ts";
import type { DrawRequest, ModelInfo, NodeId, PageEvent, Picture } from "../../studio/api.ts";
import { CLOSE, isAbort, problemFrom } from "../problem.ts";
import { defaultPrompts, FIRST_SEED } from "./compare-prompts.ts";
import { keptNodes, models } from "./nodes.ts";
import { cellKey, isRunning } from "./selectors.ts";
import type { CompareSlice, Deps, Prompt, Slice, StudioState } from "./studio-state.ts";

export const MOST_PROMPTS = 50;
export const MOST_SEEDS = 4;
const SEED_STRIDE = 100;
const NOTE = "compare";

const noteSchema = v.object({
  prompts: v.pipe(
    v.array(v.object({ text: v.pipe(v.string(), v.nonEmpty()), seed: v.pipe(v.number(), v.safeInteger()) })),
    v.maxLength(MOST_PROMPTS),
  ),
  seedsEach: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_SEEDS)),
  hidden: v.array(v.string()),
});

export const emptyCompare = {
  prompts: [],
  ownPrompts: false,
  seedsEach: 1,
  hidden: [],
  sides: { left: null, right: null },
  cells: {},
  held: null,
} satisfies Partial<CompareSlice>;

export function drawSteps(large: boolean): number {
  return large ? 50 : 20;
}

/** With what the grid is drawn. */
export function drawSettings(model: ModelInfo): Pick<DrawRequest, "steps" | "guidance" | "negativePrompt"> {
  return { steps: drawSteps(model.large), guidance: model.guidance, negativePrompt: "" };
}

/** The grid's rows: a prompt's further seeds are 100 apart, so they stay what they are when prompts come and go. */
export function rowsOf({ prompts, seedsEach }: Pick<StudioState, "prompts" | "seedsEach">): readonly Prompt[] {
  return prompts.flatMap(({ text, seed }) =>
    Array.from({ length: seedsEach }, (_, at) => ({ text, seed: seed + at * SEED_STRIDE })),
  );
}

/** The grid's columns: never none. */
export function columnsOf(state: Pick<StudioState, "nodes" | "hidden">): readonly NodeId[] {
  const all = models(state);
  const shown = all.filter((node) => !state.hidden.includes(node));
  return shown.length > 0 ? shown : all.slice(0, 1);
}

/** Who stands left and right: of the grid's columns, two where there are two. */
export function sidesOf(state: Pick<StudioState, "nodes" | "hidden" | "sides">): { left: NodeId; right: NodeId } {
  const columns = columnsOf(state);
  const seen = (node: NodeId | null): NodeId | undefined => columns.find((column) => column === node);
  const left = seen(state.sides.left) ?? columns.find((node) => node !== state.sides.right) ?? columns[0] ?? BASE;
  return { left, right: seen(state.sides.right) ?? columns.findLast((node) => node !== left) ?? left };
}

/** What a stop holds for: a new model is drawn all the same. */
const heldNow = (state: Pick<StudioState, "nodes">): string => models(state).join();

export function isHeld(state: Pick<StudioState, "nodes" | "held">): boolean {
  return state.held === heldNow(state);
}

/** Whether what is missing is drawn only when a person asks for it: by a large model it takes minutes. */
export function waitsForPerson(state: Pick<StudioState, "nodes" | "held" | "model">): boolean {
  return isHeld(state) || state.model?.large === true;
}

/** The rows of a column that have no picture. */
function lackingIn(state: StudioState, node: NodeId): readonly Prompt[] {
  return rowsOf(state).filter((row) => state.cells[cellKey(node, row)] === undefined);
}

/** Cells of the grid without a picture. */
export function missingIn(state: StudioState): number {
  return columnsOf(state).reduce((sum, node) => sum + lackingIn(state, node).length, 0);
}

/** The rows of the first column that is not complete. */
function nextMissing(state: StudioState): { node: NodeId; rows: readonly Prompt[] } | null {
  for (const node of columnsOf(state)) {
    const rows = lackingIn(state, node);
    if (rows.length > 0) return { node, rows };
  }
  return null;
}

/** The model, once there is a node to compare with Base. */
function comparing(state: StudioState): ModelInfo | null {
  return state.machine === "ready" && keptNodes(state).length > 0 ? state.model : null;
}

export const createCompare: Slice<CompareSlice> = (set, get, deps) => {
  const { project } = deps;
  let stop: AbortController | null = null;
  let recalled: Promise<void> | null = null;

  const recall = async (): Promise<void> => {
    // prompts of an earlier visit are worth less than a message in the way: without them there are the pairs' own
    const value = await deps.studio.call("readNote", { project, name: NOTE }).catch(() => null);
    const note = v.safeParse(noteSchema, value);
    if (note.success && note.output.prompts.length > 0) set({ ...note.output, ownPrompts: true });
  };

  const requestFor = (model: ModelInfo, node: NodeId, rows: readonly Prompt[]): DrawRequest => {
    const [prompts, seeds] = [rows.map(({ text }) => text), rows.map(({ seed }) => seed)];
    return { project, node, prompts, seeds, ...drawSettings(model) };
  };

  /** What was drawn before stands in the grid at once, whatever the engine does and whoever holds the drawing. */
  const bringBack = async (model: ModelInfo): Promise<void> => {
    for (const node of columnsOf(get())) {
      const rows = lackingIn(get(), node);
      if (rows.length === 0) continue;
      // what cannot be looked up is drawn
      const pictures = await deps.studio.call("recall", requestFor(model, node, rows)).catch(() => []);
      for (const picture of pictures) if (picture !== null) set((state) => withRecalled(state, node, picture, deps));
    }
  };

  /** @param asked by a person, just now */
  const drawGrid = async (asked: boolean): Promise<void> => {
    if (get().machine === "ready") await get().recallCompare();
    const known = comparing(get());
    if (known !== null) await bringBack(known);
    const model = comparing(get());
    if (model === null || get().drawing !== null || isRunning(get())) return;
    if (isHeld(get()) || (model.large && !asked)) return;
    const mine = new AbortController();
    stop = mine;
    try {
      for (let next = nextMissing(get()); next !== null && !mine.signal.aborted; next = nextMissing(get())) {
        const { node, rows } = next;
        set({ drawing: { node, done: 0, of: rows.length, pace: null, startedAt: deps.now() } });
        const { pictures } = await deps.studio.call("draw", requestFor(model, node, rows), mine.signal);
        if (pictures.length < rows.length) throw new Error("internal: fewer pictures than prompts came back");
        for (const picture of pictures) set((state) => withCell(state, node, picture, deps));
      }
    } catch (error) {
      if (!isAbort(error) && !mine.signal.aborted) {
        const what = "The pictures could not be drawn.";
        const safe = "Your pairs and every iteration are safe.";
        set({ held: heldNow(get()), problem: problemFrom(error, { what, safe, remedy: CLOSE }) });
      }
    } finally {
      if (stop === mine) {
        stop = null;
        set({ drawing: null });
      }
    }
  };

  /** Changes what the grid shows, keeps it, and draws what is new; a drawing under way that was asked for goes on with it. */
  const choose = (part: Partial<Pick<StudioState, "prompts" | "seedsEach" | "hidden">>): void => {
    const asked = get().drawing !== null;
    set({ ...part, ownPrompts: true, held: null });
    const { prompts, seedsEach, hidden } = get();
    void deps.studio
      .call("writeNote", { project, name: NOTE, value: { prompts, seedsEach, hidden } })
      .catch((error: unknown) => {
        const what = "The prompts of Compare could not be saved.";
        const safe = "They stay here until this page is closed, and everything else is safe.";
        set({ problem: problemFrom(error, { what, safe, remedy: CLOSE }) });
      });
    // a drawing under way is of the old grid; what it has drawn stays
    get().stopDrawing();
    void drawGrid(asked);
  };

  return {
    ...emptyCompare,
    drawing: null,

    recallCompare: () => (recalled ??= recall()),

    settlePrompts() {
      const { model, pairs, nodes, prompts, ownPrompts } = get();
      if (model === null || ownPrompts || (nodes.length > 0 && prompts.length > 0)) return;
      set({ prompts: pairs.length + nodes.length === 0 ? [] : defaultPrompts({ model, pairs }) });
    },

    addPrompt(text) {
      const wanted = text.trim();
      const { prompts } = get();
      if (wanted === "" || prompts.length >= MOST_PROMPTS || prompts.some((prompt) => prompt.text === wanted)) return;
      const seed = Math.max(FIRST_SEED - 1, ...prompts.map((prompt) => prompt.seed)) + 1;
      choose({ prompts: [...prompts, { text: wanted, seed }] });
    },

    removePrompt(text) {
      const { prompts, cells } = get();
      const gone = prompts.filter((prompt) => prompt.text === text);
      if (gone.length === prompts.length) return;
      const rows = rowsOf({ prompts: gone, seedsEach: MOST_SEEDS });
      const keys = new Set(models(get()).flatMap((node) => rows.map((row) => cellKey(node, row))));
      const [out, kept] = [Object.entries(cells).filter(([key]) => keys.has(key)), { ...cells }];
      for (const [key] of out) delete kept[key];
      set({ cells: kept });
      deps.pictures.drop(out.map(([, picture]) => picture));
      choose({ prompts: prompts.filter((prompt) => prompt.text !== text) });
    },

    setSeedsEach: (seedsEach) => choose({ seedsEach: Math.min(MOST_SEEDS, Math.max(1, Math.round(seedsEach))) }),

    setHidden(node, hide) {
      const hidden = get().hidden.filter((other) => other !== node);
      choose({ hidden: hide ? [...hidden, node] : hidden });
    },

    setSides: (sides) => set((state) => ({ sides: { ...state.sides, ...sides } })),

    drawMissing: () => drawGrid(false),

    stopDrawing() {
      stop?.abort();
      stop = null;
      set({ drawing: null });
    },

    holdDrawing(held) {
      set({ held: held ? heldNow(get()) : null });
      if (held) get().stopDrawing();
      else void drawGrid(true);
    },
  };
};

export function withCell(state: StudioState, node: NodeId, picture: Picture, deps: Deps): Partial<StudioState> {
  const key = cellKey(node, { text: picture.prompt, seed: picture.seed });
  if (state.cells[key] !== undefined) return {};
  return { cells: { ...state.cells, [key]: deps.pictures.keep(picture) } };
}

/** The grid may have changed while the picture was looked up. */
function withRecalled(state: StudioState, node: NodeId, picture: Picture, deps: Deps): Partial<StudioState> {
  const { prompt, seed } = picture;
  const wanted =
    columnsOf(state).includes(node) && rowsOf(state).some((row) => row.text === prompt && row.seed === seed);
  return wanted ? withCell(state, node, picture, deps) : {};
}

/** Pictures that come while the grid is drawn stand in it at once. */
export function onDrawEvent(event: PageEvent, state: StudioState, deps: Deps): Partial<StudioState> {
  const { drawing } = state;
  if (event.kind !== "drawn" || drawing === null || event.node !== drawing.node) return {};
  const part = withCell(state, event.node, event.picture, deps);
  const done = Math.min(drawing.of, drawing.done + 1);
  return { ...part, drawing: { ...drawing, done, pace: (deps.now() - drawing.startedAt) / done } };
}
