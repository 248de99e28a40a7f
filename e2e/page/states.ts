/** @file Every screen of the page in every state it can be in: how to come there. For pictures of them, and for axe. */
import type { Page } from "@playwright/test";
import { encode } from "fast-png";
import { caption as captionOf, paint, scene } from "../../src/app/fake/painter.ts";
import { ITERATE } from "./iterate-states.ts";
import { button, CHAIN, type PageState, TREE, visit } from "./made-project.ts";
import { choose, type Content, png, zip } from "./pair-files.ts";
import { type SeededVote, votes as madeVotes } from "./voted-project.ts";

async function grid(page: Page, pace: string): Promise<void> {
  await visit(page, "compare", pace, { nodes: TREE });
  await page.locator(".sheetgrid td canvas").nth(15).waitFor();
}

async function viewer(page: Page, pace: string, presses = 0): Promise<void> {
  await visit(page, "compare/0/0-2", pace, { nodes: TREE });
  await page.getByRole("img", { name: /^SPIN 2: / }).waitFor();
  await page.locator(".film canvas").nth(3).waitFor();
  for (let press = 0; press < presses; press++) await page.keyboard.press("m");
}

const PROMPTS = [0, 1, 2, 3].map((n) => captionOf(scene(n)));

/** Votes on prompts that are in the project. */
function votesOn(a: string, b: string, results: readonly [number, number, number]): SeededVote[] {
  return madeVotes(a, b, results).map((vote, at) => ({ ...vote, prompt: PROMPTS[at % PROMPTS.length] ?? "" }));
}

async function vote(page: Page, pace: string, results: readonly [number, number, number]): Promise<void> {
  await visit(page, "vote", pace, { nodes: CHAIN, votes: votesOn("node-2", "node-1", results) });
}

async function ballot(page: Page, pace: string, results: readonly [number, number, number]): Promise<void> {
  await vote(page, pace, results);
  await page.locator(".ballot canvas").nth(1).waitFor();
}

async function report(page: Page, pace: string): Promise<void> {
  const votes = [...votesOn("node-2", "base", [21, 5, 3]), ...votesOn("node-1", "base", [13, 8, 1])];
  await visit(page, "report", pace, { nodes: CHAIN, votes });
  await button(page, /^Score 3 models/).waitFor();
  await page.locator(".plates canvas").nth(2).waitFor();
}

async function scored(page: Page, pace: string): Promise<void> {
  await report(page, pace);
  await button(page, /^Score 3 models/).click();
  await page.getByText("More prompts give narrower intervals.").waitFor();
}

const SIDE = 64;

/** The sample's picture number n, stretched to any size. */
function picture(n: number, width = SIDE, height = SIDE): Uint8Array {
  const from = paint(scene(n), 1, n);
  const data = new Uint8Array(4 * width * height);
  for (let at = 0; at < data.length; at++) {
    const [y, x] = [Math.floor(at / 4 / width), Math.floor(at / 4) % width];
    data[at] = from[4 * (Math.floor((y * SIDE) / height) * SIDE + Math.floor((x * SIDE) / width)) + (at % 4)] ?? 0;
  }
  return encode({ width, height, data, channels: 4, depth: 8 });
}

/** Ten pictures: two alike, one small, one without words, one with too many, one that is no square. */
async function problems(page: Page): Promise<void> {
  await visit(page, "pairs", "fast");
  const good = Object.fromEntries(
    [1, 2, 3, 4, 5].flatMap((n): [string, Content][] => [
      [`p${n}.png`, picture(n)],
      [`p${n}.txt`, captionOf(scene(n))],
    ]),
  );
  await button(page, "Use the 48 sample pairs").waitFor();
  await choose(page, {
    ...good,
    "a.png": picture(7, 192, 128),
    "a.txt": captionOf(scene(7)),
    "b.png": picture(7, 192, 128),
    "b.txt": "the same again",
    "c.png": picture(8),
    "s.png": picture(9, 20, 20),
    "s.txt": "a small one ".repeat(40),
    "poem.md": "# a poem",
    "cut.png": png(22).slice(0, 60),
  });
}

async function samples(page: Page): Promise<void> {
  await visit(page, "pairs", "fast", {});
  await page.locator(".gallery canvas").nth(9).waitFor();
}

async function pickModel(page: Page, name: string): Promise<void> {
  await visit(page, "start", "fast");
  const mimeType = "application/octet-stream";
  await page.getByRole("radio", { name: /^Stable Diffusion 1.5 from disk/ }).click();
  await page.getByLabel("A model’s file").setInputFiles({ name, mimeType, buffer: Buffer.from("weights") });
}

async function fromHub(page: Page, address: string): Promise<void> {
  await visit(page, "start", "fast");
  await page.getByRole("radio", { name: /^Stable Diffusion 1.5 from the hub/ }).click();
  await button(page, "Go on").waitFor();
  if (address === "") return;
  await page.getByLabel("Name or address at huggingface.co").fill(address);
  await button(page, "Look it up").click();
}

export const STATES: readonly PageState[] = [
  {
    name: "start-empty",
    open: async (page) => {
      await visit(page, "start", "fast");
      await page.locator(".pitch .twoup [role=slider]").waitFor();
    },
  },
  {
    name: "start-dragging",
    open: async (page) => {
      await visit(page, "start", "fast");
      await page.locator(".pitch .twoup [role=slider]").waitFor();
      await page.locator(".drop").evaluate((drop) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["x"], "a.png", { type: "image/png" }));
        drop.dispatchEvent(new DragEvent("dragenter", { bubbles: true, cancelable: true, dataTransfer }));
      });
      await page.locator(".drop.over").waitFor();
    },
  },
  { name: "start-checking", open: (page) => visit(page, "start", "fast,halt=measure:0") },
  {
    name: "start-no-gpu",
    open: async (page) => {
      await visit(page, "start", "fast,no-gpu");
      await page.locator(".pitch .twoup [role=slider]").waitFor();
    },
  },
  {
    name: "start-noisy",
    open: async (page) => {
      await visit(page, "start", "fast,noisy");
      await page.getByText("steps do not repeat bit by bit, logit noise 0.21").waitFor();
    },
  },
  {
    name: "start-picked",
    open: async (page) => {
      await pickModel(page, "fine-tune.safetensors");
      await page.getByText("All weights").waitFor();
    },
  },
  {
    name: "start-picked-ample",
    open: async (page) => {
      await pickModel(page, "fine-tune.safetensors");
      await page.getByLabel("Memory").selectOption("up to 24 GB");
      await page.getByText(/a finished node is 3\.4 GB/).waitFor();
    },
  },
  {
    name: "start-refused",
    open: async (page) => {
      await pickModel(page, "fine-tune.ckpt");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "start-own",
    open: async (page) => {
      await pickModel(page, "fine-tune.safetensors");
      await button(page, "Open this model").click();
      await page.getByRole("radio", { name: /^fine-tune/ }).waitFor();
    },
  },
  {
    name: "start-away",
    open: async (page) => {
      await pickModel(page, "fine-tune.safetensors");
      await button(page, "Open this model").click();
      await page.getByRole("radio", { name: /^fine-tune/ }).waitFor();
      await page.reload();
      await page.getByText(/^fine-tune lies on your disk/).waitFor();
    },
  },
  { name: "start-hub", open: (page) => fromHub(page, "") },
  {
    name: "start-hub-gated",
    open: async (page) => {
      await fromHub(page, "gated/model");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "start-hub-offer",
    open: async (page) => {
      await fromHub(page, "stable-diffusion-v1-5/stable-diffusion-v1-5");
      await button(page, /^Download/).waitFor();
    },
  },
  {
    name: "start-hub-downloading",
    open: async (page) => {
      await fromHub(page, "");
      await button(page, "Go on").click();
      await button(page, "Pause").waitFor();
    },
  },
  {
    name: "start-returning",
    open: async (page) => {
      await visit(page, "start", "fast", {
        nodes: [...CHAIN, { parent: "node-2", iteration: 3, state: "begun", step: 20 }],
      });
      await page.locator(".pitch .twoup [role=slider]").waitFor();
    },
  },
  {
    name: "start-over",
    open: async (page) => {
      await visit(page, "start", "fast", { nodes: CHAIN });
      await button(page, "Start over").click();
    },
  },
  { name: "pairs-empty", open: (page) => visit(page, "pairs", "fast") },
  { name: "pairs-problems", open: problems },
  { name: "pairs-good", open: samples },
  {
    name: "pairs-crop",
    open: async (page) => {
      await problems(page);
      await page.getByLabel("Select pair 1", { exact: true }).click();
      await page.getByRole("slider", { name: "Crop position" }).waitFor();
    },
  },
  {
    name: "pairs-bulk",
    open: async (page) => {
      await samples(page);
      await button(page, "Find and replace").click();
      await page.getByLabel("Find", { exact: true }).fill("night");
    },
  },
  {
    name: "pairs-adding",
    open: async (page) => {
      await samples(page);
      await button(page, "Add more").click();
    },
  },
  {
    name: "pairs-closely",
    narrow: true,
    open: async (page) => {
      await samples(page);
      await page.setViewportSize({ width: 390, height: 844 });
      await page.getByLabel("Select pair 1", { exact: true }).click();
      await page.getByRole("dialog", { name: "Pair 1" }).waitFor();
    },
  },
  {
    name: "pairs-loading",
    open: async (page) => {
      await visit(page, "pairs", "fast");
      await button(page, "Use the 48 sample pairs").waitFor();
      const many = Array.from({ length: 600 }, (_, i) => [`${i}.png`, png(i, 500, 500)] as const);
      await page.getByLabel("Choose pictures and captions").setInputFiles({
        name: "a.zip",
        mimeType: "application/zip",
        buffer: Buffer.from(zip(Object.fromEntries(many), 0)),
      });
      await button(page, "Stop reading").waitFor();
    },
  },
  ...ITERATE,
  {
    name: "compare-empty",
    open: async (page) => {
      await visit(page, "compare", "fast", {});
      await page.getByText("Only Base so far").waitFor();
    },
  },
  { name: "compare-grid", open: grid },
  {
    name: "compare-drawing",
    open: async (page, pace) => {
      await visit(page, "compare", `${pace},halt=draw:9`, { nodes: TREE });
      await page.locator(".sheetgrid td canvas").nth(8).waitFor();
    },
  },
  {
    name: "compare-setup",
    open: async (page, pace) => {
      await grid(page, pace);
      await button(page, "Prompts and models").click();
    },
  },
  { name: "compare-slider", open: (page, pace) => viewer(page, pace) },
  { name: "compare-beside", open: (page, pace) => viewer(page, pace, 1) },
  { name: "compare-fade", open: (page, pace) => viewer(page, pace, 2) },
  { name: "compare-difference", open: (page, pace) => viewer(page, pace, 3) },
  {
    name: "compare-scored",
    open: async (page, pace) => {
      await scored(page, pace);
      await page.evaluate(() => location.assign("#compare/1/0-2"));
      await page.getByRole("list", { name: "Scores of these two pictures" }).waitFor();
      await page.locator(".film canvas").nth(2).waitFor();
    },
  },
  {
    name: "vote-empty",
    open: async (page) => {
      await visit(page, "vote", "fast", {});
      await page.getByRole("heading", { name: "Nothing to vote on yet" }).waitFor();
    },
  },
  { name: "vote-voting", open: (page, pace) => ballot(page, pace, [5, 3, 1]) },
  { name: "vote-counted", open: (page, pace) => ballot(page, pace, [19, 6, 4]) },
  {
    name: "vote-enough",
    open: async (page, pace) => {
      await vote(page, pace, [28, 10, 2]);
      await page.getByText("All 40 comparisons are done").waitFor();
    },
  },
  {
    name: "report-empty",
    open: async (page) => {
      await visit(page, "report", "fast", {});
      await page.getByRole("heading", { name: "No report yet" }).waitFor();
    },
  },
  { name: "report-votes", open: report },
  { name: "report-done", open: scored },
  {
    name: "report-tables",
    open: async (page, pace) => {
      await scored(page, pace);
      const twins = button(page, "Show as table");
      while ((await twins.count()) > 0) await twins.first().click();
    },
  },
  {
    name: "keys-sheet",
    open: async (page) => {
      await visit(page, "start", "fast");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    },
  },
];
