/** @file What a person does while the main thread is watched, in this order: each scene finds what those before it left. */
import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Locator, Page } from "@playwright/test";
import { setNumbers } from "./nano-page.ts";
import { png, zip } from "./pair-files.ts";

export interface Scene {
  readonly name: string;
  /** behind the origin; the page is loaded anew */
  readonly address: string;
  /** done before anything is counted */
  readonly before?: (page: Page) => Promise<void>;
  readonly act: (page: Page) => Promise<void>;
}

const PAIRS = 1000;
const STEPS = 200;
const TURN_MS = 1500;
/** until everything that follows a reading is saved and counted */
const REST_MS = 5000;

/** @param backend "wasm" or "webgpu" */
export function scenes(backend: string): readonly Scene[] {
  const real = `?backend=${backend}`;
  const folder = mkdtempSync(path.join(os.tmpdir(), "stalls-"));
  const project = path.join(folder, "project.zip");
  return [
    { name: "an iteration, from screen to screen", address: `${real}#start`, before: takeSamples, act: iterate },
    { name: "Compare draws a grid", address: `${real}#compare`, act: compare },
    { name: "a project is saved", address: `${real}#report`, act: (page) => saveProject(page, project) },
    { name: "a project is opened", address: `${real}#report`, act: (page) => openProject(page, project) },
    { name: `${PAIRS} pairs are read`, address: `${real}#pairs`, act: (page) => readPairs(page, folder) },
    { name: `${STEPS} steps with charts`, address: "?fake=fast#start", before: setSteps, act: chart },
  ];
}

/** Waits for what is wanted. @throws Error with what the page says where it shows a problem instead. */
export async function seen(page: Page, wanted: Locator): Promise<void> {
  await wanted.or(page.getByRole("alert")).first().waitFor();
  await refuseProblem(page);
}

async function refuseProblem(page: Page): Promise<void> {
  const problem = page.getByRole("alert").first();
  if (await problem.isVisible()) throw new Error(`The page shows a problem: ${await problem.innerText()}`);
}

const button = (page: Page, name: string): Locator => page.getByRole("button", { name, exact: true });
const screen = (page: Page, name: string): Locator =>
  page.getByRole("link", { name: new RegExp(`^${name}( \\d+)?$`) }).first();

async function takeSamples(page: Page): Promise<void> {
  await button(page, "Try it with the built-in pocket model").click();
  await seen(page, page.getByText("48 pairs, all good"));
  await screen(page, "Iterate").click();
}

async function iterate(page: Page): Promise<void> {
  await button(page, "Start SPIN 1").click();
  const done = button(page, "Start SPIN 2");
  const screens = ["Compare", "Report", "Pairs", "Iterate"];
  for (let turn = 0; !(await done.isVisible()); turn++) {
    await screen(page, screens[turn % screens.length] ?? "Iterate").click();
    await page.waitForTimeout(TURN_MS);
    await refuseProblem(page);
  }
}

/** Twice as many seeds, so that half of the grid is missing. */
async function compare(page: Page): Promise<void> {
  const cells = page.getByRole("table").locator("canvas");
  await seen(page, page.getByText("the same seed in every row"));
  const before = await cells.count();
  await button(page, "Prompts and models").click();
  await page.getByRole("group", { name: "Seeds for each prompt" }).getByRole("button", { name: "2" }).click();
  await button(page, "Close").click();
  await seen(page, cells.nth(2 * before - 1));
}

async function saveProject(page: Page, file: string): Promise<void> {
  const download = page.waitForEvent("download");
  await button(page, "Save .zip").click();
  const problem = page
    .getByRole("alert")
    .first()
    .waitFor()
    .then(() => refuseProblem(page));
  problem.catch(() => undefined); // also at the page's end, when the file has long come
  await Promise.race([download, problem]);
  await (await download).saveAs(file);
}

async function openProject(page: Page, file: string): Promise<void> {
  await page.getByLabel("Choose a project file").setInputFiles(file);
  await Promise.all([page.waitForEvent("load"), button(page, "Open it in place of this one").click()]);
  await seen(page, page.getByText(/^Pocket, /));
}

async function readPairs(page: Page, folder: string): Promise<void> {
  const entries = Array.from({ length: PAIRS }, (_, at) => [
    [`${at}.png`, png(at, 256, 256)] as const,
    [`${at}.txt`, `a picture numbered ${at}`] as const,
  ]);
  const file = path.join(folder, "pairs.zip");
  writeFileSync(file, zip(Object.fromEntries(entries.flat()), 0));
  await button(page, "Add more").click();
  await page.getByLabel("Choose pictures and captions").setInputFiles(file);
  await seen(page, page.getByText(/^Reading \d/).first());
  await page.getByText(/^Reading \d/).waitFor({ state: "hidden" });
  await page.waitForTimeout(REST_MS);
  await refuseProblem(page);
}

async function setSteps(page: Page): Promise<void> {
  await takeSamples(page);
  await setNumbers(page, { Steps: STEPS });
}

async function chart(page: Page): Promise<void> {
  await button(page, "Start SPIN 1").click();
  await seen(page, button(page, "Start SPIN 2"));
}
