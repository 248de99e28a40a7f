/**
 * @file The built page in a real Chromium. What runs models does so once for each backend that a page can have: a spec reads it from
 * the project's name, `test.info().project.name`; the kind of adapter stands in `test.info().project.metadata.gpu`. The other
 * pages, in the project `screens`, have an engine that only pretends, or one thread, so that two browsers may run at once.
 */
import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";
import { browserArgs, ensureChromium } from "./e2e/browser.ts";
import { browserGpu } from "./e2e/lavapipe.ts";

/** One free port for the whole run: the processes that load this file after the first inherit it. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Specs of the page whose engine wants the whole machine. */
const REAL = /page\/(loss|pocket|real)\.spec\.ts$/;
const SCREENS = /page\/(?!loss|pocket|real)[^/]*\.spec\.ts$/;
const MODELS = [REAL, /runtime\/.*\.spec\.ts$/, /serve\.spec\.ts$/];

process.env["SPIN_PORT"] ||= String(await freePort());
process.env["SPIN_CHROMIUM"] ||= ensureChromium();
const baseURL = `http://127.0.0.1:${process.env["SPIN_PORT"]}`;
const gpu = browserGpu();

// npm test has just built it; by hand, `npx playwright test` must not test yesterday's page
const serve = `vite preview --host 127.0.0.1 --port ${process.env["SPIN_PORT"]} --strictPort`;
const command = process.env["SPIN_BUILT"] ? `npx ${serve}` : `npx vite build && npx ${serve}`;

export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results",
  // One browser at a time: a training page uses every core. `screens` may have more: --workers 2
  workers: 1,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  forbidOnly: Boolean(process.env["CI"]),
  reporter: "line",
  use: { baseURL, trace: "retain-on-failure" },
  webServer: { command, url: baseURL, timeout: 120_000, reuseExistingServer: false },
  projects: [
    {
      name: "screens",
      testMatch: SCREENS,
      fullyParallel: true,
      use: { launchOptions: { executablePath: process.env["SPIN_CHROMIUM"], args: browserArgs() } },
    },
    {
      name: "wasm",
      testMatch: MODELS,
      use: { launchOptions: { executablePath: process.env["SPIN_CHROMIUM"], args: browserArgs() } },
    },
    {
      name: "webgpu",
      testMatch: MODELS,
      metadata: { gpu: gpu.kind },
      use: {
        launchOptions: {
          executablePath: gpu.executablePath,
          args: [...gpu.args],
          env: { ...(process.env as Record<string, string>), ...gpu.env },
        },
      },
    },
  ],
});
