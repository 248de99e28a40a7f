/** @file Who may write, between real tabs: Web Locks and a channel, as `src/studio/tabs.ts` promises them. */
import { fileURLToPath } from "node:url";
import { expect, test, type Page } from "@playwright/test";
import type { Tabs } from "../../src/studio/tabs.ts";
import { serveHarness } from "../runtime/harness.ts";

const address = serveHarness();

declare global {
  // biome-ignore lint/style/noVar: the way to declare a global
  var tabs: Tabs;
  // biome-ignore lint/style/noVar: the way to declare a global
  var heard: string[];
  /** how the work under the lock ended */
  // biome-ignore lint/style/noVar: the way to declare a global
  var ended: Promise<string>;
}

async function openTab(page: Page): Promise<void> {
  await page.goto(address());
  await page.evaluate(
    async (module) => {
      const { webTabs } = (await import(module)) as typeof import("../../src/studio/web-tabs.ts");
      globalThis.tabs = webTabs(navigator.locks, new BroadcastChannel("tabs"));
      globalThis.heard = [];
      tabs.listen((project) => heard.push(project));
    },
    `/@fs${fileURLToPath(new URL("../../src/studio/web-tabs.ts", import.meta.url))}`,
  );
}

/** Holds the name until it is stolen; says with what. */
const hold = (page: Page, how: "if free" | "steal") =>
  page.evaluate(
    (asked) =>
      new Promise<void>((held, refused) => {
        globalThis.ended = tabs.alone("p", asked, (lost) => {
          held();
          return new Promise((end) =>
            lost.addEventListener("abort", () => end((lost.reason as { code: string }).code)),
          );
        });
        ended.catch(refused);
      }),
    how,
  );
const attempt = (page: Page) =>
  page.evaluate(() => tabs.alone("p", "if free", async () => "written").catch((error: { code: string }) => error.code));

test("a tab knows whether it is alone, from when it comes until the others are gone, however they went", async ({
  context,
}) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const page of [first, second]) await openTab(page);
  const shared = (page: Page) => page.evaluate(() => tabs.shared("p"));
  await first.evaluate(() => tabs.stay("p"));
  expect(await shared(first)).toBe(false);
  await second.evaluate(() => Promise.all([tabs.stay("q"), tabs.stay("p")]));
  expect([await shared(first), await shared(second)]).toEqual([true, true]);
  expect(await second.evaluate(() => tabs.shared("q"))).toBe(false);
  await second.close();
  await expect.poll(() => shared(first)).toBe(false);
});

test("one tab writes, another is refused, takes over, and leaves the name free when it dies", async ({ context }) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  await openTab(first);
  await openTab(second);
  await hold(first, "if free");
  expect(await second.evaluate(() => tabs.taken("p"))).toBe(true);
  expect(await second.evaluate(() => tabs.taken("q"))).toBe(false);
  expect(await attempt(second)).toBe("busy");
  await hold(second, "steal");
  expect(await first.evaluate(() => ended)).toBe("taken-over");
  expect(await attempt(first)).toBe("busy");
  await second.evaluate(() => tabs.announce("p"));
  await expect.poll(() => first.evaluate(() => heard)).toEqual(["p"]);
  expect(await second.evaluate(() => heard)).toEqual([]);
  await second.close();
  await expect.poll(() => attempt(first)).toBe("written");
  expect(await first.evaluate(() => tabs.taken("p"))).toBe(false);
});
