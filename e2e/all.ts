/**
 * @file `npm test`: every check one after the other, whatever the earlier ones say, and the sum on the last line.
 * `npm test -- lint unit` runs only those; `npm test -- --long` repeats at length what needs patience (long.ts).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type NodeGpu, browserGpu, nodeGpu } from "./lavapipe.ts";

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** looks at what was built */
  readonly ofBuild?: boolean;
  /** Reads the tool's own report; a check without one counts as one test. */
  readonly count?: () => Count;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = mkdtempSync(path.join(os.tmpdir(), "spin-test-"));
const report = (name: string) => path.join(reports, `${name}.json`);
const read = (name: string): unknown => JSON.parse(readFileSync(report(name), "utf8"));

function countVitest(): Count {
  const { testResults } = read("unit") as {
    testResults: { status: string; assertionResults: { status: string }[] }[];
  };
  const all = testResults.flatMap((file) => file.assertionResults);
  const number = (status: string) => all.filter((one) => one.status === status).length;
  // a file that cannot even be imported fails without a single test in it
  const broken = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((one) => one.status === "failed"),
  ).length;
  const [passed, failed] = [number("passed"), number("failed")];
  return { passed, failed: failed + broken, skipped: all.length - passed - failed };
}

function countPlaywright(name: string): Count {
  const { stats, errors } = read(name) as {
    stats: { expected: number; unexpected: number; flaky: number; skipped: number };
    errors: unknown[];
  };
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + (stats.unexpected > 0 ? 0 : errors.length),
    skipped: stats.skipped,
  };
}

const playwright = (name: string, ...which: readonly string[]): Check => ({
  name,
  command: ["playwright", "test", "--reporter=line,json", ...which],
  env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report(name) },
  ofBuild: true,
  count: () => countPlaywright(name),
});

const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { scripts: { lint: string } };

const checks: readonly Check[] = [
  { name: "format", command: ["biome", "format", "."] },
  { name: "types", command: ["tsc", "-b"] },
  { name: "lint", command: scripts.lint.split(" ") },
  {
    name: "unit",
    command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report("unit")}`],
    count: countVitest,
  },
  { name: "build", command: ["vite", "build"] },
  playwright("screens", "--project=screens", "--workers=2"),
  playwright("page", "--project=wasm", "--project=webgpu"),
];

/** A tool that fails without a failed test, or leaves no report, counts as one failure. */
function run(
  { name, command: [tool = "", ...args], env, count }: Check,
  more: Readonly<Record<string, string>>,
): Count {
  process.stdout.write(`\n== ${name}: ${[tool, ...args].join(" ")}\n`);
  const { status, error } = spawnSync(path.join(root, "node_modules", ".bin", tool), args, {
    cwd: root,
    env: { ...process.env, ...env, ...more },
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
    timeout: 60 * 60_000,
  });
  if (error) process.stdout.write(`${name}: ${error.message}\n`);
  let counted: Count = { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  try {
    counted = count?.() ?? counted;
  } catch {
    counted = { passed: 0, failed: 1, skipped: 0 };
  }
  return status !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}

function describe(where: string, find: () => NodeGpu): void {
  try {
    const { kind, reason } = find();
    process.stdout.write(`WebGPU in ${where}: ${kind}${reason ? ` (${reason})` : ""}\n`);
  } catch (error) {
    process.stdout.write(`WebGPU in ${where}: none (${(error as Error).message})\n`);
  }
}

const given = process.argv.slice(2);
const wanted = given.filter((word) => word !== "--long");
if (wanted.length < given.length) process.env["SPIN_LONG"] = "1";
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no check ${unknown.join(", ")}: ${checks.map((check) => check.name).join(", ")}.\n`);
  process.exit(2);
}

describe("Node", nodeGpu);
describe("Chromium", browserGpu);
const rows: (Count & { name: string; seconds: number })[] = [];
for (const check of checks.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const began = performance.now();
  const built = rows.find((row) => row.name === "build");
  // an old build says nothing about this source: without a new one, its pages have failed
  const result = check.ofBuild && built?.failed ? { passed: 0, failed: 1, skipped: 0 } : null;
  const counted = result ?? run(check, built ? { SPIN_BUILT: "1" } : {});
  rows.push({ name: check.name, seconds: (performance.now() - began) / 1000, ...counted });
}
rmSync(reports, { recursive: true, force: true });

const sum = (key: keyof Count) => rows.reduce((total, row) => total + row[key], 0);
process.stdout.write("\n");
for (const { name, passed, failed, skipped, seconds } of rows)
  process.stdout.write(
    `${name.padEnd(8)} ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""} in ${seconds.toFixed(1)} s\n`,
  );
process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
