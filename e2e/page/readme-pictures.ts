/**
 * @file The README's pictures of the page, on Pocket itself through WebAssembly: two iterations from the sample pairs, then Compare, the
 * report, and two pictures with their scores. `tsx e2e/page/readme-pictures.ts [--out DIR] [--fake]`: minutes on an idle machine, half an
 * hour on a busy one; `--fake` only tries the way.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { preview } from "vite";
import { browserArgs, ensureChromium } from "../browser.ts";
import { WIDE } from "./sound.ts";

const MINUTES = 60_000;

const { values } = parseArgs({
  options: { out: { type: "string", default: "docs" }, fake: { type: "boolean", default: false } },
});
const server = await preview({ preview: { port: 0 }, logLevel: "error" });
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs() });
try {
  const page = await browser.newPage({ viewport: { width: WIDE[0], height: WIDE[1] }, colorScheme: "light" });
  page.setDefaultTimeout(30 * MINUTES);
  const shoot = async (name: string): Promise<void> => {
    await page.mouse.move(0, 0);
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(1000);
    await page.screenshot({ path: path.join(values.out, `${name}.jpg`), type: "jpeg", quality: 85 });
    process.stdout.write(`${name}\n`);
  };
  const press = (name: string | RegExp) => page.getByRole("button", { name }).first().click();

  await page.goto(`${server.resolvedUrls?.local[0] ?? ""}?${values.fake ? "fake=fast" : "backend=wasm"}`);
  await press(/^Try it with/);
  await press("Start SPIN 1");
  await press("Start SPIN 2");
  await page.locator(".strip canvas").nth(4).waitFor();
  await shoot("iterate");
  await page.getByRole("button", { name: "Start SPIN 3" }).waitFor();
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  await page.locator(".sheetgrid td canvas").nth(11).waitFor();
  await shoot("compare");
  await page.getByRole("link", { name: "Report", exact: true }).click();
  await press(/^Score 3 models/);
  await page.getByText("More prompts give narrower intervals.").waitFor();
  await shoot("report");
  await page.evaluate(() => location.assign("#compare/0/0-2"));
  await page.getByRole("list", { name: "Scores of these two pictures" }).waitFor();
  await page.locator(".film canvas").nth(2).waitFor();
  await shoot("viewer");
} finally {
  await browser.close();
  await server.close();
}
