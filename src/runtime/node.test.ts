/** @file The `node` backend keeps the contract. */
import { readFile } from "node:fs/promises";
import { afterAll, test } from "vitest";
import { checks } from "./conformance.ts";
import { runCheck } from "./conformance-bench.ts";
import { nodeBackend } from "./node.ts";

const backend = nodeBackend();
afterAll(() => backend.dispose());
const programs = (name: string) => readFile(new URL(`../../e2e/goldens/runtime/${name}.onnx`, import.meta.url));

for (const check of checks) test(check.name, () => runCheck(check, backend, programs));
