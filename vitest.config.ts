/** @file Unit tests, in Node: beside the code in src/, and the checks of the project itself in e2e/. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          environment: "node",
          include: ["src/**/*.test.ts", "e2e/**/*.test.ts"],
          // Native runtimes are loaded once a file and never share a process with another test.
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
