/** @file The states of Iterate: before a run, in it, after it, what goes wrong, and the tree with what it asks. */
import type { Locator, Page } from "@playwright/test";
import { button, CHAIN, type Made, type PageState, TREE, visit } from "./made-project.ts";

/** SPIN 3 of a chain, about to go on from its first step. */
const BEGUN: Made = { nodes: [...CHAIN, { parent: "node-2", iteration: 3, state: "begun", step: 1 }] };

async function goOn(page: Page, words: string, made: Made = BEGUN): Promise<void> {
  await visit(page, "iterate", words, made);
  await button(page, /^Resume/).click();
}

/** Until the step at which the engine stands still. */
async function running(page: Page, pace: string): Promise<void> {
  await goOn(page, `${pace},halt=train:22`);
  await page
    .getByText(/^22 of 30$/)
    .first()
    .waitFor();
}

/** At a pace at which a person, too, is quick enough to pause it. */
async function paused(page: Page): Promise<void> {
  await goOn(page, "slow");
  await page
    .getByText(/^2\d of 30$/)
    .first()
    .waitFor();
  await button(page, /^Pause/).click();
  await button(page, /^Resume/).waitFor();
}

async function done(page: Page): Promise<void> {
  await goOn(page, "fast");
  await button(page, "Start SPIN 4").waitFor();
  await page.locator(".look .twoup").waitFor();
}

async function simple(page: Page, words: string): Promise<void> {
  await visit(page, "iterate", words, {});
  await page.getByText(/^Settings: /).click();
}

async function tree(page: Page, pace: string): Promise<Locator> {
  const nodes = [...TREE, { parent: "node-3", iteration: 3, state: "begun" as const, step: 20 }];
  await visit(page, "iterate/2", pace, { nodes });
  const found = page.getByRole("tree", { name: "Iterations" });
  await found.locator("canvas").nth(4).waitFor();
  return found;
}

async function menu(page: Page, pace: string, action?: string): Promise<void> {
  const found = await tree(page, pace);
  await found.getByRole("button", { name: "Actions of SPIN 2", exact: true }).click();
  if (action !== undefined) await page.getByRole("menuitem", { name: action }).click();
}

async function chooseLoras(page: Page, pace: string): Promise<void> {
  await tree(page, pace);
  await button(page, "Add LoRAs…").click();
  const buffer = Buffer.alloc(9_000_000);
  const files = ["ink-wash.safetensors", "more-detail.safetensors"];
  const given = files.map((name) => ({ name, mimeType: "application/octet-stream", buffer }));
  await page.getByLabel("LoRA files").setInputFiles(given);
  await page.getByRole("textbox", { name: "Weight of more-detail.safetensors" }).fill("0.6");
}

export const ITERATE: readonly PageState[] = [
  {
    name: "iterate-ready",
    open: async (page) => {
      await visit(page, "iterate", "fast", {});
      await button(page, "Start SPIN 1").waitFor();
    },
  },
  { name: "iterate-settings", open: (page) => simple(page, "fast") },
  {
    name: "iterate-advanced",
    open: async (page) => {
      await simple(page, "fast");
      await button(page, "Advanced").click();
      await page.getByRole("radio", { name: /^Paper/ }).check();
      await page.getByLabel("Beta").fill("-1");
    },
  },
  {
    name: "iterate-generating",
    open: async (page, pace) => {
      await visit(page, "iterate", `${pace},halt=opponents:31`, { nodes: CHAIN });
      await page.locator(".node canvas").nth(2).waitFor();
      await button(page, "Start SPIN 3").click();
      await page
        .getByText(/^31 of 48$/)
        .first()
        .waitFor();
    },
  },
  {
    name: "iterate-duels",
    open: async (page, pace) => {
      await visit(page, "iterate", `${pace},halt=train:4`, {});
      await button(page, "Start SPIN 1").click();
      await page
        .getByText(/^4 of 60$/)
        .first()
        .waitFor();
    },
  },
  { name: "iterate-running", open: running },
  { name: "iterate-paused", open: (page) => paused(page) },
  {
    name: "iterate-trial",
    open: async (page) => {
      await paused(page);
      await page.getByLabel("Try a prompt").fill("a red ring above a blue circle at night");
      await page.keyboard.press("Enter");
      await page.locator(".trial canvas").nth(1).waitFor();
    },
  },
  { name: "iterate-done", open: (page) => done(page) },
  {
    name: "iterate-table",
    open: async (page) => {
      await done(page);
      const curves = page.getByRole("complementary", { name: "Training curves" });
      await curves.getByRole("button", { name: /more: / }).click();
      await curves.getByRole("button", { name: "Loss: options" }).click();
      await curves.getByRole("button", { name: "Safeguard: options" }).click();
      await curves.getByRole("button", { name: "Safeguard: show as table" }).click();
    },
  },
  {
    name: "iterate-lost",
    open: async (page) => {
      await goOn(page, "fast,fail");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "iterate-lost-again",
    open: async (page) => {
      await goOn(page, "fast,lost-again");
      await page.getByRole("timer").waitFor();
    },
  },
  {
    name: "iterate-asked",
    open: async (page) => {
      const begun = { parent: "node-2", iteration: 3, state: "begun", step: 20, backend: "wasm" } as const;
      await goOn(page, "fast", { nodes: [...CHAIN, begun] });
      await page
        .getByText(/was begun on/)
        .first()
        .waitFor();
    },
  },
  {
    name: "iterate-full",
    open: async (page) => {
      await goOn(page, "fast,full");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "iterate-warned",
    open: async (page, pace) => {
      await goOn(page, `${pace},rise,halt=train:22`);
      await page
        .getByText(/has risen by/)
        .first()
        .waitFor();
    },
  },
  { name: "iterate-tree", open: async (page, pace) => void (await tree(page, pace)) },
  {
    name: "iterate-base",
    open: async (page, pace) => {
      const found = await tree(page, pace);
      await found.getByRole("treeitem", { name: "Base", exact: true }).click();
    },
  },
  { name: "iterate-menu", open: (page, pace) => menu(page, pace) },
  { name: "iterate-opponent", open: (page, pace) => menu(page, pace, "Play against…") },
  { name: "iterate-rename", open: (page, pace) => menu(page, pace, "Rename…") },
  { name: "iterate-export", open: (page, pace) => menu(page, pace, "Export…") },
  { name: "iterate-deleted", open: (page, pace) => menu(page, pace, "Delete") },
  { name: "iterate-loras", open: (page, pace) => chooseLoras(page, pace) },
  {
    name: "iterate-brought",
    open: async (page, pace) => {
      await chooseLoras(page, pace);
      await button(page, "Add to the tree").click();
      await button(page, "Go on").click();
      await page.getByRole("treeitem", { name: "ink-wash + more-detail" }).click();
      await page.locator(".look canvas").first().waitFor();
    },
  },
  {
    name: "iterate-elsewhere",
    open: async (page) => {
      await visit(page, "iterate", "calm,elsewhere,halt=train:32");
      await page.getByText(/SPIN 1 is at step 30 of 60 in another tab/).waitFor();
    },
  },
  {
    name: "iterate-damaged",
    open: async (page) => {
      await visit(page, "iterate", "fast,damaged", { nodes: CHAIN });
      await page.getByRole("alert").waitFor();
    },
  },
];
