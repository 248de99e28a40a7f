/** @file After a second loss a run may go on with the processor: it is asked about, for its numbers would be others. Both answers. */
import type { Locator, Page } from "@playwright/test";
import { setNumbers } from "./nano-page.ts";
import { expect, test } from "./origin.ts";

/** for a run of the pretending engine on a machine that has other work */
const LONG = { timeout: 120_000 };

const runsOn = (page: Page, words: string): Locator => page.getByText(words).first();

/** SPIN 1 has lost its GPU twice, and a person takes the processor. */
async function movedToProcessor(page: Page): Promise<Locator> {
  await page.goto("/?fake=fast,lost-again#pairs");
  await page.getByRole("button", { name: "Use the 48 sample pairs" }).click();
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await setNumbers(page, { Steps: 16 });
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await expect(page.getByRole("timer")).toHaveText(/^Trying again in \d+ seconds?\.$/, LONG);
  await expect(runsOn(page, "Pretending, Pocket, WebGPU")).toBeVisible();
  await page.getByRole("button", { name: "Go on with the processor" }).click();
  const question = page.getByRole("alert").filter({ hasText: "SPIN 1 was begun on webgpu; going on with wasm" });
  await expect(question).toBeVisible(LONG);
  await expect(runsOn(page, "Pretending, Pocket, WebAssembly")).toBeVisible();
  await expect(page.getByText(/^SPIN 1 is paused at step 12 of/).first()).toBeVisible();
  return question;
}

const kept = (page: Page): Promise<void> =>
  expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible(LONG);

test("it goes on with the processor", async ({ page }) => {
  const question = await movedToProcessor(page);
  await question.getByRole("button", { name: "Go on", exact: true }).click();
  await expect(question).toBeHidden();
  await kept(page);
  await expect(runsOn(page, "Pretending, Pocket, WebAssembly")).toBeVisible();
});

test("it goes back to where it was begun", async ({ page }) => {
  const question = await movedToProcessor(page);
  await question.getByRole("button", { name: "Use WebGPU" }).click();
  await expect(question).toBeHidden();
  await kept(page);
  await expect(runsOn(page, "Pretending, Pocket, WebGPU")).toBeVisible();
});
