/** @file Every state of every screen for axe, in both themes, wide and narrow; and what a person asks of the system: colours, contrast, stillness. */
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { decode } from "fast-png";
import type { PageState } from "./made-project.ts";
import { expect, test } from "./origin.ts";
import { faults, NARROW, type Size, small, WIDE } from "./sound.ts";
import { STATES } from "./states.ts";

// many short ones: recording each costs more than it tells
test.use({ trace: "off" });
const stateOf = (name: string): PageState => STATES.find((state) => state.name === name) as PageState;
for (const { name, narrow, open } of STATES)
  test(`${name}: clean for axe in both themes, fits a narrow window, and can be touched there`, async ({ page }) => {
    await page.setViewportSize({ width: WIDE[0], height: WIDE[1] });
    await open(page, "fast");
    const touched = async (size: Size) => (size === NARROW ? small(page, name) : []);
    expect(await faults(page, name, narrow ? [NARROW] : [WIDE, NARROW], touched)).toEqual([]);
  });

/** The share of a picture's pixels that are unlike its corner. */
async function inked(what: Locator): Promise<number> {
  const { data, channels } = decode(await what.screenshot());
  let count = 0;
  for (let at = 0; at < data.length; at += channels)
    if ([0, 1, 2].some((k) => Math.abs((data[at + k] ?? 0) - (data[k] ?? 0)) > 60)) count++;
  return (count * channels) / data.length;
}

/** The state in a page of its own, in the person's own colours. */
async function forced(context: BrowserContext, name: string, colorScheme: "light" | "dark"): Promise<Page> {
  const page = await context.newPage();
  await page.emulateMedia({ forcedColors: "active", colorScheme, reducedMotion: "reduce" });
  await stateOf(name).open(page, "fast");
  return page;
}

type Painted = "backgroundColor" | "outlineColor" | "color";

/** Is it another colour than the ground's? */
const seen = (what: Locator, property: Painted, pseudo?: string): Promise<boolean> =>
  what.evaluate(
    (element, [name, part]) => {
      const ground = getComputedStyle(document.documentElement).backgroundColor;
      return getComputedStyle(element, part)[name] !== ground;
    },
    [property, pseudo] as const,
  );

for (const scheme of ["light", "dark"] as const)
  test(`forced colours, ${scheme}: what is chosen, how far it is, the sides, the focus and the charts are seen`, async ({
    context,
  }) => {
    const run = await forced(context, "iterate-running", scheme);
    expect(await seen(run.locator(".steps [aria-current]"), "backgroundColor", "::after")).toBe(true);
    expect(await seen(run.locator(".stages li.on .progress > i"), "backgroundColor")).toBe(true);
    await expect(run.locator(".stages .progress").last()).toHaveCSS("outline-style", "solid");
    const [disc, ring] = [await inked(run.locator(".node.is .dot")), await inked(run.locator(".node.was .dot"))];
    expect(ring).toBeGreaterThan(0.2);
    expect(disc).toBeGreaterThan(ring + 0.1);
    expect(await inked(run.locator(".charts .plot").first())).toBeGreaterThan(0.004);
    const frame = run.locator('.strip [aria-pressed="true"] .picture');
    expect(await seen(frame, "outlineColor")).toBe(true);
    await expect(frame).toHaveCSS("outline-style", "solid");
    const pause = run.getByRole("button", { name: /^Pause/ });
    await run.keyboard.press("Tab");
    await pause.focus();
    await expect(pause).toHaveCSS("outline-style", "solid");
    expect(await seen(pause, "outlineColor")).toBe(true);

    const settings = await forced(context, "iterate-settings", scheme);
    const choice = settings.locator(".choice").first();
    const [chosen, other] = await Promise.all(
      ["true", "false"].map((pressed) =>
        choice
          .locator(`[aria-pressed="${pressed}"]`)
          .first()
          .evaluate((each) => getComputedStyle(each).backgroundColor),
      ),
    );
    expect(chosen).not.toBe(other);
    expect(await seen(choice.locator('[aria-pressed="true"]'), "backgroundColor")).toBe(true);

    const grid = await forced(context, "compare-grid", scheme);
    for (const side of ["left", "right"])
      await expect(grid.locator(`thead .is-${side}`)).toHaveCSS("box-shadow", /inset/);
    const viewer = await forced(context, "compare-slider", scheme);
    expect(await inked(viewer.locator(".handle svg"))).toBeGreaterThan(0.2);

    const vote = await forced(context, "vote-counted", scheme);
    expect(await inked(vote.locator(".interval"))).toBeGreaterThan(0.02);
    const report = await forced(context, "report-done", scheme);
    for (const chart of await report.locator("svg.plate").all()) expect(await inked(chart)).toBeGreaterThan(0.01);
  });

/** WCAG's contrast of a token to the ground. */
const contrast = (page: Page, token: string): Promise<number> =>
  page.evaluate((name) => {
    const luminance = (colour: string): number => {
      document.body.style.color = colour;
      const rgb = getComputedStyle(document.body).color.match(/[\d.]+/g) ?? [];
      const [r = 0, g = 0, b = 0] = rgb.map((value) => {
        const share = Number(value) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [one, other] = [luminance(`var(--${name})`), luminance("var(--ground)")];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }, token);

test("whoever wants more contrast gets 7 to 1 for words and both sides, and lines that count", async ({ page }) => {
  await page.goto("/?fake=fast");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, contrast: "no-preference" });
    expect(await contrast(page, "ink-3")).toBeLessThan(7);
    await page.emulateMedia({ colorScheme, contrast: "more" });
    for (const token of ["ink", "ink-2", "ink-3", "line-strong", "player", "opponent", "alarm"])
      expect(await contrast(page, token), `${token}, ${colorScheme}`).toBeGreaterThan(7);
    expect(await contrast(page, "line")).toBeGreaterThan(3);
  }
});

test("whoever wants less motion gets none: the stripes of a picture that is drawn stand still", async ({ page }) => {
  const moving = () =>
    page.evaluate(() => document.getAnimations().filter((each) => each.playState === "running").length);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await stateOf("iterate-generating").open(page, "fast");
  expect(await moving()).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await expect.poll(moving).toBe(0);
});
