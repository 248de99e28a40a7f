/** @file The same SPIN step on the page's backends as on `node`. On Node's two: e2e/step/step.test.ts. */
import { expect, test } from "@playwright/test";
import { times } from "../long.ts";
import { serveHarness } from "./harness.ts";
import { stepFiles } from "../step/files.ts";
import { reference, stepFaults } from "../step/judge.ts";
import type { StepReport } from "../step/step.ts";

const address = serveHarness();

for (const request of [
  { weights: "float32", cut: "whole", steps: times(100, 20) },
  { weights: "float16", cut: "whole", steps: 3 },
  { weights: "float32", cut: "block", steps: 2 },
] as const)
  test(`step with weights in ${request.weights}, cut ${request.cut}, ${request.steps} times`, async ({
    page,
  }, info) => {
    test.setTimeout(900_000);
    const backend = info.project.name === "webgpu" ? ("webgpu" as const) : ("wasm" as const);
    test.skip(backend === "webgpu" && info.project.metadata["gpu"] === "none", "no WebGPU adapter");
    await page.goto(address());
    await page.waitForFunction(() => "step" in globalThis);
    const answer = await page.evaluate((given) => globalThis.step(given), { ...request, backend });
    test.skip(answer === null, "no shader-f16");
    expect(answer).not.toHaveProperty("error");
    const report = answer as StepReport;
    info.annotations.push({
      type: "ledger",
      description: JSON.stringify([report.peak, report.predicted, report.kinds]),
    });
    expect(stepFaults(report, await reference(stepFiles(), request.weights), backend)).toEqual([]);
  });
