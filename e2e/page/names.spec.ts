/**
 * @file What every screen calls its parts, state by state: the roles and names by which the page can be used without seeing it.
 * They are part of the page's contract: whoever drives it from outside finds things by them.
 */
import type { Page } from "@playwright/test";
import { encode } from "fast-png";
import { button, visit } from "./made-project.ts";
import { PARTS, type Role } from "./names.ts";
import { expect, test } from "./origin.ts";
import { upload } from "./pair-files.ts";
import { STATES } from "./states.ts";

/** Large pictures of one grey each: quick to make, slow to read. */
async function loading(page: Page): Promise<void> {
  await visit(page, "pairs", "fast");
  await button(page, "Use the 48 sample pairs").waitFor();
  const [width, height] = [1200, 1200];
  const grey = (shade: number) =>
    encode({ width, height, data: new Uint8Array(width * height).fill(shade), channels: 1 });
  const files = Array.from({ length: 120 }, (_, shade) => upload(`${shade}.png`, grey(shade)));
  await page.getByLabel("Choose pictures and captions").setInputFiles(files);
}

for (const [state, parts] of Object.entries(PARTS))
  test(`${state}: every part has its name`, async ({ page }) => {
    const open = state === "pairs-loading" ? loading : STATES.find(({ name }) => name === state)?.open;
    expect(open, state).toBeDefined();
    await open?.(page, "fast");
    for (const [role, name] of parts) {
      const exact = typeof name === "string";
      const part = role === "text" ? page.getByText(name, { exact }) : page.getByRole(role, { name, exact });
      // an alert, a status, a list item and a term have no name: their words are it
      const worded = ["alert", "status", "listitem", "term", "timer"].includes(role);
      const wanted = worded ? page.getByRole(role as Role).filter({ hasText: name }) : part;
      await expect.soft(wanted.first(), `${state}: ${role} ${String(name)}`).toBeVisible();
    }
  });

test("the screens are where their addresses say", async ({ page }) => {
  await page.goto("/?fake=fast");
  const headings = {
    start: "A picture model that gets better by playing against its earlier self.",
    pairs: "Pairs",
    iterate: "SPIN 1",
    compare: "Compare",
    vote: "Nothing to vote on yet",
    report: "No report yet",
  };
  for (const [screen, name] of Object.entries(headings)) {
    await page.goto(`/?fake=fast#${screen}`);
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  }
});
