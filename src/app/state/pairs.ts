/** @file The pairs: what was dropped, what was refused and why, and their captions. */
import { fingerprint } from "../pictures.ts";
import { CLOSE, problemFrom } from "../problem.ts";
import { promptsFrom } from "./compare.ts";
import { picturesOf } from "./run.ts";
import { goodPairs, isFaulty } from "./selectors.ts";
import type { PairItem, PairsSlice, Refusal, Slice } from "./studio-state.ts";

export const SAMPLE_COUNT = 48;

export const createPairs: Slice<PairsSlice> = (set, get, deps) => {
  /** Pairs are fixed while an iteration is under way: its opponents were drawn for them. */
  const locked = (): boolean => get().current !== null;

  const change = (id: string, part: Partial<PairItem>): void => {
    if (locked()) return;
    set((state) => ({
      pairs: state.pairs.map((pair) => (pair.id === id ? { ...pair, ...part } : pair)),
      unsaved: true,
    }));
  };

  return {
    pairs: [],
    refused: [],
    reading: null,
    unsaved: false,
    selected: null,

    setReading: (reading) => set({ reading }),

    async addPairs(incoming, refused) {
      if (locked()) return;
      const pairs = new Map(get().pairs.map((pair) => [pair.id, pair]));
      const prints = new Map([...pairs.values()].map((pair) => [pair.print, pair]));
      const twice: Refusal[] = [];
      for (const { id, caption, source, size, pixels } of incoming) {
        const print = fingerprint(pixels);
        const same = prints.get(print);
        const before = pairs.get(id);
        if (same !== undefined && same.id !== id) {
          twice.push({ path: source, reason: `The same picture as ${same.source}. The first one is in.` });
          continue;
        }
        if (before !== undefined) deps.pictures.drop([before.picture]);
        const item: PairItem = {
          id,
          caption,
          source,
          size,
          print,
          picture: deps.pictures.keep(pixels),
          leftOut: false,
        };
        pairs.set(id, item);
        prints.set(print, item);
      }
      set((state) => ({
        pairs: [...pairs.values()],
        refused: [...refused, ...twice],
        reading: null,
        unsaved: true,
        selected: state.selected ?? pairs.keys().next().value ?? null,
      }));
      await get().savePairs();
    },

    async takeSamples() {
      if (locked()) return;
      set({ reading: { done: 0, of: SAMPLE_COUNT } });
      try {
        const samples = await deps.studio.call("samplePairs", { count: SAMPLE_COUNT });
        const incoming = samples.map((pair, at) => {
          return { id: pair.id, caption: pair.caption, source: `sample ${at + 1}`, size: null, pixels: pair };
        });
        await get().addPairs(incoming, []);
      } catch (error) {
        const problem = problemFrom(error, {
          what: "The sample pairs could not be made.",
          safe: "Your own pairs are as they were.",
          remedy: CLOSE,
        });
        set({ reading: null, problem });
      }
    },

    setCaption: (id, caption) => change(id, { caption }),
    setLeftOut: (id, leftOut) => change(id, { leftOut }),

    leaveOutFaulty() {
      if (locked()) return;
      set((state) => ({ pairs: state.pairs.map((pair) => (isFaulty(pair) ? { ...pair, leftOut: true } : pair)) }));
    },

    select: (id) => set({ selected: id }),
    clearRefused: () => set({ refused: [] }),

    async savePairs() {
      const { pairs, kept } = get();
      if (!get().unsaved) return;
      const good = goodPairs(get());
      const input = good.flatMap(({ id, caption, picture }) => {
        const pixels = deps.pictures.get(picture);
        return pixels === undefined ? [] : [{ id, caption: caption.trim(), side: pixels.side, rgba: pixels.rgba }];
      });
      try {
        await deps.studio.call("setPairs", { project: deps.project, pairs: input });
        set((state) => ({ unsaved: state.pairs !== pairs && state.unsaved }));
        // prompts are fixed once there are pictures to compare
        if (kept.length === 0 || get().prompts.length === 0) set({ prompts: promptsFrom(good) });
      } catch (error) {
        const problem = problemFrom(error, {
          what: "The pairs could not be saved.",
          safe: "They are still in this page, and every finished iteration is safe.",
          remedy: CLOSE,
        });
        set({ problem });
      }
    },

    async startOver() {
      get().stopDrawing();
      try {
        await deps.studio.call("forget", { project: deps.project });
      } catch (error) {
        const what = "The project could not be deleted.";
        set({ problem: problemFrom(error, { what, safe: "What is left of it stays as it is.", remedy: CLOSE }) });
        return;
      }
      deps.pictures.drop(get().pairs.map((pair) => pair.picture));
      deps.pictures.drop(Object.values(get().cells));
      deps.pictures.drop(picturesOf(get().current));
      deps.metrics.load({});
      set({ pairs: [], refused: [], unsaved: false, selected: null, kept: [], current: null, finished: null });
      set({ prompts: [], cells: {}, wanted: {}, faults: {}, problem: null });
    },
  };
};
