/** @file The same SPIN step on Node's two backends. On the page's: e2e/runtime/step.spec.ts. */
import { describe, expect, test } from "vitest";
import { nodeBackend } from "../../src/runtime/node.ts";
import { nodeWebgpuBackend } from "../../src/runtime/node-webgpu.ts";
import { times } from "../long.ts";
import { stepFiles } from "./files.ts";
import { reference, stepFaults } from "./judge.ts";
import { stepOn } from "./step.ts";

const adapter = process.env["SPIN_WEBGPU"] ?? "none";
const places = [
  { name: "node", start: async () => nodeBackend(), missing: false },
  { name: "node-webgpu", start: nodeWebgpuBackend, missing: adapter === "none" },
] as const;
const files = stepFiles();

describe.each(places)("the step on $name", ({ name, start, missing }) => {
  test.skipIf(missing).for([
    { weights: "float32", cut: "whole", steps: times(100, 20) },
    { weights: "float16", cut: "whole", steps: 2 },
    { weights: "float32", cut: "block", steps: 2 },
    { weights: "float16", cut: "stage", steps: 2 },
  ] as const)("weights in $weights, cut $cut, $steps times", { timeout: 300_000 }, async (request, { skip }) => {
    const half = request.weights === "float16";
    skip(half && name === "node-webgpu" && adapter === "swiftshader", "SwiftShader has no shader-f16");
    const backend = await start();
    const report = await stepOn(backend, files, request);
    await backend.dispose();
    expect(stepFaults(report, await reference(files, request.weights), name)).toEqual([]);
  });
});

test("a fault is found", async () => {
  const node = await reference(files, "float32");
  const [first, ...rest] = node.errors as [number, ...number[]];
  const [name, gradient] = Object.entries(node.gradients)[0] as [string, number[]];
  const faults = (change: Partial<typeof node>) => stepFaults({ ...node, ...change }, node, "node");
  expect(faults({})).toEqual([]);
  expect(faults({ errors: [first * 1.0001, ...rest] })[0]).toMatch(/^error 0 is/);
  expect(faults({ gradients: { ...node.gradients, [name]: gradient.map((g) => g * 1.01) } })[0]).toMatch(`${name}: 10`);
  expect(faults({ different: 1 })).toEqual(["1 repetitions had other bits"]);
  expect(faults({ live: [1, 2] })[0]).toMatch(/changed between steps/);
  expect(faults({ peak: node.peak * 1.2 })[0]).toMatch(/were predicted$/);
});
