/** @file The page's two backends keep the contract in a real Chromium; the project's name says which one is asked. */
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";

let server: ViteDevServer;

test.beforeAll(async () => {
  const configFile = fileURLToPath(new URL("vite.config.ts", import.meta.url));
  server = await createServer({ configFile, logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
  await server.listen();
});
test.afterAll(() => server.close());

test("conformance", async ({ page }, info) => {
  const backend = info.project.name === "webgpu" ? ("webgpu" as const) : ("wasm" as const);
  test.skip(backend === "webgpu" && info.project.metadata["gpu"] === "none", "no WebGPU adapter");
  await page.goto(server.resolvedUrls?.local[0] as string);
  await page.waitForFunction(() => "conform" in globalThis);
  const { description, results, leftover } = await page.evaluate((name) => globalThis.conform(name), backend);
  info.annotations.push({ type: "backend", description });
  for (const { name, outcome } of results) expect.soft(outcome, name).toMatch(/^(passed|skipped.*)$/);
  expect(results.length).toBeGreaterThan(15);
  expect(leftover, "live bytes after dispose").toBe(0);
});
