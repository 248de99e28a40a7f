/** @file The pairs: what came in and what was refused, every edit of them with its undo, and their way to the studio. */
import { twinId } from "../../lib/twin-id.ts";
import type { PairGiven, ProjectState, TokenCount } from "../../studio/api.ts";
import { aboutOf } from "./pair-about.ts";
import { alike } from "./pair-alike.ts";
import { applied, entryOf, remember, sealed } from "./pair-history.ts";
import { sendAhead } from "./pair-pixels.ts";
import { inOrder, inTraining, reviewed } from "./pair-review.ts";
import { CLOSE, messageOf, problemFrom } from "../problem.ts";
import { emptyCompare } from "./compare.ts";
import { picturesOf } from "./run.ts";
import { dropTrial } from "./samples.ts";
import { emptySettings } from "./settings.ts";
import { isFaulty, isGood } from "./selectors.ts";
import { emptyReport } from "./report.ts";
import { emptyTree } from "./tree.ts";
import { emptyVote } from "./vote.ts";
import type { Edit, Entry, NewPair, PairItem, PairsSlice, Slice } from "./studio-state.ts";

export const SAMPLE_COUNT = 48;
export const MOST_CHARACTERS = 10_000;
const TOKENS_AT_ONCE = 64;

export const createPairs: Slice<PairsSlice> = (set, get, deps) => {
  /** Pairs are fixed while an iteration is under way: its opponents were drawn for them. */
  const locked = (): boolean => get().current !== null;

  const change = (entry: Entry | null): void => {
    if (locked() || entry === null) return;
    set((state) => ({
      ...remember(state, entry),
      pairs: reviewed(applied(state.pairs, entry, "after")),
      unsaved: true,
    }));
  };

  const step = (direction: "undo" | "redo"): void => {
    const { past, future } = get();
    const entry = direction === "undo" ? past.at(-1) : future.at(-1);
    if (locked() || entry === undefined) return;
    set((state) => ({
      past: direction === "undo" ? past.slice(0, -1) : [...past, { ...entry, merge: null }],
      future: direction === "undo" ? [...future, entry] : future.slice(0, -1),
      pairs: reviewed(applied(state.pairs, entry, direction === "undo" ? "before" : "after")),
      unsaved: true,
      selected: entry.changes[0]?.id ?? state.selected,
    }));
    void get().savePairs();
  };

  /** Pixels that the studio holds are only named; all are sent where it does not hold them after all. */
  const send = async (pairs: readonly PairItem[], all = false): Promise<ProjectState["pairs"]> => {
    const given = inTraining(pairs).flatMap((pair): PairGiven[] => {
      const pixels = deps.pictures.get(pair.picture);
      if (pixels === undefined) return [];
      const { id, caption } = pair;
      const { side, rgba } = pixels;
      const told = { id, caption: caption.trim(), side, out: !isGood(pair), about: aboutOf(pair) };
      const sha256 = all ? undefined : deps.pictures.heldAs(pair.picture);
      return [sha256 === undefined ? { ...told, rgba } : { ...told, sha256 }];
    });
    try {
      const named = await sendAhead(deps, given);
      return (await deps.studio.call("setPairs", { project: deps.project, pairs: named })).pairs;
    } catch (error) {
      if (all || messageOf(error).code !== "no-pixels") throw error;
      return send(pairs, true);
    }
  };

  const newItem = (pair: NewPair, id: string, others: Iterable<PairItem>): PairItem => {
    const { caption, source, pictureHash, whole, likeness, pixels } = pair;
    const like = [...others].filter(
      (other) =>
        other.pictureHash === pictureHash ||
        (likeness !== null && other.likeness !== null && alike(likeness, other.likeness)),
    );
    return {
      id,
      caption,
      came: caption,
      source,
      pictureHash,
      whole,
      likeness,
      side: pixels.side,
      picture: deps.pictures.keep(pixels),
      alike: like.map((other) => other.id),
      box: null,
      leftOut: false,
      accepted: [],
      fault: null,
    };
  };

  return {
    pairs: [],
    refused: [],
    reading: null,
    unsaved: false,
    selected: null,
    past: [],
    future: [],
    tokens: new Map(),

    setReading: (reading) => set({ reading }),

    async addPairs(incoming, refused) {
      if (locked()) return [];
      const pairs = new Map(get().pairs.map((pair) => [pair.id, pair]));
      const already: string[] = [];
      for (const pair of incoming) {
        const { pictureHash, caption, source } = pair;
        const known = [...pairs.values()].filter((other) => other.pictureHash === pictureHash);
        const bare = known.find((other) => other.caption === "");
        const same =
          known.find((other) => caption === "" || caption === other.came || caption === other.caption) ?? bare;
        const id = known.length === 0 ? pair.id : await twinId(pictureHash, caption);
        if (same === undefined && !pairs.has(id)) {
          pairs.set(id, newItem(pair, id, pairs.values()));
          continue;
        }
        // the same picture in several sources is one pair, called by the first of its names, whichever came first
        const before = same ?? (pairs.get(id) as PairItem);
        const named = { ...before, source: source < before.source ? source : before.source };
        pairs.set(before.id, before === bare && caption !== "" ? { ...named, caption, came: caption } : named);
        already.push(source);
      }
      const all = reviewed(inOrder(pairs.values()));
      set((state) => ({
        pairs: all,
        refused: [...state.refused, ...refused],
        unsaved: state.unsaved || incoming.length > 0,
        selected: state.selected ?? all[0]?.id ?? null,
      }));
      return already;
    },

    giveCaptions(captions) {
      if (locked() || captions.length === 0) return;
      const given = new Map(captions.map(({ id, caption }) => [id, caption]));
      set((state) => ({
        pairs: reviewed(
          state.pairs.map((pair) => {
            const caption = pair.caption === "" ? given.get(pair.id) : undefined;
            return caption === undefined ? pair : { ...pair, caption, came: caption };
          }),
        ),
        unsaved: true,
      }));
    },

    async takeSamples() {
      if (locked()) return;
      set({ reading: { done: 0, of: SAMPLE_COUNT } });
      await get().whenRead();
      try {
        const samples = await deps.studio.call("samplePairs", { count: SAMPLE_COUNT });
        const incoming = samples.map((pair, at): NewPair => {
          const source = `sample ${String(at + 1).padStart(2, "0")}`;
          const { id, caption } = pair;
          return { id, pictureHash: id, caption, source, pixels: pair, whole: null, likeness: null };
        });
        await get().addPairs(incoming, []);
        set({ reading: null });
        await get().savePairs();
      } catch (error) {
        const problem = problemFrom(error, {
          what: "The sample pairs could not be made.",
          safe: "Your own pairs are as they were.",
          remedy: CLOSE,
        });
        set({ reading: null, problem });
      }
    },

    setCaption(id, caption) {
      change(entryOf("change a caption", only(get().pairs, [id]), () => ({ caption }), `caption ${id}`));
    },
    setLeftOut: (id, leftOut) => get().edit(leftOut ? "leave out a pair" : "take a pair in", [id], () => ({ leftOut })),
    setCrop(id, box, pixels) {
      if (locked()) return;
      const picture = deps.pictures.keep(pixels);
      get().edit("crop a picture", [id], () => ({ box, picture }));
    },
    edit(words, ids, edit) {
      change(entryOf(words, only(get().pairs, ids), edit));
      void get().savePairs();
    },
    leaveOutFaulty() {
      const faulty = get().pairs.filter(isFaulty);
      const words = `leave out ${faulty.length === 1 ? "a pair" : `${faulty.length} pairs`}`;
      get().edit(
        words,
        faulty.map((pair) => pair.id),
        () => ({ leftOut: true }),
      );
    },
    pasteCaptions(text) {
      const clean = text.split(/\r?\n/).map((line) => line.replaceAll("\0", "").trim().slice(0, MOST_CHARACTERS));
      const lines = clean.filter((line) => line !== "");
      const { pairs, selected } = get();
      const bare = pairs.filter((pair) => pair.caption.trim() === "" && !pair.leftOut).map((pair) => pair.id);
      const ids = lines.length === 1 && selected !== null ? [selected] : bare.slice(0, lines.length);
      const given = new Map(ids.map((id, at) => [id, lines[at] ?? ""]));
      get().edit(ids.length === 1 ? "paste a caption" : `paste ${ids.length} captions`, ids, (pair) => {
        return { caption: given.get(pair.id) ?? pair.caption };
      });
    },
    undo: () => step("undo"),
    redo: () => step("redo"),

    async countTokens() {
      const wanted = new Set(get().pairs.map((pair) => pair.caption.trim()));
      const missing = [...wanted].filter((caption) => !get().tokens.has(caption));
      for (let i = 0; i < missing.length; i += TOKENS_AT_ONCE) {
        const captions = missing.slice(i, i + TOKENS_AT_ONCE);
        const counts = await deps.studio.call("countTokens", { captions });
        const now = captions.flatMap((caption, at) =>
          counts[at] ? [[caption, counts[at]] as [string, TokenCount]] : [],
        );
        set((state) => ({ tokens: new Map([...state.tokens].filter(([text]) => wanted.has(text)).concat(now)) }));
      }
    },

    select: (id) => set({ selected: id }),
    clearRefused: () => set({ refused: [] }),

    async savePairs() {
      const { pairs } = get();
      if (!get().unsaved) return;
      set((state) => ({ past: sealed(state.past) }));
      try {
        const kept = await send(pairs);
        const pictures = new Map(pairs.map(({ id, picture }) => [id, picture]));
        deps.pictures.hold(kept.map(({ id, sha256 }) => [pictures.get(id) ?? "", sha256]));
        set((state) => ({ unsaved: state.pairs !== pairs && state.unsaved }));
        get().settlePrompts();
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
      get().stopBallots();
      get().stopScoring();
      try {
        await deps.studio.call("forget", { project: deps.project });
        await deps.reader?.forget({});
      } catch (error) {
        const what = "The project could not be deleted.";
        set({ problem: problemFrom(error, { what, safe: "What is left of it stays as it is.", remedy: CLOSE }) });
        return;
      }
      const { pairs, past, future } = get();
      const edits: Edit[] = [...past, ...future].flatMap(({ changes }) => changes.flatMap((c) => [c.before, c.after]));
      deps.pictures.hold([]);
      deps.pictures.drop([...pairs, ...edits].flatMap(({ picture }) => picture ?? []));
      deps.pictures.drop(Object.values({ ...get().cells, ...get().ballotCells }));
      deps.pictures.drop(picturesOf(get().current));
      deps.pictures.drop((get().finished?.samples ?? []).map(({ picture }) => picture));
      dropTrial(get(), deps);
      deps.metrics.load({});
      set({ pairs: [], refused: [], unsaved: false, selected: null, past: [], future: [], tokens: new Map() });
      set({ ...emptyTree, current: null, finished: null });
      set({ ...emptyCompare, ...emptySettings, trial: null, problem: null });
      set({ ...emptyVote, ...emptyReport });
    },
  };
};

function only(pairs: readonly PairItem[], ids: readonly string[]): readonly PairItem[] {
  const wanted = new Set(ids);
  return pairs.filter((pair) => wanted.has(pair.id));
}
