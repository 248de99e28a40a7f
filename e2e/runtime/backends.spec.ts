/**
 * @file The page's two backends keep the contract in a real Chromium, and every operator on them; the project's name says which
 * one is asked.
 */
import { expect, test } from "@playwright/test";
import { serveHarness } from "./harness.ts";

const address = serveHarness();

const lists = [
  { list: "contract", least: 15 },
  { list: "operators", least: 140 },
] as const;

for (const { list, least } of lists)
  test(list, async ({ page }, info) => {
    // the first time, lavapipe compiles an attention kernel of wide heads for half a minute
    test.setTimeout(900_000);
    const backend = info.project.name === "webgpu" ? ("webgpu" as const) : ("wasm" as const);
    test.skip(backend === "webgpu" && info.project.metadata["gpu"] === "none", "no WebGPU adapter");
    await page.goto(address());
    await page.waitForFunction(() => "conform" in globalThis);
    const { description, results, leftover } = await page.evaluate((request) => globalThis.conform(request), {
      backend,
      list,
    });
    info.annotations.push({ type: "backend", description });
    for (const { name, outcome } of results) expect.soft(outcome, name).toMatch(/^(passed|skipped.*)$/);
    expect(results.length).toBeGreaterThan(least);
    expect(leftover, "live bytes after dispose").toBe(0);
  });
