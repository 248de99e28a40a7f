/** @file A project in the memory of the engine that only pretends, whatever state it is to be in. */
import type { Locator, Page } from "@playwright/test";
import { madeUpProbe, madeUpReport, PRESETS } from "../../src/app/fake/made-up.ts";
import { caption, scene } from "../../src/app/fake/painter.ts";
import type { SeededVote } from "./voted-project.ts";

const MEMORY = "spin-studio.fake";
const [QUICK] = PRESETS[0]?.settings ?? [];
const SETTINGS = { ...QUICK, steps: 30 };

export interface Grown {
  readonly parent: string;
  readonly iteration: number;
  readonly opponent?: string;
  readonly state?: "begun" | "kept" | "gone";
  readonly step?: number;
  readonly deleted?: string;
  readonly name?: string;
  readonly backend?: "wasm" | "webgpu";
}

export interface Made {
  readonly pairs?: number;
  readonly nodes?: readonly Grown[];
  readonly votes?: readonly SeededVote[];
}

/** Base to SPIN 2, and beside SPIN 2 another from SPIN 1. */
export const CHAIN: readonly Grown[] = [
  { parent: "base", iteration: 1 },
  { parent: "node-1", iteration: 2 },
];
export const TREE: readonly Grown[] = [...CHAIN, { parent: "node-1", iteration: 2, name: "gentle, long" }];

/** few, so that a run is soon where it is to be looked at */
export const STEPS = 30;

function reports(iteration: number, steps: number) {
  return Array.from({ length: steps }, (_, at) => {
    const made = madeUpReport(at + 1, STEPS, iteration, 0.08);
    return (at + 1) % 5 === 0 ? { ...made, probe: madeUpProbe(at + 1, STEPS, false) } : made;
  });
}

/** Written before the page's own scripts run; what is there already stays, so that a reload goes on. */
export async function remember(page: Page, { pairs = 48, nodes = [], votes = [] }: Made): Promise<void> {
  const grown = nodes.map((node, at) => ({
    opponent: node.parent,
    state: "kept" as const,
    step: STEPS,
    deleted: null,
    brought: null,
    name: null,
    backend: null,
    ...node,
    id: `node-${at + 1}`,
    number: at + 1,
    settings: SETTINGS,
    createdAt: "2026-11-24T12:00:00.000Z",
    of: STEPS,
    bytes: node.state === "gone" ? 0 : 16_500_000,
  }));
  const kept = votes.map((vote, at) => {
    return { ...vote, id: `old-${at}`, at: new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString() };
  });
  const project = {
    pairs: Array.from({ length: pairs }, (_, at) => {
      return { id: `sample-${at}`, caption: caption(scene(at)), side: 64, pixels: null };
    }),
    nodes: grown,
    reports: Object.fromEntries(grown.map(({ id, iteration, step }) => [id, reports(iteration, step)])),
    votes: kept,
  };
  await page.addInitScript(
    ([key, text]) => {
      if (sessionStorage.getItem(key) === null) sessionStorage.setItem(key, text);
    },
    [MEMORY, JSON.stringify(project)] as const,
  );
}

export interface PageState {
  /** the screen first */
  readonly name: string;
  /** only at a narrow width there is such a state */
  readonly narrow?: true;
  /** @param pace of the engine that only pretends: `fast`, or `calm` where times are to be seen */
  readonly open: (page: Page, pace: string) => Promise<void>;
}

export const button = (page: Page, name: string | RegExp): Locator => page.getByRole("button", { name });

export async function visit(page: Page, place: string, words: string, made?: Made): Promise<void> {
  if (made !== undefined) await remember(page, made);
  await page.goto(`/?fake=${words}#${place}`);
  await page.locator(".foot").waitFor();
}
