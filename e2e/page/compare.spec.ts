/** @file Compare on the engine that only pretends: the grid, the viewer and the files, by names and by keys alone. */
import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { decode } from "fast-png";
import { unzipSync } from "fflate";
import { madeUpReport } from "../../src/app/fake/made-up.ts";
import { SCORING } from "../../src/app/fake/made-up-scores.ts";
import { expect, test } from "./origin.ts";

const SIDE = 64;
const SETTINGS = { steps: 2, pairsPerStep: 8, learningRate: 5e-5, guidance: 3, seed: 42, train: "full" };
const PROMPTS = ["a red circle at night", "a teal ring at dawn", "a white square in fog"];

/** What an earlier visit left: three pairs, Base, and a tree of kept nodes, two in a line and a branch beside the second. */
const PROJECT = {
  pairs: PROMPTS.map((caption, at) => ({ id: `sample-${at}`, caption, side: SIDE, pixels: null })),
  nodes: [
    { number: 1, parent: "base", iteration: 1, name: null },
    { number: 2, parent: "node-1", iteration: 2, name: null },
    { number: 3, parent: "node-1", iteration: 2, name: "gentle, long" },
  ].map((node) => ({
    ...node,
    id: `node-${node.number}`,
    opponent: node.parent,
    settings: SETTINGS,
    createdAt: "2026-01-01T00:00:00.000Z",
    backend: "webgpu",
    state: "kept",
    step: 2,
    of: 2,
    bytes: 1,
    deleted: null,
    brought: null,
  })),
  reports: { "node-3": [1, 2, 3].map((step) => madeUpReport(step, 3, 2, 20)) },
  votes: [],
  notes: {
    compare: { prompts: PROMPTS.map((text, at) => ({ text, seed: 42 + at })), seedsEach: 1, hidden: [] },
  },
};
const CELLS = 3 * 4;

async function openTree(page: Page, words = "fast", place = "compare", notes: object = PROJECT.notes): Promise<void> {
  await page.addInitScript(
    (project) => {
      if (sessionStorage.getItem("spin-studio.fake") === null) sessionStorage.setItem("spin-studio.fake", project);
    },
    JSON.stringify({ ...PROJECT, notes }),
  );
  await page.goto(`/?fake=${words}#${place}`);
}

const cells = (page: Page): Locator => page.getByRole("table").getByRole("button");

async function drawn(page: Page, count: number): Promise<void> {
  await expect(cells(page)).toHaveCount(count, { timeout: 120_000 });
  await expect(page.getByText(/^Drawing/)).toHaveCount(0);
}

/** The text of a PNG's chunk `parameters`, tEXt or iTXt, by a reader that shares nothing with the writer. */
function parametersOf(png: Buffer): { readonly type: string; readonly text: string } {
  for (let at = 8; at < png.length; ) {
    const [length, type] = [png.readUInt32BE(at), png.toString("latin1", at + 4, at + 8)];
    const data = png.subarray(at + 8, at + 8 + length);
    const end = data.indexOf(0);
    if (type === "tEXt" && data.toString("latin1", 0, end) === "parameters")
      return { type, text: data.toString("latin1", end + 1) };
    if (type === "iTXt" && data.toString("latin1", 0, end) === "parameters") {
      const translated = data.indexOf(0, data.indexOf(0, end + 3) + 1);
      return { type, text: data.toString("utf8", translated + 1) };
    }
    at += 12 + length;
  }
  throw new Error("no parameters in this PNG");
}

async function download(page: Page, name: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [file] = await Promise.all([
    page.waitForEvent("download", { timeout: 30_000 }),
    page.getByRole("button", { name }).click(),
  ]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

test("prompts, seeds and columns are chosen, drawn, and there again after a reload", async ({ page }) => {
  await openTree(page);
  await drawn(page, CELLS);
  await expect(
    page.getByText("3 prompts, 4 models, the same seed in every row, DDIM, 20 steps, guidance 3"),
  ).toBeVisible();
  await expect(page.getByRole("columnheader")).toHaveText(["Prompt, seed", "Base", "SPIN 1", "SPIN 2", "gentle, long"]);
  await page.getByRole("button", { name: "Prompts and models" }).click();
  const dialog = page.getByRole("dialog", { name: "Prompts and models" });
  await dialog.getByLabel("A prompt to add").fill("a red ring in fog");
  await page.keyboard.press("Enter");
  const first = (await dialog.getByRole("listitem").first().locator(".prompt").textContent()) ?? "";
  await dialog.getByRole("button", { name: `Remove ${first}` }).click();
  await dialog.getByRole("group", { name: "Seeds for each prompt" }).getByRole("button", { name: "2" }).click();
  await dialog.getByRole("checkbox", { name: "SPIN 1" }).uncheck();
  await dialog.getByRole("button", { name: "Close" }).click();
  await drawn(page, 3 * 2 * 3);
  await page.reload();
  await drawn(page, 3 * 2 * 3);
  await expect(page.getByRole("rowheader").nth(4)).toHaveText("a red ring in fogseed 45");
  await expect(page.getByRole("rowheader").nth(5)).toContainText("seed 145");
  await expect(page.getByRole("columnheader")).toHaveText(["Prompt, seed", "Base", "SPIN 2", "gentle, long"]);
  await expect(page.getByRole("rowheader").filter({ hasText: first })).toHaveCount(0);
});

test("where nobody chose prompts they are such as no training sees, and that is said; else it is said that it does", async ({
  page,
}) => {
  await openTree(page, "fast", "compare", {});
  await drawn(page, 4 * 4);
  await expect(page.getByText("4 prompts, 4 models")).toContainText("No training sees these captions.");
  await expect(page.getByRole("rowheader")).toHaveText(
    SCORING.prompts.slice(0, 4).map((text, at) => `${text}seed ${42 + at}`),
  );
  await page.goto("/?fake=fast#vote");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(SCORING.prompts[0] ?? "");
  await expect(page.locator(".tally")).toContainText("No training sees these captions.");
  await page.goto("/?fake=fast,unscored#compare");
  await page.reload();
  await drawn(page, 3 * 4);
  await expect(page.getByText("3 prompts, 4 models")).toContainText("Training sees these captions, so how others fare");
});

test("drawing tells how far it is, stops, and goes on when it is asked to", async ({ page }) => {
  await openTree(page, "slow");
  await expect(page.getByText(/^Drawing Base, picture [1-3] of 3/)).toBeVisible();
  await page.getByRole("button", { name: "Stop drawing" }).click();
  const missing = page.getByText(/^\d+ pictures are missing$/);
  await expect(missing).toBeVisible();
  const words = await missing.textContent();
  await page.waitForTimeout(1500);
  await expect(missing).toHaveText(words ?? "");
  await page.getByRole("button", { name: /^Draw the \d+$/ }).click();
  await expect(page.getByText(/^Drawing .*, picture/)).toBeVisible();
});

test("a large model draws the grid only when it is asked to, and says before how long that takes", async ({ page }) => {
  await page.addInitScript(() => Object.assign(globalThis, { showOpenFilePicker: undefined }));
  await openTree(page, "fast", "start");
  const file = { name: "my-model.safetensors", mimeType: "", buffer: Buffer.alloc(8) };
  await page.getByRole("radio", { name: /^Stable Diffusion 1.5 from disk/ }).click();
  await page.getByLabel("A model’s file").setInputFiles(file);
  await page.getByRole("button", { name: "Open this model" }).click();
  await page.getByRole("link", { name: /^Compare/ }).click();
  const draw = page.getByRole("button", { name: /^Draw \d+ pictures, about \d min$/ });
  await expect(draw).toBeEnabled();
  await page.waitForTimeout(1500);
  await draw.click();
  await drawn(page, CELLS);
  await expect(page.getByText("3 prompts, 4 models")).toContainText("DDIM, 50 steps, guidance 7.5");
});

test("the whole of Compare by keys alone", async ({ page }) => {
  await openTree(page);
  await drawn(page, CELLS);
  const focused = page.locator(":focus");
  // the first arrow shows where the keys are: the newest model, the first prompt
  await page.keyboard.press("ArrowRight");
  await expect(focused).toHaveAccessibleName(/^gentle, long: /);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowDown");
  await expect(focused).toHaveAccessibleName(/^SPIN 2: /);
  await page.keyboard.press("b");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("a");
  await expect(page.locator("thead .is-left")).toHaveText("SPIN 1");
  await expect(page.locator("thead .is-right")).toHaveText("SPIN 2");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#compare\/1\/1-2$/);

  await page.keyboard.press("ArrowRight");
  await expect(page).toHaveURL(/#compare\/1\/1-3$/);
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(page).toHaveURL(/#compare\/1\/0-3$/);
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(/#compare\/2\/0-3$/);
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/#compare\/2\/3-0$/);
  await page.keyboard.press("c");

  const divider = page.getByRole("slider", { name: /^Divider between Base .* and gentle, long/ });
  for (const [key, value] of [
    ["1", "100"],
    ["3", "0"],
    ["2", "50"],
  ] as const) {
    await page.keyboard.press(key);
    await expect(divider).toHaveAttribute("aria-valuenow", value);
  }
  const mode = (name: string): Locator => page.getByRole("group", { name: "Mode" }).getByRole("button", { name });
  await page.keyboard.press("m");
  await expect(mode("Side by side")).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("m");
  const mix = page.getByRole("slider", { name: "Mix of Base and gentle, long" });
  await page.keyboard.press("3");
  await expect(mix).toHaveValue("100");
  await page.keyboard.press("m");
  await expect(page.getByRole("img", { name: /^Difference of Base and gentle, long: / })).toBeVisible();
  await expect(page.getByText(/^Difference( × \d+)?, mean \d+\.\d of 255$/)).toBeVisible();
  await page.keyboard.press("m");
  await expect(divider).toBeVisible();

  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/#compare$/);
  await expect(focused).toHaveAccessibleName(/^gentle, long: /);
  await expect(page.locator("thead .is-left")).toHaveText("Base");
});

test("zoom is the same for both, by whole multiples, with hard pixels from 4:1 on", async ({ page }) => {
  await openTree(page);
  await drawn(page, CELLS);
  await page.getByRole("link", { name: /^Open side by side/ }).click();
  const pictures = page.getByRole("group", { name: /^Pictures/ });
  const images = pictures.getByRole("img", { name: /: / });
  await expect(images).toHaveCount(2);
  const boxes = async () => Promise.all([0, 1].map(async (at) => images.nth(at).boundingBox()));
  const rendering = () => images.first().evaluate((canvas) => getComputedStyle(canvas).imageRendering);
  const widths = async () => (await boxes()).map((box) => box?.width);

  const [fit] = await widths();
  expect((fit ?? 0) % SIDE).toBe(0);
  expect(await rendering()).toBe("auto");
  await page.keyboard.press("z");
  await expect.poll(widths).toEqual([SIDE, SIDE]);
  await page.keyboard.press("+");
  await expect.poll(widths).toEqual([2 * SIDE, 2 * SIDE]);
  expect(await rendering()).toBe("auto");
  await page.getByRole("button", { name: "4:1" }).click();
  await expect.poll(widths).toEqual([4 * SIDE, 4 * SIDE]);
  expect(await rendering()).toBe("pixelated");
  await page.keyboard.press("-");
  await expect.poll(widths).toEqual([3 * SIDE, 3 * SIDE]);
  await page.keyboard.press("0");
  await expect.poll(widths).toEqual([fit, fit]);

  // larger than its place: arrows move both, once the pictures have the focus
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  const before = await boxes();
  await pictures.focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await boxes())[0]?.x).toBeLessThan(before[0]?.x ?? 0);
  const after = await boxes();
  expect((after[0]?.x ?? 0) - (before[0]?.x ?? 0)).toBe((after[1]?.x ?? 0) - (before[1]?.x ?? 0));
  await expect(page).toHaveURL(/#compare\/0\/0-3$/);
  // and so does a drag, while the handle still moves the divider
  const frame = await pictures.boundingBox();
  const [x, y] = [(frame?.x ?? 0) + (frame?.width ?? 0) / 4, (frame?.y ?? 0) + 200];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 40, y + 30, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => (await boxes())[0]?.x).toBe((after[0]?.x ?? 0) + 40);
  await expect(page.getByRole("slider", { name: /^Divider/ })).toHaveAttribute("aria-valuenow", "50");
  // the wheel zooms around the pointer
  const [wide] = await widths();
  await page.mouse.wheel(0, 120);
  await expect.poll(async () => (await widths())[0]).toBeLessThan(wide ?? 0);
  const [left, right] = await widths();
  expect(left).toBe(right);
});

test("pictures and the grid come out as PNGs that say how they were made", async ({ page }) => {
  await openTree(page);
  await drawn(page, CELLS);
  await page.getByRole("button", { name: "Prompts and models" }).click();
  await page.getByLabel("A prompt to add").fill("赤い円 “ring”");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await drawn(page, 4 * 4);
  const prompt = (await page.getByRole("rowheader").first().locator(".prompt").textContent()) ?? "";

  const grid = await download(page, "Save the grid as PNG");
  expect(grid.name).toBe("pocket-grid.png");
  const picture = decode(grid.bytes, { checkCrc: true });
  expect([picture.width, picture.height]).toEqual([224 + 4 * 264, 36 + 4 * 264]);
  // words are on it: a column head and a row label are not only paper
  const inked = (x0: number, y0: number, width: number, height: number): boolean => {
    for (let y = y0; y < y0 + height; y++)
      for (let x = x0; x < x0 + width; x++)
        if ((picture.data[(y * picture.width + x) * picture.channels] ?? 255) < 90) return true;
    return false;
  };
  expect([inked(224, 8, 256, 20), inked(8, 36, 200, 22), inked(8, 36 + 264 * 3, 200, 22)]).toEqual([true, true, true]);
  expect(parametersOf(grid.bytes).text).toContain('X Values: "Base, SPIN 1, SPIN 2, gentle, long"');

  const zip = await download(page, "Save every picture");
  const files = Object.entries(unzipSync(zip.bytes));
  expect(files).toHaveLength(4 * 4);
  const [, japanese] = files.find(([name]) => name.startsWith("04-pocket-spin-2-seed-45")) ?? [];
  expect(parametersOf(Buffer.from(japanese ?? []))).toEqual({
    type: "iTXt",
    text: "赤い円 “ring”\nSteps: 20, Sampler: DDIM, CFG scale: 3, Seed: 45, Size: 64x64, Model: pocket SPIN 2, Version: SPIN Studio",
  });

  await page.getByRole("link", { name: /^Open side by side/ }).click();
  const one = await download(page, "Save gentle, long as PNG");
  expect(one.name).toMatch(/^pocket-gentle-long-seed-42-.*\.png$/);
  expect(parametersOf(one.bytes)).toEqual({
    type: "tEXt",
    text: `${prompt}\nSteps: 20, Sampler: DDIM, CFG scale: 3, Seed: 42, Size: 64x64, Model: "pocket gentle, long", Version: SPIN Studio`,
  });
  const shown = await page
    .getByRole("img", { name: `gentle, long: ${prompt}` })
    .evaluate((canvas: HTMLCanvasElement) => [...(canvas.getContext("2d")?.getImageData(0, 0, 64, 64).data ?? [])]);
  expect([...decode(one.bytes, { checkCrc: true }).data]).toEqual(shown);
});

test("heads stay in sight, whichever way the grid is scrolled", async ({ page }) => {
  await page.setViewportSize({ width: 760, height: 600 });
  await openTree(page);
  await drawn(page, CELLS);
  for (const key of ["ArrowLeft", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
  const last = page.locator(":focus");
  await expect(last).toHaveAccessibleName(`gentle, long: ${PROMPTS[2]}`);
  await expect(last).toBeInViewport({ ratio: 0.9 });
  const within = await page.evaluate(() => {
    const box = document.querySelector(".sheetbox")?.getBoundingClientRect();
    const head = document.querySelector("thead th:last-child")?.getBoundingClientRect();
    const label = document.querySelector("tbody tr:last-child th")?.getBoundingClientRect();
    return { head: (head?.top ?? -1) - (box?.top ?? 0), label: (label?.left ?? -1) - (box?.left ?? 0) };
  });
  expect(within).toEqual({ head: 0, label: 0 });
});

test("single keys are off where one types, and can be switched off", async ({ page }) => {
  await openTree(page, "fast", "compare/0/0-1");
  const left = page.getByRole("combobox", { name: "Left" });
  await left.focus();
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/#compare\/0\/0-1$/);
  await left.blur();
  await page.keyboard.press("?");
  await page.getByRole("checkbox", { name: /^Keys of a single letter/ }).uncheck();
  await page.getByRole("dialog", { name: "Keys" }).getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("c");
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(/#compare\/1\/0-1$/);
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Left" })).toBeVisible();
  await page.keyboard.press("c");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/#compare$/);
});
