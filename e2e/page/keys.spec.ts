/** @file Every key, as the sheet lists them: what it does, that it does nothing while one types, changed, and switched off. */
import type { Page } from "@playwright/test";
import { CHAIN, visit } from "./made-project.ts";
import { expect, test } from "./origin.ts";

const press = (page: Page, ...keys: readonly string[]) =>
  keys.reduce(async (before, key) => {
    await before;
    await page.keyboard.press(key);
  }, Promise.resolve());

/** The two follow each other within a second, and a machine that is busy may not keep that: then again. */
async function go(page: Page, leader: string, letter: string, url: RegExp): Promise<void> {
  await expect(async () => {
    await press(page, leader, letter);
    await expect(page).toHaveURL(url, { timeout: 1000 });
  }).toPass();
}

const sheet = (page: Page) => page.getByRole("dialog", { name: "Keys" });
const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });

test("G and a letter go to a screen, and the question mark opens the sheet", async ({ page }) => {
  await visit(page, "start", "fast", { nodes: CHAIN });
  await expect(page.getByRole("link", { name: /^Pairs/ })).toHaveAttribute("title", "G then P");
  for (const [letter, screen] of Object.entries({ p: "pairs", i: "iterate", c: "compare", v: "vote", r: "report" }))
    await go(page, "g", letter, new RegExp(`#${screen}$`));
  // a letter that goes nowhere ends the waiting
  await press(page, "g", "x", "p");
  await expect(page).toHaveURL(/#report$/);
  await press(page, "?");
  for (const title of ["Everywhere", "Pairs", "Iterate", "Compare", "Vote"])
    await expect(sheet(page).getByRole("heading", { name: title, exact: true })).toBeVisible();
  // nothing behind the sheet hears keys
  await press(page, "g", "p");
  await expect(page).toHaveURL(/#report$/);
  await press(page, "Escape");
  await expect(sheet(page)).toHaveCount(0);
});

test("P pauses and resumes", async ({ page }) => {
  const begun = { parent: "node-2", iteration: 3, state: "begun", step: 1 } as const;
  await visit(page, "iterate", "slow", { nodes: [...CHAIN, begun] });
  const resume = page.getByRole("button", { name: "Resume P" });
  await expect(resume).toHaveAttribute("aria-keyshortcuts", "P");
  await expect(resume).toBeEnabled();
  await press(page, "p");
  await expect(page.getByRole("button", { name: "Pause P" })).toBeVisible();
  await press(page, "P");
  await expect(resume).toBeVisible();
});

test("in the grid: arrows, A and B, Enter; in the viewer: sides, modes, zoom, prompts, Escape", async ({ page }) => {
  await visit(page, "compare", "fast", { nodes: CHAIN });
  await page
    .getByRole("button", { name: /^SPIN 2: / })
    .nth(1)
    .waitFor();
  const focused = (name: RegExp) =>
    expect(page.getByRole("button", { name }).and(page.locator(":focus"))).toBeVisible();
  await press(page, "ArrowDown");
  await focused(/^SPIN 2: /);
  await press(page, "ArrowLeft");
  await focused(/^SPIN 1: /);
  await press(page, "a");
  await expect(page.getByRole("columnheader", { name: "SPIN 1" })).toHaveClass("is-left");
  await press(page, "ArrowLeft", "b");
  await expect(page.getByRole("columnheader", { name: "Base" })).toHaveClass("is-right");
  await press(page, "ArrowRight", "ArrowRight", "b", "Enter");
  await expect(page).toHaveURL(/#compare\/\d\/1-2$/);
  const divider = page.getByRole("slider", { name: /^Divider/ });
  for (const [key, at] of [
    ["1", "100"],
    ["3", "0"],
    ["2", "50"],
  ] as const) {
    await press(page, key);
    await expect(divider).toHaveAttribute("aria-valuenow", at);
  }
  await press(page, "c");
  await expect(page).toHaveURL(/\/2-1$/);
  await press(page, "ArrowLeft");
  await expect(page).toHaveURL(/\/2-0$/);
  await press(page, "Shift+ArrowLeft");
  await expect(page).toHaveURL(/\/1-0$/);
  await press(page, "ArrowDown");
  const [, row] = /compare\/(\d)/.exec(page.url()) ?? [];
  await press(page, "ArrowUp");
  await expect(page).toHaveURL(new RegExp(`compare/${Number(row) - 1}/`));
  await press(page, "m");
  await expect(page.getByRole("button", { name: "Side by side" })).toHaveAttribute("aria-pressed", "true");
  const fit = page.getByRole("button", { name: "Fit" });
  await press(page, "z");
  await expect(page.getByRole("button", { name: "1:1" })).toHaveAttribute("aria-pressed", "true");
  await press(page, "+");
  await expect(page.locator(".zoom output")).toHaveText("2:1");
  await press(page, "-");
  await expect(page.getByRole("button", { name: "1:1" })).toHaveAttribute("aria-pressed", "true");
  await press(page, "=", "0");
  await expect(fit).toHaveAttribute("aria-pressed", "true");
  // after G the same letter means the screen
  await go(page, "g", "c", /#compare$/);
  await press(page, "Enter", "Escape");
  await expect(heading(page, "Compare")).toBeVisible();
});

test("in Vote: A, B, T, S and U", async ({ page }) => {
  await visit(page, "vote", "fast", { nodes: CHAIN });
  const counted = page.getByText(/^\d+ of 20$/);
  const there = page.getByRole("button", { name: "Tie T" });
  await expect(page.getByRole("button", { name: "Picture A" })).toHaveAttribute("aria-keyshortcuts", "A");
  for (const [at, key] of ["a", "b", "t"].entries()) {
    await expect(there).toBeEnabled();
    await press(page, key);
    await expect(counted).toHaveText(`${at + 1} of 20`);
  }
  await expect(there).toBeEnabled();
  await press(page, "s", "u", "u");
  await expect(counted).toHaveText("2 of 20");
});

test("in Pairs: arrows walk over the pictures, move the square, and go on from Next", async ({ page }) => {
  await visit(page, "pairs", "fast", {});
  const pick = (n: number) => page.getByRole("button", { name: `Select pair ${n}`, exact: true });
  await pick(1).focus();
  await press(page, "ArrowRight", "ArrowRight", "ArrowLeft");
  await expect(pick(2)).toBeFocused();
  await page.getByRole("button", { name: "Next ↓" }).focus();
  await press(page, "ArrowDown", "ArrowDown", "ArrowUp");
  await expect(pick(3)).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("button", { name: "Next ↓" })).toBeFocused();
  await page.getByRole("button", { name: "Leave out" }).focus();
  await press(page, "Enter");
  await expect(page.getByText("48 pairs, 47 good, 1 left out")).toBeVisible();
  await press(page, "Control+z");
  await expect(page.getByText("48 pairs, all good")).toBeVisible();
  await press(page, "Control+y");
  await expect(page.getByText("48 pairs, 47 good, 1 left out")).toBeVisible();
});

test("the tree and its menus by keys alone", async ({ page }) => {
  await visit(page, "iterate", "fast", { nodes: CHAIN });
  const item = (name: string) => page.getByRole("treeitem", { name, exact: true });
  await item("SPIN 2").focus();
  await press(page, "Home");
  await expect(item("Base")).toBeFocused();
  await press(page, "ArrowDown", "Enter");
  await expect(heading(page, "SPIN 1")).toBeVisible();
  await press(page, "Shift+F10");
  await expect(page.getByRole("menuitem", { name: /^Branch from SPIN 1/ })).toBeFocused();
  await press(page, "Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.getByRole("button", { name: "Branch from here" }).focus();
  await press(page, "Enter");
  await expect(page.getByRole("button", { name: "Start SPIN 2 b" })).toBeVisible();
});

test("keys are letters where one types, and keys again beside a box that is ticked", async ({ page }) => {
  await visit(page, "compare", "fast", { nodes: CHAIN });
  await page.getByRole("button", { name: "Add a prompt" }).click();
  await page.keyboard.type("gp?a");
  await expect(page.getByLabel("A prompt to add")).toHaveValue("gp?a");
  await press(page, "Escape", "?");
  await page.getByRole("checkbox", { name: "Keys of a single letter, digit or sign" }).focus();
  await press(page, "Escape");
  await go(page, "g", "i", /#iterate$/);
  await visit(page, "pairs", "fast");
  await page.getByLabel("Caption of pair 1", { exact: true }).fill("");
  await page.keyboard.type("gi?");
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("gi?");
  await expect(page).toHaveURL(/#pairs$/);
});

test("a key is changed in the sheet, shown wherever it is named, kept, refused where it is taken, and comes back", async ({
  page,
}) => {
  await visit(page, "compare/0/0-2", "fast", { nodes: CHAIN });
  await press(page, "?");
  const news = sheet(page).getByRole("status");
  const change = async (from: string, to: string): Promise<void> => {
    await sheet(page)
      .getByRole("button", { name: `${from}, change` })
      .focus();
    await press(page, "Enter", to);
  };
  await change("C: swap left and right", "p");
  await expect(news).toHaveText("P is taken by “pause or resume”. Nothing was changed: choose another key.");
  await change("C: swap left and right", "Escape");
  await expect(sheet(page).getByRole("button", { name: "C: swap left and right, change" })).toBeFocused();
  await change("C: swap left and right", "x");
  await expect(news).toHaveText("X is the key for “swap left and right” now.");
  await change("G: go to a screen, then its letter", "j");
  await sheet(page).getByRole("button", { name: "Close" }).click();
  await page.reload();
  const swap = page.getByRole("button", { name: "Swap left and right (X)" });
  await expect(swap).toHaveAttribute("aria-keyshortcuts", "X");
  await press(page, "c");
  await expect(page).toHaveURL(/\/0-2$/);
  await press(page, "x");
  await expect(page).toHaveURL(/\/2-0$/);
  await go(page, "j", "v", /#vote$/);
  await press(page, "?");
  await sheet(page).getByRole("button", { name: "All keys as they came" }).click();
  await expect(sheet(page).getByRole("button", { name: "C: swap left and right, change" })).toBeVisible();
});

test("single keys can be switched off: then only arrows, Enter and Escape are left, and no control names the others", async ({
  page,
}) => {
  await visit(page, "compare/0/0-2", "fast", { nodes: CHAIN });
  await press(page, "?");
  await sheet(page).getByRole("checkbox", { name: "Keys of a single letter, digit or sign" }).uncheck();
  await press(page, "Escape");
  await page.reload();
  await expect(page.getByRole("button", { name: "Swap left and right", exact: true })).toBeVisible();
  await expect(page.getByText("swap left and right")).toHaveCount(0);
  await press(page, "c", "m", "g", "v", "?");
  await expect(page).toHaveURL(/#compare\/0\/0-2$/);
  await expect(sheet(page)).toHaveCount(0);
  await press(page, "ArrowLeft");
  await expect(page).toHaveURL(/#compare\/0\/0-1$/);
  await press(page, "Escape");
  await expect(heading(page, "Compare")).toBeVisible();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await sheet(page).getByRole("checkbox", { name: "Keys of a single letter, digit or sign" }).check();
  await press(page, "Escape");
  await go(page, "g", "r", /#report$/);
});
