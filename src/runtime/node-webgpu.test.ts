/** @file The `node-webgpu` backend keeps the contract, where there is an adapter: SPIN_WEBGPU says of which kind. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Backend } from "./backend.ts";
import { checks } from "./conformance.ts";
import { runCheck } from "./conformance-bench.ts";
import { nodeWebgpuBackend } from "./node-webgpu.ts";

const adapter = process.env["SPIN_WEBGPU"] ?? "none";
const programs = (name: string) => readFile(new URL(`../../e2e/goldens/runtime/${name}.onnx`, import.meta.url));

describe.skipIf(adapter === "none")(adapter === "none" ? "skipped: no WebGPU adapter" : `on ${adapter}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await nodeWebgpuBackend();
  });
  afterAll(() => backend.dispose());
  for (const check of checks) {
    // SwiftShader has no shader-f16.
    const skipped = check.float16 === true && adapter === "swiftshader";
    test.skipIf(skipped)(check.name, () => runCheck(check, backend, programs));
  }
});
