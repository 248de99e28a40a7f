/**
 * @file How long the main thread of the served page is busy: `tsx e2e/page/stalls.ts [wasm|webgpu]`. Prints for each scene its seconds,
 * how many tasks took more than 50 ms, by the clock and by the processor alone, their 99th percentile and the longest, in
 * milliseconds, and the machine's load. Ends with what the page says where it shows a problem.
 */
import os from "node:os";
import { chromium } from "@playwright/test";
import { preview } from "vite";
import { browserGpu } from "../lavapipe.ts";
import { longTasks } from "./long-tasks.ts";
import { scenes, seen } from "./stall-scenes.ts";

/** For one thing that is waited for: an adapter in software compiles its kernels for minutes. */
const PATIENCE_MS = 600_000;
const backend = process.argv.includes("webgpu") ? "webgpu" : "wasm";
const gpu = browserGpu();
const server = await preview({ preview: { host: "127.0.0.1", port: 0 } });
const browser = await chromium.launch({
  executablePath: gpu.executablePath,
  args: [...gpu.args],
  env: { ...(process.env as Record<string, string>), ...gpu.env },
});
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  for (const { name, address, before, act } of scenes(backend)) {
    const page = await context.newPage();
    await page.goto(`${server.resolvedUrls?.local[0]}${address}`);
    await seen(page, page.getByText(/^Pocket, /));
    await before?.(page);
    const start = performance.now();
    const tasks = await longTasks(browser, page, () => act(page));
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(JSON.stringify({ scene: name, backend, seconds, load: os.loadavg()[0]?.toFixed(1), ...tasks }));
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
