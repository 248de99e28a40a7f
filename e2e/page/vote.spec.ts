/** @file Blind votes on the engine that only pretends: by names and by keys alone, what is told and what is not. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "./origin.ts";
import { keptVotes, openProject, votes } from "./voted-project.ts";
import { faults, type Size, SIZES } from "./sound.ts";

const pictures = (page: Page) => page.getByRole("button", { name: /^Picture [AB]$/ });

/** Both pictures are there. */
async function shown(page: Page): Promise<void> {
  await expect(page.locator(".ballot canvas")).toHaveCount(2);
}

/** A key, and the next comparison with both its pictures. */
async function press(page: Page, key: string): Promise<void> {
  const before = await page.getByText(/^Comparison \d+ of/).textContent();
  await page.keyboard.press(key);
  await expect(page.getByText(/^Comparison \d+ of/)).not.toHaveText(before ?? "");
  await shown(page);
}

/** The key of the picture with the less noisy sky: the better model's, as the engine pretends. */
async function better(page: Page): Promise<"a" | "b"> {
  const roughness = await page.locator(".ballot canvas").evaluateAll((canvases) =>
    canvases.map((canvas) => {
      const context = (canvas as HTMLCanvasElement).getContext("2d") as CanvasRenderingContext2D;
      const { data, width } = context.getImageData(0, 0, 64, 8);
      let sum = 0;
      for (let i = 0; i < data.length - 4; i += 4)
        if ((i / 4 + 1) % width !== 0) sum += ((data[i] ?? 0) - (data[i + 4] ?? 0)) ** 2;
      return sum;
    }),
  );
  return (roughness[0] ?? 0) < (roughness[1] ?? 0) ? "a" : "b";
}

test("twenty votes by keys alone: no names, no rate before the end, then rate, interval and sign test", async ({
  page,
}) => {
  await openProject(page, "compare", {});
  await expect(page.getByRole("heading").first()).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  await expect(page).toHaveURL(/#vote$/);
  await shown(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("a red circle above a white square at night");
  // nothing about the pictures tells whose they are
  const ballot = await page.locator(".ballot").innerHTML();
  expect(ballot).not.toMatch(/SPIN|Base|node|player|opponent/i);
  for (let at = 0; at < 20; at++) {
    await expect(page.getByText(`${at} of 20`)).toBeVisible();
    await expect(page.locator(".tally")).not.toContainText("%");
    await press(page, await better(page));
  }
  await expect(page.locator(".tally")).toContainText(
    "20 to 0, 20 votes. 95 % interval 84 to 100 %, sign test p < 0.001. SPIN 2 is ahead.",
  );
  await expect(page.getByRole("img", { name: "100 percent, 95 percent interval 84 to 100 percent" })).toBeVisible();
  const kept = await keptVotes(page);
  expect(kept.every(({ a, b, choice }) => a === "node-2" && b === "node-1" && choice === "a")).toBe(true);
  expect(new Set(kept.map(({ side }) => side)).size).toBe(2);
  expect(new Set(kept.map(({ prompt, seed }) => `${seed} ${prompt}`)).size).toBe(20);
});

test("tie, skip and undo; votes outlive a reload, and no comparison comes twice", async ({ page }) => {
  await openProject(page, "vote", {});
  await shown(page);
  const undo = page.getByRole("button", { name: "Undo" });
  await expect(undo).toBeDisabled();
  await press(page, "t");
  await press(page, "s");
  await expect(page.getByText("1 of 20")).toBeVisible();
  const third = await page.getByRole("heading", { level: 1 }).textContent();
  await press(page, "b");
  await press(page, "u");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(third ?? "");
  expect((await keptVotes(page)).map(({ choice }) => choice)).toEqual(["tie", "skip"]);
  await page.reload();
  await shown(page);
  await expect(page.getByText("1 of 20")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(third ?? "");
  await pictures(page).first().focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("2 of 20")).toBeVisible();
  await page.getByRole("button", { name: "Tie" }).click();
  await expect(page.getByText("3 of 20")).toBeVisible();
  const seen = (await keptVotes(page)).map(({ prompt, seed }) => `${seed} ${prompt}`);
  expect(new Set(seen).size).toBe(4);
});

test("an even score is not called ahead", async ({ page }) => {
  await openProject(page, "vote", { votes: votes("node-2", "node-1", [11, 9, 2]) });
  await expect(page.locator(".tally")).toContainText("SPIN 2 is not clearly ahead of SPIN 1.");
});

test("others can be chosen, and the address keeps them", async ({ page }) => {
  await openProject(page, "vote", { votes: votes("node-2", "base", [14, 6, 1]) });
  await shown(page);
  await expect(page.getByText("0 of 20")).toBeVisible();
  await page.getByLabel("Model it is compared with").selectOption("Base");
  await expect(page).toHaveURL(/#vote\/2-0$/);
  await expect(page.locator(".tally")).toContainText("14 to 6, 1 tie, 21 votes.");
  // whoever is chosen for the other place changes places
  await page.getByLabel("Model that is voted on").selectOption("Base");
  await expect(page).toHaveURL(/#vote\/0-2$/);
  await expect(page.locator(".tally")).toContainText("6 to 14, 1 tie, 21 votes.");
  await page.reload();
  await expect(page.getByLabel("Model that is voted on")).toHaveValue("base");
});

test("after forty it is enough, and what comes next is offered; votes go out as lines of JSON", async ({ page }) => {
  await openProject(page, "vote", { votes: votes("node-2", "node-1", [29, 8, 2]) });
  await shown(page);
  await page.keyboard.press("a");
  await expect(page.getByRole("heading", { name: "All 40 comparisons are done" })).toBeVisible();
  await expect(page.getByText(/^You preferred SPIN 2 to SPIN 1 in 7\d %\./)).toBeVisible();
  await expect(page.getByRole("link", { name: "Vote on SPIN 2 against Base" })).toHaveAttribute("href", "#vote/2-0");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save votes as .jsonl" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("pocket-votes.jsonl");
  const lines = readFileSync(await file.path(), "utf8")
    .trim()
    .split("\n");
  expect(lines).toHaveLength(40);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    prompt: "a red circle above a white square at night",
    seed: 42,
    left: "SPIN 2",
    right: "SPIN 1",
    choice: "left",
    preferred: "SPIN 2",
  });
  await page.getByRole("button", { name: "40 more, with new seeds" }).click();
  await shown(page);
  await expect(page.getByText(/^Comparison 41 of 80/)).toBeVisible();
});

test("without an iteration there is nothing to vote on, and one button that changes it", async ({ page }) => {
  await openProject(page, "vote", { names: [] });
  await expect(page.getByRole("heading", { name: "Nothing to vote on yet" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start SPIN 1" })).toBeEnabled();
});

test("clean for axe in every state, theme and width; the pictures are as tall as the window lets them", async ({
  page,
}) => {
  test.setTimeout(600_000);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const found: string[] = [];
  await openProject(page, "vote", {
    votes: [...votes("node-2", "node-1", [12, 6, 4]), ...votes("node-2", "base", [30, 8, 2])],
  });
  for (const place of ["vote", "vote/1-0", "vote/2-0"]) {
    await page.goto(`/?fake=fast#${place}`);
    if (place === "vote/2-0") await expect(page.getByText("All 40 comparisons are done")).toBeVisible();
    else await shown(page);
    const large = async ([width, height]: Size): Promise<readonly string[]> => {
      if (place === "vote/2-0") return [];
      const box = await pictures(page).first().locator("canvas").boundingBox();
      const free = width === 390 ? (height - 330) / 2 : height - 380;
      const fits = Math.floor(free / 64) === (box?.height ?? 0) / 64;
      return fits ? [] : [`${place} ${width}: ${box?.height} px of ${free}`];
    };
    found.push(...(await faults(page, place, SIZES, large)));
  }
  expect(found).toEqual([]);
});
