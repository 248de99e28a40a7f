/** @file What is wrong with a page as it stands, in both themes: axe's violations, and pixels that it is wider than its window. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { LONG } from "../long.ts";

export type Size = readonly [width: number, height: number];

export const WIDE: Size = [1440, 900];
export const NARROW: Size = [390, 844];
export const SIZES: readonly Size[] = [WIDE, [1024, 768], NARROW];

/**
 * A line for each fault, `state` and the window's width first: light in the first size, dark in the others; in a long run both in the first.
 * Leaves the page in the last size; `each` adds what else is looked at.
 */
export async function faults(
  page: Page,
  state: string,
  sizes: readonly Size[] = SIZES,
  each?: (size: Size) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [at, size] of sizes.entries()) {
    const [width, height] = size;
    await page.setViewportSize({ width, height });
    for (const colorScheme of at > 0
      ? (["dark"] as const)
      : LONG
        ? (["light", "dark"] as const)
        : (["light"] as const)) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze(); // no frames: no second page
      for (const { id, nodes } of violations) found.push(`${state} ${width} ${colorScheme}: ${id} ${nodes[0]?.html}`);
    }
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) found.push(`${state} ${width}: ${over} px too wide`);
    found.push(...((await each?.(size)) ?? []));
  }
  return found;
}

const TOUCH = 44;

/**
 * What is to be touched and is smaller than a fingertip; links within a sentence may be (WCAG 2.5.5), and the keys of the sheet, which
 * comes up only for who has a keyboard.
 */
export async function small(page: Page, state: string): Promise<readonly string[]> {
  const found = await page.evaluate((least) => {
    const modal = document.querySelector("dialog:modal, [popover]:popover-open");
    return [
      ...document.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary, [role=slider]"),
    ]
      .filter((element) => modal === null || modal.contains(element))
      .filter(
        (element) => element.checkVisibility({ visibilityProperty: true }) && element.closest("p, .keys") === null,
      )
      .flatMap((element) => {
        const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
        const fits = width === 0 || Math.min(width, height) > least - 0.5;
        return fits ? [] : [`${Math.round(width)} x ${Math.round(height)}: ${element.outerHTML.slice(0, 120)}`];
      });
  }, TOUCH);
  return found.map((words) => `${state}: ${words}`);
}
