/** @file The whole way through the page on the engine that only pretends: what a person clicks, reads and finds again. */
import type { Page } from "@playwright/test";
import { expect, test } from "./origin.ts";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==";

/** What the browser complains about: scripts, styles or requests that the policy forbids, and errors. */
function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") heard.push(message.text());
  });
  page.on("pageerror", (error) => heard.push(error.message));
  return heard;
}

async function takeSamples(page: Page, words: string): Promise<void> {
  await page.goto(`/?fake=${words}`);
  await page.getByRole("button", { name: "Try it with the built-in pocket model" }).click();
  await expect(page).toHaveURL(/#pairs$/);
  await expect(page.getByText("48 pairs, all good")).toBeVisible();
}

test("from sample pairs through two iterations to pictures side by side", async ({ page }) => {
  const heard = complaints(page);
  await takeSamples(page, "fast");
  await expect(page.getByRole("img", { name: /at night/ }).first()).toBeVisible();
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await expect(page).toHaveURL(/#iterate$/);
  await expect(page.getByRole("heading", { name: "SPIN 1" })).toBeVisible();
  await page.getByRole("button", { name: "Start SPIN 2" }).click({ timeout: 60_000 });
  await page.getByRole("button", { name: "Start SPIN 3" }).waitFor({ timeout: 60_000 });
  const curves = page.getByRole("complementary", { name: "Training curves" });
  await expect(curves.getByRole("img", { name: /^(Loss|Told apart|Error on)/ })).toHaveCount(4);
  await curves.getByRole("button", { name: "Show as table" }).click();
  await expect(curves.getByRole("row", { name: /^1 0\.693 50 %/ })).toBeVisible();

  await page.getByRole("link", { name: "Compare all" }).click();
  const cells = page.getByRole("table").getByRole("button");
  await expect(cells).toHaveCount(4 * 3);
  await page
    .getByRole("button", { name: /^SPIN 2: / })
    .first()
    .click();
  await expect(page).toHaveURL(/#compare\/0\/0-2$/);
  const divider = page.getByRole("slider", { name: "Divider between Base on the left and SPIN 2 on the right" });
  await expect(divider).toHaveAttribute("aria-valuenow", "50");
  await divider.focus();
  await page.keyboard.press("ArrowRight");
  await expect(divider).toHaveAttribute("aria-valuenow", "52");
  await page.keyboard.press("PageUp");
  await expect(divider).toHaveAttribute("aria-valuenow", "62");
  await page.keyboard.press("Home");
  await expect(divider).toHaveAttribute("aria-valuenow", "0");
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page).toHaveURL(/#compare\/0\/2-0$/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { name: "Compare" })).toBeVisible();
  await expect(page.getByText("0 bytes sent")).toBeVisible();
  expect(heard).toEqual([]);
});

test("a pause holds at a step, and a reload goes on from there", async ({ page }) => {
  await takeSamples(page, "calm");
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await expect(page.locator(".stages")).toContainText(/Train [1-9]\d* of 60/);
  await page.keyboard.press("p");
  const words = page.getByText(/SPIN 1 is paused at step \d+ of 60\. Closing/);
  await expect(words).toBeVisible();
  const [, step] = /step (\d+)/.exec((await words.textContent()) ?? "") ?? [];
  await page.reload();
  await page.getByRole("link", { name: "SPIN Studio" }).click();
  await expect(page.getByText(`SPIN 1 is paused at step ${step} of 60.`)).toBeVisible();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(/#iterate$/);
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible({ timeout: 60_000 });
  const curves = page.getByRole("complementary", { name: "Training curves" });
  await curves.getByRole("button", { name: "Show as table" }).click();
  await expect(curves.getByRole("row")).toHaveCount(2 + 60);
});

test("a lost device: what happened, what is safe, and one button that goes on", async ({ page }) => {
  await takeSamples(page, "fast,fail");
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The GPU stopped answering at step 12.");
  await expect(alert).toContainText("Safe: 48 pairs, Base, and SPIN 1 up to step 10.");
  await alert.getByRole("button", { name: "Continue SPIN 1" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible({ timeout: 60_000 });
});

test("files are taken with their captions, and each one refused has its reason", async ({ page }) => {
  await page.goto("/?fake=fast#pairs");
  await expect(page.getByRole("button", { name: "Use the 48 sample pairs" })).toBeEnabled();
  const text = (words: string) => Buffer.from(words, "utf8");
  await page.getByLabel("Choose pictures and captions").setInputFiles([
    { name: "one.png", mimeType: "image/png", buffer: Buffer.from(PNG, "base64") },
    { name: "one.txt", mimeType: "text/plain", buffer: text("a small square") },
    { name: "poem.md", mimeType: "text/markdown", buffer: text("# a poem") },
  ]);
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("a small square");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("1 file was not taken. Nothing on your disk was changed.");
  await expect(alert).toContainText("poem.md");
  await page.getByLabel("Caption of pair 1", { exact: true }).fill("");
  await expect(page.getByText("no caption", { exact: true })).toBeVisible();
  await page.getByLabel("Caption of pair 1", { exact: true }).fill("a small grey square");
  await page.getByLabel("Caption of pair 1", { exact: true }).blur();
  await page.reload();
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("a small grey square");
});

test("the backend is shown with its reason, and the address or a menu overrides it", async ({ page }) => {
  await page.goto("/?fake=fast,no-gpu");
  const computer = page.getByRole("region", { name: "This computer" });
  await expect(computer).toContainText("WebAssembly runs the model, because this browser gives pages no WebGPU.");
  await page.goto("/?fake=fast&backend=wasm");
  await expect(computer).toContainText("WebAssembly runs because you chose it.");
  await computer.getByLabel("Runs on").selectOption("the fastest");
  await expect(computer).toContainText("4.6 times as fast");
});

test("a setting out of its range says what was expected and keeps the run from starting", async ({ page }) => {
  await takeSamples(page, "fast");
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await page.getByText("Settings: Quick").click();
  const steps = page.getByLabel("Steps", { exact: true });
  await steps.fill("0");
  await expect(steps).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText("Must be 1 to 5,000.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Start SPIN 1" })).toBeDisabled();
  await steps.fill("4");
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible();
  await expect(page.locator(".facts div").filter({ hasText: "Steps" })).toHaveText("Steps4");
});

test("the theme follows the system until it is chosen, and stays chosen", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/?fake=fast");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(await ground()).toBe("rgb(20, 20, 20)");
  await page.getByRole("button", { name: "Theme: follow system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
  expect(await ground()).toBe("rgb(244, 244, 244)");
  await page.reload();
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
  expect(await ground()).toBe("rgb(244, 244, 244)");
});
