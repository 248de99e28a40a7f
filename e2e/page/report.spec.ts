/** @file The report on the engine that only pretends: words with intervals, charts with their tables, files out and a project in. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "./origin.ts";
import { keptVotes, openProject, votes } from "./voted-project.ts";

const title = (page: Page) => page.getByRole("heading", { level: 1 });

async function saved(page: Page, button: string): Promise<{ name: string; text: string }> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: button, exact: true }).first().click();
  const file = await download;
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

async function scored(page: Page, models: number): Promise<void> {
  await page.getByRole("button", { name: `Score ${models} models on 24 prompts` }).click();
  await expect(page.getByRole("region", { name: "Scores, as a table" }).getByRole("row")).toHaveCount(1 + models);
  await expect(page.getByText("More prompts give narrower intervals.")).toBeVisible();
}

test("scores: asked for by one button, told in words, as table and charts, and there again after a reload", async ({
  page,
}) => {
  await openProject(page, "pairs", {});
  await expect(page.getByRole("heading").first()).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await expect(page).toHaveURL(/#report$/);
  await expect(title(page)).toHaveText("There is nothing to say about SPIN 2 yet.");
  await expect(page.getByText("There are no blind votes over Base yet.")).toBeVisible();
  await scored(page, 3);
  await expect(title(page)).toHaveText(/^SPIN 2 is ahead of Base in \d+\s% of 24 prompts \(\d+ to \d+\s%\)\.$/);
  await expect(page.getByText(/SPIN 2 is (not clearly )?ahead of SPIN 1/)).toBeVisible();
  await expect(page.getByText(/sharpness is clearly lower. Look at the pictures/)).toBeVisible();
  const table = page.getByRole("region", { name: "Scores, as a table" }).getByRole("table");
  await expect(table.getByRole("row")).toHaveCount(4);
  await expect(table.getByRole("columnheader")).toHaveText([
    "Model",
    /Truth, dB/,
    /Faith/,
    /Finish/,
    /Sharpness/,
    /Average/,
  ]);
  const first = table.getByRole("row", { name: /^SPIN 2/ });
  await expect(first.getByRole("cell").first()).toHaveText(/^\d\d\.\d\s*\d\d\.\d to \d\d\.\d$/);
  for (const name of [/^Winning rate over Base/, /^Scores of all models/, /^Average by iteration/])
    await expect(page.getByRole("img", { name })).toBeVisible();
  await page.reload();
  await expect(title(page)).toHaveText(/^SPIN 2 is ahead of Base/);
  await expect(table.getByRole("row")).toHaveCount(4);
});

test("scoring can be stopped; what is done stays, and the rest is asked for", async ({ page }) => {
  await openProject(page, "report", { words: "slow" });
  const many = page.getByRole("group", { name: "Prompts to score on" });
  await many.getByRole("button", { name: "96" }).click();
  await page.getByRole("button", { name: "Score 3 models on 96 prompts" }).click();
  await expect(page.getByRole("progressbar", { name: "Scoring" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Scores, as a table" }).getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Stop scoring" }).click();
  await expect(page.getByRole("button", { name: /^Score [12] models? on 96 prompts$/ })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await many.getByRole("button", { name: "48" }).click();
  await expect(page.getByRole("button", { name: "Score 3 models on 48 prompts" })).toBeVisible();
});

test("blind votes lead where there are enough, and every chart has its table", async ({ page }) => {
  await openProject(page, "report", {
    votes: [
      ...votes("node-2", "base", [20, 5, 3]),
      ...votes("node-1", "base", [11, 9, 1]),
      ...votes("node-2", "node-1", [4, 1, 0]),
    ],
  });
  await expect(title(page)).toHaveText("SPIN 2 wins over Base in 77 % of 28 blind votes (59 to 89 %).");
  const counted = page.getByRole("region", { name: "Blind votes, as a table" });
  await expect(counted.getByRole("row", { name: /^SPIN 1 over Base/ })).toHaveText(
    /11\s*9\s*1\s*55 %\s*34 to 74 %.*not clearly ahead/,
  );
  await expect(counted.getByRole("row", { name: /^SPIN 2 over SPIN 1/ })).toHaveText(/4\s*1\s*0\s*–\s*–\s*–\s*5 of 20/);
  await scored(page, 3);
  await expect(title(page)).toHaveText(/blind votes/);
  const rates = page.getByRole("figure", { name: "Winning rate over Base" });
  await expect(rates.getByRole("img")).toHaveAccessibleDescription(
    "SPIN 1 55 %, interval 34 to 74 %; SPIN 2 77 %, interval 59 to 89 %",
  );
  await rates.getByRole("button", { name: "Show as table" }).click();
  await expect(rates.getByRole("row", { name: /^SPIN 2 77 % 59 to 89 % 28$/ })).toBeVisible();
  await rates.getByRole("button", { name: "Scores", exact: true }).click();
  await expect(rates.getByRole("row", { name: /^SPIN 2 \d+ % \d+ to \d+ % 24$/ })).toBeVisible();
  const by = page.getByRole("figure", { name: "By iteration" });
  await by.getByLabel("What is shown by iteration").selectOption("Truth");
  await by.getByRole("button", { name: "Show as table" }).click();
  await expect(by.getByRole("row", { name: /^SPIN 2 \d\d\.\d dB \d\d\.\d dB to \d\d\.\d dB$/ })).toBeVisible();
});

test("table, charts, weights and votes go out as files", async ({ page }) => {
  await openProject(page, "report", {
    votes: votes("node-2", "base", [20, 5, 3]),
    names: ["50 % & more, “first”", null],
  });
  await scored(page, 3);
  const csv = await saved(page, "Save table as .csv");
  expect(csv.name).toBe("scores.csv");
  expect(csv.text.split("\r\n")[0]).toMatch(/^model,truth,truth_low,truth_high,faith,.*average_high$/);
  expect(csv.text.split("\r\n")[2]).toMatch(/^"50 % & more, “first”",1\d\./);
  const tex = await saved(page, "Save table as .tex");
  expect(tex.text).toContain("\\begin{tabular}{lrrrrr}");
  expect(tex.text).toContain("50 \\% \\& more, “first” &");
  expect(tex.text).toMatch(/\\textbf\{\\boldmath \$\d\d\.\d\$\}/);
  const blank = await page.context().newPage(); // the studio's own policy lets nothing be parsed as markup
  for (const name of ["Winning rate over Base", "By iteration", "Four scores"]) {
    const download = page.waitForEvent("download");
    await page.getByRole("figure", { name }).getByRole("button", { name: "Save .svg" }).click();
    const text = readFileSync(await (await download).path(), "utf8");
    expect(text).toMatch(/^<svg [^>]*viewBox/);
    expect(text).not.toMatch(/var\(|class=|style=|color-mix|oklab/);
    const faults = await blank.evaluate((xml) => {
      const parsed = new DOMParser().parseFromString(xml, "image/svg+xml");
      return [parsed.querySelectorAll("parsererror").length, parsed.querySelectorAll("title, desc").length];
    }, text);
    expect(faults).toEqual([0, 2]);
  }
  expect((await saved(page, "Save .safetensors")).name).toBe("node-2.safetensors");
  await page.getByLabel("Model to save").selectOption("50 % & more, “first”");
  expect((await saved(page, "Save .safetensors")).name).toBe("node-1.safetensors");
  const lines = (await saved(page, "Save .jsonl")).text.trim().split("\n");
  expect(lines).toHaveLength(28);
});

test("a project goes out as one file and comes back in place of another", async ({ page }) => {
  await openProject(page, "report", { votes: votes("node-2", "base", [20, 5, 3]) });
  await expect(title(page)).toHaveText(/28 blind votes/);
  const { name, text } = await saved(page, "Save .zip");
  expect(name).toMatch(/\.zip$/);
  await page.getByRole("link", { name: "Vote", exact: true }).first().click();
  await page.getByLabel("Model it is compared with").selectOption("Base");
  await expect(page.locator(".ballot canvas")).toHaveCount(2);
  await page.keyboard.press("b");
  await expect.poll(async () => (await keptVotes(page)).length).toBe(29);
  await page.getByRole("link", { name: "Report" }).click();
  const file = { name: "mine.zip", mimeType: "application/zip", buffer: Buffer.from(text) };
  await page.getByLabel("Choose a project file").setInputFiles(file);
  const dialog = page.getByRole("dialog", { name: "Open mine.zip?" });
  await expect(dialog).toContainText("4 pairs and 2 iterations go");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await keptVotes(page)).toHaveLength(29);
  await page.getByLabel("Choose a project file").setInputFiles(file);
  await dialog.getByRole("button", { name: "Open it in place of this one" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(title(page)).toHaveText(/28 blind votes/);
  expect(await keptVotes(page)).toHaveLength(28);
});

test("a file that is no project is refused in words, and nothing is lost", async ({ page }) => {
  await openProject(page, "report", { votes: votes("node-2", "base", [20, 5, 3]) });
  await page.getByLabel("Choose a project file").setInputFiles({
    name: "poem.zip",
    mimeType: "application/zip",
    buffer: Buffer.from("roses are red"),
  });
  await page.getByRole("button", { name: "Open it in place of this one" }).click();
  await expect(page.getByRole("alert")).toContainText(
    "The file could not be opened as a project.This project is as it was.",
  );
  expect(await keptVotes(page)).toHaveLength(28);
});

test("a model without scores is left to the votes, and that is said", async ({ page }) => {
  await openProject(page, "report", { words: "fast,unscored", votes: votes("node-2", "base", [20, 5, 3]) });
  await expect(title(page)).toHaveText(/^SPIN 2 wins over Base/);
  await expect(page.getByText(/judged by your votes alone; neural scorers come later/)).toBeVisible();
  await expect(page.getByRole("heading", { name: "Scores" })).toHaveCount(0);
  await expect(page.getByRole("img", { name: "Winning rate over Base" })).toBeVisible();
});

test("without an iteration there is no report, and one button that changes it", async ({ page }) => {
  await openProject(page, "report", { names: [] });
  await expect(page.getByRole("heading", { name: "No report yet" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start SPIN 1" })).toBeEnabled();
});
