/** @file Unit tests, in Node: beside the code in src/, and the checks of the project itself in e2e/. */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { nodeGpu } from "./e2e/lavapipe.ts";

// Tests of the `node-webgpu` backend read the kind of adapter in SPIN_WEBGPU: lavapipe, swiftshader, hardware or none. The rest is
// for the processes that vitest starts: the system's linker reads it before any code of ours runs.
const gpu = nodeGpu();
Object.assign(process.env, gpu.env, { SPIN_WEBGPU: gpu.kind });

export default defineConfig({
  test: {
    // two files at once also where there are two cores: a file waits for its processes and its device half of the time
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "node",
          environment: "node",
          include: ["src/**/*.test.ts", "e2e/**/*.test.ts"],
          // Native runtimes are loaded once a file and never share a process with another test.
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
