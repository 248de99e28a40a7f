/** @file Blind comparisons: which comes next and on which side, the votes, and pictures drawn ahead of them. */
import type { DrawRequest, NodeId, Vote } from "../../studio/api.ts";
import { CLOSE, isAbort, problemFrom } from "../problem.ts";
import { drawSettings, rowsOf } from "./compare.ts";
import { models, newest, nodeOf } from "./nodes.ts";
import { cellKey } from "./selectors.ts";
import type { Prompt, Slice, StudioState } from "./studio-state.ts";
import { type Rivals, votesBetween } from "./tally.ts";
import type { Ballot, VoteSlice } from "./vote-slice.ts";

/** Comparisons of a session: enough for an interval of some 30 points. */
export const SESSION = 40;
/** Drawn together, and drawn again as soon as fewer than these are ready. */
const AT_ONCE = 4;
/** Votes whose pictures are still there for an undo. */
const BEHIND = 3;

type Asked = Pick<StudioState, "prompts" | "votes" | "salt">;

export const emptyVote = {
  votes: [],
  votesRead: false,
  sessions: {},
  ballotCells: {},
  ballotFault: false,
} satisfies Partial<VoteSlice>;

/** The newest node against its parent; null while there is only Base. */
export function defaultRivals(state: Pick<StudioState, "nodes">): Rivals | null {
  const [a, shown] = [newest(state), models(state)];
  const parent = nodeOf(state, a)?.parent;
  const b = shown.find((node) => node === parent) ?? shown[0];
  return b === undefined || a === b ? null : { a, b };
}

const rivalsKey = ({ a, b }: Rivals): string => [a, b].sort().join(" ");

/** Comparison 0, 1, …: every prompt with its first seed, which the grid may have, then every prompt with its second. */
function comparison(prompts: readonly Prompt[], at: number): Prompt {
  const round = Math.floor(at / prompts.length);
  const prompt = prompts[at % prompts.length] as Prompt;
  return rowsOf({ prompts: [prompt], seedsEach: round + 1 })[round] as Prompt;
}

/** A coin for every comparison, by Murmur3's finalizer over FNV-1a. */
function coin(text: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) & 1) === 1;
}

/** The next `n` comparisons that were not seen. */
export function ballotsOf({ prompts, votes, salt }: Asked, rivals: Rivals, n: number): readonly Ballot[] {
  if (prompts.length === 0) return [];
  const name = (prompt: Prompt): string => cellKey(rivalsKey(rivals), prompt);
  const seen = new Set(votesBetween(votes, rivals).map(({ prompt: text, seed }) => name({ text, seed })));
  const next: Ballot[] = [];
  for (let at = 0; next.length < n; at++) {
    const prompt = comparison(prompts, at);
    if (seen.has(name(prompt))) continue;
    next.push({ ...rivals, prompt, side: coin(`${salt}${name(prompt)}`) ? "left" : "right" });
  }
  return next;
}

/** How many comparisons are asked for in all, with those that were seen. */
export function goalOf({ votes, sessions }: Pick<StudioState, "votes" | "sessions">, rivals: Rivals): number {
  const begun = Math.ceil(votesBetween(votes, rivals).length / SESSION);
  return SESSION * Math.max(1, begun, sessions[rivalsKey(rivals)] ?? 0);
}

/** What is asked now; null: there is nothing to ask about, or enough was asked. */
export function ballotOf(state: Asked & Pick<StudioState, "sessions">, rivals: Rivals): Ballot | null {
  if (votesBetween(state.votes, rivals).length >= goalOf(state, rivals)) return null;
  return ballotsOf(state, rivals, 1)[0] ?? null;
}

/** The picture of a node, from the grid or drawn for a vote. */
export function pictureFor(
  { cells, ballotCells }: Pick<StudioState, "cells" | "ballotCells">,
  node: NodeId,
  prompt: Prompt,
): string | undefined {
  const key = cellKey(node, prompt);
  return cells[key] ?? ballotCells[key];
}

/** The pictures that the next comparisons lack, of one node; null: enough are ready. */
function lacking(state: StudioState, rivals: Rivals): { node: NodeId; rows: readonly Prompt[] } | null {
  const left = goalOf(state, rivals) - votesBetween(state.votes, rivals).length;
  const ahead = ballotsOf(state, rivals, Math.min(left, 2 * AT_ONCE));
  const lacks = (node: NodeId, { prompt }: Ballot): boolean => pictureFor(state, node, prompt) === undefined;
  const from = ahead.findIndex((ballot) => lacks(rivals.a, ballot) || lacks(rivals.b, ballot));
  if (from < 0 || from > AT_ONCE) return null;
  const some = ahead.slice(from, from + AT_ONCE);
  for (const node of [rivals.a, rivals.b]) {
    const rows = some.filter((ballot) => lacks(node, ballot)).map(({ prompt }) => prompt);
    if (rows.length > 0) return { node, rows };
  }
  return null;
}

export const createVote: Slice<VoteSlice> = (set, get, deps) => {
  const { project } = deps;
  let drawing: { readonly rivals: Rivals; readonly stop: AbortController } | null = null;
  let writing = Promise.resolve();
  let count = 0;
  /** ids that votes have here until storage gave them theirs */
  const given = new Map<string, string>();

  /** Votes are seen at once and written one after another. */
  const write = (work: () => Promise<void>, onFault: () => void): void => {
    writing = writing.then(work).catch((error: unknown) => {
      onFault();
      const what = "The vote could not be saved.";
      set({ problem: problemFrom(error, { what, safe: "The votes before it are safe.", remedy: CLOSE }) });
    });
  };
  const replace = (id: string, vote: Vote): void =>
    set(({ votes }) => ({ votes: votes.map((each) => (each.id === id ? vote : each)) }));

  /** Pictures that neither the next comparisons nor an undo needs. */
  const tidy = (rivals: Rivals): void => {
    const state = get();
    const behind = votesBetween(state.votes, rivals).slice(-BEHIND);
    const near = [
      ...behind.map(({ prompt: text, seed }) => ({ text, seed })),
      ...ballotsOf(state, rivals, 2 * AT_ONCE).map(({ prompt }) => prompt),
    ];
    const needed = new Set([rivals.a, rivals.b].flatMap((node) => near.map((prompt) => cellKey(node, prompt))));
    const all = Object.entries(state.ballotCells);
    deps.pictures.drop(all.filter(([key]) => !needed.has(key)).map(([, picture]) => picture));
    set({ ballotCells: Object.fromEntries(all.filter(([key]) => needed.has(key))) });
  };

  return {
    ...emptyVote,
    salt: Math.floor(Math.random() * 2 ** 32),

    async readVotes() {
      await writing;
      try {
        const votes = await deps.studio.call("votes", { project });
        await writing;
        set({ votes, votesRead: true });
      } catch (error) {
        const what = "The votes could not be read.";
        set({ problem: problemFrom(error, { what, safe: "Nothing was changed.", remedy: CLOSE }) });
      }
    },

    cast({ a, b, prompt, side }, choice) {
      const choose = choice === "left" || choice === "right" ? (choice === side ? "a" : "b") : choice;
      const at = new Date(deps.now()).toISOString();
      const vote = { a, b, prompt: prompt.text, seed: prompt.seed, side, choice: choose, at } as const;
      const id = `new-${++count}`;
      set(({ votes }) => ({ votes: [...votes, { ...vote, id }] }));
      tidy({ a, b });
      write(
        async () => {
          const kept = await deps.studio.call("addVote", { project, vote });
          given.set(id, kept.id);
          replace(id, kept);
        },
        () => set(({ votes }) => ({ votes: votes.filter((each) => each.id !== id) })),
      );
    },

    undoVote(rivals) {
      const last = votesBetween(get().votes, rivals).at(-1);
      if (last === undefined) return;
      set(({ votes }) => ({ votes: votes.filter(({ id }) => id !== last.id) }));
      write(
        async () => void (await deps.studio.call("dropVote", { project, id: given.get(last.id) ?? last.id })),
        () => set(({ votes }) => ({ votes: [...votes, last] })),
      );
    },

    moreVotes(rivals) {
      const asked = goalOf(get(), rivals) / SESSION + 1;
      set(({ sessions }) => ({ sessions: { ...sessions, [rivalsKey(rivals)]: asked } }));
    },

    async drawBallots(rivals) {
      const { model } = get();
      if (model === null || get().machine !== "ready" || !get().votesRead) return;
      if (drawing !== null && rivalsKey(drawing.rivals) === rivalsKey(rivals)) return;
      drawing?.stop.abort();
      const mine = { rivals, stop: new AbortController() };
      drawing = mine;
      set({ ballotFault: false });
      tidy(rivals);
      try {
        for (let next = lacking(get(), rivals); next !== null; next = lacking(get(), rivals)) {
          const { node, rows } = next;
          const [prompts, seeds] = [rows.map(({ text }) => text), rows.map(({ seed }) => seed)];
          const request: DrawRequest = { project, node, prompts, seeds, ...drawSettings(model) };
          const { pictures } = await deps.studio.call("draw", request, mine.stop.signal);
          if (mine.stop.signal.aborted) return;
          if (pictures.length < rows.length) throw new Error("internal: fewer pictures than prompts came back");
          for (const { prompt: text, seed, ...pixels } of pictures) {
            const kept = deps.pictures.keep(pixels);
            set(({ ballotCells }) => ({ ballotCells: { ...ballotCells, [cellKey(node, { text, seed })]: kept } }));
          }
        }
      } catch (error) {
        if (!isAbort(error) && !mine.stop.signal.aborted) {
          const what = "The pictures could not be drawn.";
          const safe = "Your votes and every iteration are safe.";
          set({ ballotFault: true, problem: problemFrom(error, { what, safe, remedy: CLOSE }) });
        }
      } finally {
        if (drawing === mine) drawing = null;
      }
    },

    stopBallots() {
      drawing?.stop.abort();
      drawing = null;
    },
  };
};
