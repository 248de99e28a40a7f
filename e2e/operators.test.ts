/** @file The operators on the two backends of Node, and the table that says where each is tested. The page's two: e2e/runtime. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backends, tested } from "../src/graph/coverage.ts";
import { opNames } from "../src/graph/ops.ts";
import type { Backend } from "../src/runtime/backend.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { nodeWebgpuBackend } from "../src/runtime/node-webgpu.ts";
import { operatorChecks } from "./operators.ts";

test("the table of what is tested is what the checks do", () => {
  const done = opNames.map((op) => {
    const own = operatorChecks.filter((check) => check.op === op);
    return [op, backends.filter((name) => own.some(({ on }) => on.includes(name)))];
  });
  expect(tested).toEqual(Object.fromEntries(done));
});

const adapter = process.env["SPIN_WEBGPU"] ?? "none";
const places = [
  { name: "node", start: async () => nodeBackend(), missing: null },
  { name: "node-webgpu", start: nodeWebgpuBackend, missing: adapter === "none" ? "no WebGPU adapter" : null },
] as const;

for (const { name, start, missing } of places)
  describe.skipIf(missing !== null)(missing ? `${name}: skipped, ${missing}` : name, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.dispose());
    for (const check of operatorChecks.filter(({ on }) => on.includes(name))) {
      // SwiftShader has no shader-f16
      const skipped = check.float16 && name === "node-webgpu" && adapter === "swiftshader";
      // the first time, lavapipe compiles an attention kernel of wide heads for half a minute
      test.skipIf(skipped)(check.name, () => check.run(backend), 300_000);
    }
  });
