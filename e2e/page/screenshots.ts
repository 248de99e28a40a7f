/**
 * @file Pictures of every screen, in both themes, at three widths, on the engine that only pretends: to look at, not to compare.
 * `tsx e2e/page/screenshots.ts OUT [ADDRESS]`; without an address it serves the built page itself.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { chromium, type Page } from "@playwright/test";
import { preview } from "vite";
import { browserArgs, ensureChromium } from "../browser.ts";

const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
] as const;
const THEMES = ["light", "dark"] as const;

const [out = "screenshots", address] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const server = address === undefined ? await preview({ preview: { port: 0 } }) : null;
const base = address ?? server?.resolvedUrls?.local[0] ?? "";
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs() });

/** One picture in each size and theme of the page as it stands. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(150);
      await page.screenshot({ path: path.join(out, `${name}-${width}-${theme}.png`) });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

async function open(query: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && process.stderr.write(`${message.text()}\n`));
  page.on("pageerror", (error) => process.stderr.write(`${error.message}\n`));
  await page.goto(`${base}?fake=${query}`);
  return page;
}

/** Pauses, so that all the pictures show the same moment. */
async function halt(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Pause/ }).click();
  await page.getByRole("button", { name: /^Continue/ }).waitFor();
}

try {
  const page = await open("calm");
  const start = page.getByRole("button", { name: "Try it with the sample pairs" });
  await page.locator(".mosaic").waitFor();
  await shoot(page, "start");
  await page.goto(`${base}?fake=calm#pairs`);
  await page.waitForTimeout(400);
  await shoot(page, "pairs-empty");
  await page.goto(`${base}?fake=calm#start`);
  await start.click();
  await page.locator(".gallery").waitFor();
  await shoot(page, "pairs");
  await page.getByLabel("Caption of pair 3", { exact: true }).fill("");
  await shoot(page, "pairs-problem");
  await page.getByRole("button", { name: /^Use the 47/ }).click();
  await page.goto(`${base}?fake=calm#iterate`);
  await page.locator(".settings summary").click();
  await shoot(page, "iterate-ready");
  await page.getByLabel("Steps", { exact: true }).fill("0");
  await shoot(page, "iterate-fault");
  await page.getByLabel("Steps", { exact: true }).fill("60");
  await page.goto(`${base}?fake=calm#compare`);
  await shoot(page, "compare-empty");
  await page.goto(`${base}?fake=calm#iterate`);
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await page.getByText(/^Train [23]\d of 60$/).waitFor();
  await halt(page);
  await shoot(page, "iterate-paused");
  await page.getByRole("button", { name: /^Continue/ }).click();
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor();
  await page.waitForTimeout(1500);
  await shoot(page, "iterate-done");
  await page.getByRole("button", { name: "Show as table" }).click();
  await shoot(page, "iterate-table");
  await page.getByRole("button", { name: "Start SPIN 2" }).click();
  await page.getByRole("button", { name: "Start SPIN 3" }).waitFor();
  await page.waitForTimeout(1500);
  await page.goto(`${base}?fake=calm#compare`);
  await shoot(page, "compare");
  await page.getByRole("link", { name: "Open side by side" }).click();
  await page.locator(".handle").waitFor();
  await shoot(page, "viewer");
  await page.keyboard.press("m");
  await shoot(page, "viewer-beside");
  await page.goto(`${base}?fake=calm#start`);
  await page.reload();
  await page.getByText("Your project").waitFor();
  await page.waitForTimeout(300);
  await shoot(page, "start-returning");
  await page.context().close();

  const slow = await open("slow,fail,no-gpu");
  await slow.getByRole("button", { name: "Try it with the sample pairs" }).click();
  await slow.getByRole("button", { name: "Start SPIN 1" }).click();
  await slow.locator(".gallery canvas").nth(9).waitFor();
  await shoot(slow, "iterate-drawing");
  await slow.context().close();

  const lost = await open("fast,fail,no-gpu");
  await lost.getByRole("button", { name: "Try it with the sample pairs" }).click();
  await lost.getByRole("button", { name: "Start SPIN 1" }).click();
  await lost.getByRole("alert").waitFor();
  await shoot(lost, "iterate-lost");
  await lost.context().close();
} finally {
  await browser.close();
  await server?.close();
}
