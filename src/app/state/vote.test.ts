/** @file Blind comparisons on the pretending engine: their order, their sides, undo, and pictures drawn ahead. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BASE } from "../../lib/node-name.ts";
import type { CallName, Calls, Studio } from "../../studio/api.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { PRESETS } from "../fake/made-up.ts";
import { SCORING } from "../fake/made-up-scores.ts";
import type { Pictures } from "../pictures.ts";
import { votesJsonl } from "../vote/votes-jsonl.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";
import { tallyOf } from "./tally.ts";
import { ballotOf, ballotsOf, defaultRivals, goalOf, pictureFor, SESSION } from "./vote.ts";

interface Bench {
  readonly store: StudioStore;
  readonly pictures: Pictures;
  readonly studio: Studio;
  readonly drawn: Calls["draw"]["params"][];
  broken: CallName | null;
}

async function through<T>(work: Promise<T>): Promise<T> {
  let done = false;
  void work.finally(() => (done = true)).catch(() => undefined);
  while (!done) await vi.advanceTimersByTimeAsync(50);
  return work;
}

/** What an earlier visit left: Base, SPIN 1 and SPIN 2. */
const PROJECT = {
  pairs: ["red", "blue", "teal", "green"].map((colour, at) => {
    return { id: `sample-${at}`, caption: `a ${colour} circle above a white square at night`, side: 64, pixels: null };
  }),
  nodes: [1, 2].map((number) => ({
    id: `node-${number}`,
    parent: number === 1 ? BASE : "node-1",
    opponent: number === 1 ? BASE : "node-1",
    iteration: number,
    number,
    name: null,
    settings: PRESETS[0]?.settings[0],
    createdAt: "2026-01-01T00:00:00.000Z",
    state: "kept",
    step: 60,
    of: 60,
    bytes: 1,
    deleted: null,
    brought: null,
  })),
  reports: {},
  votes: [],
};
/** Captions that no training sees. */
const HELD_OUT = SCORING.prompts.slice(0, 4);

async function grown(): Promise<Bench> {
  const memory = { getItem: () => JSON.stringify(PROJECT), setItem: () => undefined, removeItem: () => undefined };
  const fake = createFakeStudio({ pace: 1, failAt: null, noGpu: false, memory });
  const drawn: Bench["drawn"] = [];
  const call: Studio["call"] = (name, params, signal) => {
    if (name === bench.broken) return Promise.reject(new Error("not today"));
    if (name === "draw") drawn.push(params as Calls["draw"]["params"]);
    return fake.call(name, params, signal);
  };
  const studio: Studio = { call, onEvent: fake.onEvent };
  const deps = testDeps(studio);
  const { pictures } = deps;
  const store = createStudioStore(deps);
  const bench: Bench = { store, pictures, studio, drawn, broken: null };
  await through(store.getState().boot());
  await through(store.getState().readVotes());
  return bench;
}

const rivals = { a: "node-2", b: "node-1" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the newest against its parent, no comparison twice, and an end after forty", async () => {
  const { store } = await grown();
  expect(defaultRivals(store.getState())).toEqual(rivals);
  expect(defaultRivals({ nodes: [] })).toBeNull();
  const seen = new Set<string>();
  for (let at = 0; at < SESSION; at++) {
    const ballot = ballotOf(store.getState(), rivals);
    if (ballot === null) throw new Error(`no ballot ${at}`);
    seen.add(`${ballot.prompt.seed} ${ballot.prompt.text}`);
    // the same two the other way round are the same comparison
    store
      .getState()
      .cast(at % 2 === 0 ? ballot : { ...ballot, a: ballot.b, b: ballot.a }, at % 5 === 0 ? "skip" : "tie");
  }
  expect(seen.size).toBe(SESSION);
  expect(ballotOf(store.getState(), rivals)).toBeNull();
  store.getState().moreVotes(rivals);
  expect(goalOf(store.getState(), rivals)).toBe(2 * SESSION);
  const { prompt } = ballotOf(store.getState(), rivals) ?? { prompt: { seed: 0, text: "" } };
  expect(seen.has(`${prompt.seed} ${prompt.text}`)).toBe(false);
  // others were not asked about
  expect(ballotOf(store.getState(), { a: "node-2", b: BASE })).not.toBeNull();
});

test("the first comparisons are the grid's prompts and seeds, and the sides are mixed", async () => {
  const { store } = await grown();
  const ballots = ballotsOf(store.getState(), rivals, 200);
  expect(ballots.slice(0, 4).map(({ prompt }) => prompt)).toEqual(store.getState().prompts);
  expect(ballots.slice(0, 4).map(({ prompt }) => prompt.text)).toEqual(HELD_OUT);
  expect(ballots[4]?.prompt.seed).toBe((store.getState().prompts[0]?.seed ?? 0) + 100);
  const left = ballots.filter(({ side }) => side === "left").length;
  expect(left).toBeGreaterThan(60);
  expect(left).toBeLessThan(140);
  store.setState({ salt: store.getState().salt + 1 });
  const again = ballotsOf(store.getState(), rivals, 200);
  expect(again.map(({ side }) => side)).not.toEqual(ballots.map(({ side }) => side));
  expect(again.map(({ prompt }) => prompt)).toEqual(ballots.map(({ prompt }) => prompt));
});

test("a vote is for the node whose picture stood there, wherever it stood", async () => {
  const { store, studio } = await grown();
  store.setState({ salt: 1 }); // of which both sides come
  for (let at = 0; at < 12; at++) {
    const ballot = ballotOf(store.getState(), rivals);
    if (ballot !== null) store.getState().cast(ballot, ballot.side);
  }
  await vi.advanceTimersByTimeAsync(100);
  const kept = await studio.call("votes", { project: "test" });
  expect(new Set(kept.map(({ side }) => side)).size).toBe(2);
  expect(tallyOf(kept, rivals)).toMatchObject({ wins: 12, losses: 0 });
  expect(store.getState().votes).toEqual(kept);
  const lines = votesJsonl(kept, (node) => node.toUpperCase())
    .trim()
    .split("\n");
  for (const [at, line] of lines.entries()) {
    const told = JSON.parse(line) as Record<string, string>;
    expect(told["preferred"]).toBe("NODE-2");
    expect(told["choice"]).toBe(kept[at]?.side);
    expect(told[told["choice"] ?? ""]).toBe("NODE-2");
  }
});

test("undo brings the same comparison on the same side again, also before the vote was written", async () => {
  const { store, studio } = await grown();
  const first = ballotOf(store.getState(), rivals);
  if (first === null) throw new Error("no ballot");
  store.getState().cast(first, "left");
  expect(ballotOf(store.getState(), rivals)?.prompt).not.toEqual(first.prompt);
  store.getState().undoVote(rivals);
  expect(ballotOf(store.getState(), rivals)).toEqual(first);
  await vi.advanceTimersByTimeAsync(100);
  expect(await studio.call("votes", { project: "test" })).toEqual([]);
});

test("a vote that could not be saved does not count, and that is told", async () => {
  const bench = await grown();
  const { store } = bench;
  const ballot = ballotOf(store.getState(), rivals);
  if (ballot === null) throw new Error("no ballot");
  store.getState().cast(ballot, "left");
  await vi.advanceTimersByTimeAsync(100);
  bench.broken = "addVote";
  store.getState().cast(ballotsOf(store.getState(), rivals, 1)[0] ?? ballot, "left");
  await vi.advanceTimersByTimeAsync(100);
  expect(store.getState().votes).toHaveLength(1);
  expect(store.getState().problem?.title).toBe("The vote could not be saved.");
});

test("pictures are drawn ahead, the grid's are used, and few are kept", async () => {
  const { store, pictures, drawn } = await grown();
  await through(store.getState().drawMissing());
  drawn.length = 0;
  await through(store.getState().drawBallots(rivals));
  const there = (n: number): number =>
    ballotsOf(store.getState(), rivals, n).filter(({ prompt }) =>
      [rivals.a, rivals.b].every((node) => pictureFor(store.getState(), node, prompt) !== undefined),
    ).length;
  expect(there(8)).toBe(8);
  const firsts = store.getState().prompts.map(({ seed }) => seed);
  expect(drawn.flatMap(({ seeds }) => seeds).some((seed) => firsts.includes(seed))).toBe(false);
  const before = pictures.size;
  for (let at = 0; at < 30; at++) {
    const ballot = ballotOf(store.getState(), rivals);
    if (ballot !== null) store.getState().cast(ballot, "tie");
    await through(store.getState().drawBallots(rivals));
    expect(there(1)).toBe(1);
  }
  expect(pictures.size).toBeLessThan(before + 24);
});

test("a drawing that fails is told once, and can be asked for again", async () => {
  const bench = await grown();
  const { store } = bench;
  store.setState({ cells: {} });
  bench.broken = "draw";
  await through(store.getState().drawBallots(rivals));
  expect(store.getState()).toMatchObject({ ballotFault: true, problem: { title: "The pictures could not be drawn." } });
  bench.broken = null;
  await through(store.getState().drawBallots(rivals));
  expect(store.getState().ballotFault).toBe(false);
  const [ballot] = ballotsOf(store.getState(), rivals, 1);
  expect(ballot && pictureFor(store.getState(), "node-1", ballot.prompt)).toBeDefined();
});
