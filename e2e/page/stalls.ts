/**
 * @file How long the main thread of the page is busy while pocket trains: `tsx e2e/page/stalls.ts [wasm|webgpu]`. The served page,
 * an iteration of the preset for a newcomer, a person who goes from screen to screen meanwhile. Prints how many tasks took
 * more than 50 ms (the browser's own long tasks), their 99th percentile and the longest, in milliseconds, and how late a timer was.
 */
import { chromium } from "@playwright/test";
import { preview } from "vite";
import { quantile } from "../../src/lib/statistics.ts";
import { browserGpu } from "../lavapipe.ts";

interface Watch {
  readonly since: number;
  readonly tasks: number[];
  readonly late: number[];
}

const TICK = 10;
const backend = process.argv.includes("webgpu") ? "webgpu" : "wasm";
const gpu = browserGpu();
const server = await preview({ preview: { host: "127.0.0.1", port: 0 } });
const browser = await chromium.launch({
  executablePath: gpu.executablePath,
  args: [...gpu.args],
  env: { ...(process.env as Record<string, string>), ...gpu.env },
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(600_000);
  await page.goto(`${server.resolvedUrls?.local[0]}?backend=${backend}`);
  await page.getByRole("button", { name: "Try it with the built-in pocket model" }).click();
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await page
    .getByText(/^Step \d+ of/)
    .first()
    .waitFor();
  await page.evaluate((tick) => {
    const watch: Watch = { since: performance.now(), tasks: [], late: [] };
    new PerformanceObserver((list) => watch.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: "longtask",
    });
    let due = performance.now() + tick;
    setInterval(() => {
      watch.late.push(Math.max(0, performance.now() - due));
      due = performance.now() + tick;
    }, tick);
    Object.assign(globalThis, { watch });
  }, TICK);
  const done = page.getByRole("button", { name: "Start SPIN 2" });
  const screens = ["Compare", "Report", "Pairs", "Iterate"];
  for (let turn = 0; !(await done.isVisible()); turn++) {
    await page
      .getByRole("link", { name: new RegExp(`^${screens[turn % screens.length]}`) })
      .first()
      .click();
    await page.waitForTimeout(1500);
  }
  const { tasks, late, seconds } = await page.evaluate(() => {
    const { watch } = globalThis as unknown as { watch: Watch };
    return { ...watch, seconds: (performance.now() - watch.since) / 1000 };
  });
  const of = (values: readonly number[], q: number): number =>
    values.length === 0 ? 0 : Math.round(quantile(Float64Array.from(values).sort(), q));
  console.log(
    JSON.stringify({
      backend,
      seconds: Math.round(seconds),
      longTasks: { count: tasks.length, p99: of(tasks, 0.99), longest: of(tasks, 1) },
      timerLate: { median: of(late, 0.5), p99: of(late, 0.99), longest: of(late, 1) },
    }),
  );
} finally {
  await browser.close();
  await server.close();
}
