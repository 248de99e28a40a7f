/** @file A project in the memory of the engine that only pretends: three nodes, some prompts, and votes on them. */
import type { Page } from "@playwright/test";

const SETTINGS = { steps: 60, pairsPerStep: 8, learningRate: 5e-5, guidance: 3, seed: 42, train: "full" };
const COLOURS = ["red", "blue", "teal", "green"];
const MEMORY = "spin-studio.fake";

export interface SeededVote {
  readonly a: string;
  readonly b: string;
  readonly prompt: string;
  readonly seed: number;
  readonly side: "left" | "right";
  readonly choice: "a" | "b" | "tie" | "skip";
}

export const prompts = COLOURS.map((colour) => `a ${colour} circle above a white square at night`);

/** `wins` votes for a, then `losses` for b, then ties: the first comparisons in their order. */
export function votes(a: string, b: string, [wins, losses, ties]: readonly [number, number, number]): SeededVote[] {
  return Array.from({ length: wins + losses + ties }, (_, at) => ({
    a,
    b,
    prompt: prompts[at % prompts.length] ?? "",
    seed: 42 + (at % prompts.length) + 100 * Math.floor(at / prompts.length),
    side: at % 2 === 0 ? "left" : "right",
    choice: at < wins ? "a" : at < wins + losses ? "b" : "tie",
  }));
}

/** @param names of the chain from SPIN 1 on; null: not named */
export async function openProject(
  page: Page,
  place: string,
  given: {
    readonly names?: readonly (string | null)[];
    readonly votes?: readonly SeededVote[];
    readonly words?: string;
  },
): Promise<void> {
  const nodes = (given.names ?? [null, null]).map((name, at) => ({
    id: `node-${at + 1}`,
    parent: at === 0 ? "base" : `node-${at}`,
    opponent: at === 0 ? "base" : `node-${at}`,
    iteration: at + 1,
    number: at + 1,
    name,
    settings: SETTINGS,
    createdAt: "2026-01-01T00:00:00.000Z",
    state: "kept",
    step: 60,
    of: 60,
    bytes: 16_500_000,
    deleted: null,
    brought: null,
  }));
  const kept = (given.votes ?? []).map((vote, at) => {
    return { ...vote, id: `old-${at}`, at: new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString() };
  });
  const pairs = prompts.map((caption, at) => ({ id: `sample-${at}`, caption, side: 64, pixels: null }));
  const asked = prompts.map((words, at) => ({ text: words, seed: 42 + at }));
  const notes = { compare: { prompts: asked, seedsEach: 1, hidden: [] } };
  const text = JSON.stringify({ pairs, nodes, reports: {}, votes: kept, notes });
  await page.addInitScript(
    ([key, project]) => {
      if (sessionStorage.getItem(key) === null) sessionStorage.setItem(key, project);
    },
    [MEMORY, text] as const,
  );
  await page.goto(`/?fake=${given.words ?? "fast"}#${place}`);
}

/** The votes as the engine has them. */
export async function keptVotes(page: Page): Promise<readonly SeededVote[]> {
  const text = await page.evaluate((key) => sessionStorage.getItem(key) ?? "{}", MEMORY);
  return (JSON.parse(text) as { votes: SeededVote[] }).votes;
}
