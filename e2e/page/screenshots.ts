/**
 * @file Pictures of every screen and state, in both themes, at three widths, on the engine that only pretends: to look at, not to compare.
 * `tsx e2e/page/screenshots.ts [--out DIR] [--only PREFIX] [--width 1440] [--theme dark] [--base ADDRESS]`; without an address it serves the built page itself.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "@playwright/test";
import { preview } from "vite";
import { browserArgs, ensureChromium } from "../browser.ts";
import { NARROW, SIZES, WIDE } from "./sound.ts";
import type { PageState } from "./made-project.ts";
import { STATES } from "./states.ts";

/** What a person can ask of the system, shown where it changes most. */
const MODES = [
  ["forced", { forcedColors: "active" }],
  ["still", { reducedMotion: "reduce" }],
  ["contrast", { contrast: "more" }],
] as const;
const IN_MODES = [
  "pairs-problems",
  "iterate-running",
  "iterate-tree",
  "iterate-advanced",
  "compare-grid",
  "compare-slider",
  "vote-counted",
  "report-done",
];

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "test-results/screens" },
    only: { type: "string", default: "" },
    base: { type: "string" },
    width: { type: "string", multiple: true },
    theme: { type: "string", multiple: true },
  },
});

const themes = (["light", "dark"] as const).filter((theme) => values.theme?.includes(theme) ?? true);

async function shoot(page: Page, name: string): Promise<void> {
  // two frames: the charts are drawn after the layout is known
  await page.evaluate(() => scrollTo(0, 0));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.waitForTimeout(80);
  await page.screenshot({ path: path.join(values.out, `${name}.png`) });
}

async function shootAll(browser: Browser, base: string, state: PageState): Promise<void> {
  const context = await browser.newContext({ viewport: { width: WIDE[0], height: WIDE[1] }, baseURL: base });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => process.stderr.write(`${state.name}: ${error.message}\n`));
  try {
    await state.open(page, "calm");
    await page.mouse.move(0, 0);
    for (const [width, height] of state.narrow ? [NARROW] : SIZES) {
      await page.setViewportSize({ width, height });
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme });
        await shoot(page, `${state.name}-${width}-${colorScheme}`);
      }
    }
    if (!IN_MODES.includes(state.name) || values.width?.includes(String(WIDE[0])) === false) return;
    await page.setViewportSize({ width: WIDE[0], height: WIDE[1] });
    for (const [mode, media] of MODES)
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme, forcedColors: null, reducedMotion: null, contrast: null, ...media });
        await shoot(page, `${state.name}-${mode}-${colorScheme}`);
      }
  } catch (error) {
    process.stderr.write(`${state.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await context.close();
  }
}

mkdirSync(values.out, { recursive: true });
const server = values.base === undefined ? await preview({ preview: { port: 0 }, logLevel: "error" }) : null;
const base = values.base ?? server?.resolvedUrls?.local[0] ?? "";
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs() });
try {
  const wanted = STATES.filter(({ name }) => name.startsWith(values.only));
  for (const state of wanted) await shootAll(browser, base, state);
  process.stdout.write(`${wanted.length} states in ${path.resolve(values.out)}\n`);
} finally {
  await browser.close();
  await server?.close();
}
