/** @file The `node-webgpu` backend keeps the contract, where a Vulkan driver is named (VK_ICD_FILENAMES). */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Backend } from "./backend.ts";
import { checks, runCheck } from "./conformance.ts";
import { nodeWebgpuBackend } from "./node-webgpu.ts";

const driver = process.env["VK_ICD_FILENAMES"];
const programs = (name: string) => readFile(new URL(`../../e2e/goldens/runtime/${name}.onnx`, import.meta.url));

describe.skipIf(!driver)(driver ? "on the GPU" : "skipped: set VK_ICD_FILENAMES to a Vulkan driver's json", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await nodeWebgpuBackend();
  });
  afterAll(() => backend.dispose());
  for (const check of checks) test(check.name, () => runCheck(check, backend, programs));
});
