/** @file What `studio verify` shows for Node's backends, for the page's: l(0), repeats, the gradient and the logit's noise against float64. */
import { expect, test } from "@playwright/test";
import { serveHarness } from "./harness.ts";

const address = serveHarness();

test("verify: every check holds, and the logit's noise at beta 5000 is below 0.01", async ({ page }, info) => {
  test.setTimeout(900_000);
  const backend = info.project.name === "webgpu" ? ("webgpu" as const) : ("wasm" as const);
  test.skip(backend === "webgpu" && info.project.metadata["gpu"] === "none", "no WebGPU adapter");
  await page.goto(address());
  await page.waitForFunction(() => "verify" in globalThis);
  const verdicts = await page.evaluate((name) => globalThis.verify(name), backend);
  if ("error" in verdicts) throw new Error(verdicts.error);
  for (const { name, measured, allowed } of verdicts) console.log(`${backend}: ${name} ${measured} (${allowed})`);
  expect(verdicts.filter(({ ok }) => !ok)).toEqual([]);
  expect(verdicts.find(({ name }) => /noise/.test(name))?.allowed).toBe(0.01);
});
