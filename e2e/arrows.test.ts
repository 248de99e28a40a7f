/** @file The gate of the imports is shut: faults planted in a copy of the configuration are found, each by the rule meant for it. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrows, brokenArrows, lintConfig } from "./arrows.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let copy = "";

/** file -> [text, rules that must object, in order] */
const planted: Record<string, readonly [string, readonly string[]]> = {
  "src/lib/up.ts": ['export { a } from "../graph/a.ts";', ["no-restricted-imports"]],
  "src/graph/index.ts": ['export * from "./a.ts";', ["no-barrel-file"]],
  "src/graph/a.ts": ["export const a = 1;", []],
  "src/graph/up.ts": ['import { t } from "../spin/type.ts";\nexport const u = t;', ["no-restricted-imports"]],
  "src/spin/type.ts": ["export const t = 1;", []],
  "src/spin/odd.ts": ['import type { A } from "./.././graph/types.ts";\nexport type B = A;', ["no-restricted-imports"]],
  "src/spin/late.ts": ['export const late = () => import("../runtime/x.ts");', ["no-restricted-imports"]],
  "src/spin/deep/down.ts": ['import { n } from "../../diffusion/n.ts";\nexport const m = n;', []],
  "src/diffusion/n.ts": ["export const n = 1;", []],
  "src/models/runs.ts": [
    'import { env } from "onnxruntime-web/webgpu";\nexport const e = env;',
    ["no-restricted-imports"],
  ],
  "src/runtime/runs.ts": ['import { env } from "onnxruntime-web/webgpu";\nexport const e = env;', []],
  "src/studio/api.ts": ["export interface Api {}", []],
  "src/studio/client.ts": ["export const client = 1;", []],
  "src/app/fine.tsx": ['import type { Api } from "../studio/api.ts";\nexport type B = Api;', []],
  "src/app/reach.tsx": [
    'import { client } from "../studio/client.ts";\nexport const c = client;',
    ["no-restricted-imports"],
  ],
  "src/app/danger.tsx": [
    "export const D = ({ t }: { t: string }) => <p dangerouslySetInnerHTML={{ __html: t }} />;",
    ["no-danger"],
  ],
  "src/plan/one.ts": ['import { two } from "./two.ts";\nexport const one = (): number => two();', ["no-cycle"]],
  "src/plan/two.ts": ['import { one } from "./one.ts";\nexport const two = (): number => one();', ["no-cycle"]],
  "src/plan/long.ts": ["export const x = 1;\n" + "// long\n".repeat(400), ["max-lines"]],
  "src/graph/ops.ts": ["export const x = 1;\n" + "// a table\n".repeat(500), []],
  "src/storage/lost.ts": ["export async function f() {}\nexport function g() {\n  f();\n}", ["no-floating-promises"]],
  "src/pairs/whole.ts": ["const a = 1;\nexport default a;", ["no-default-export"]],
};

beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), "spin-arrows-"));
  for (const file of [".oxlintrc.json", "tsconfig.json", "package.json", "e2e/tsconfig.json"])
    cpSync(path.join(root, file), path.join(copy, file), { recursive: true });
  mkdirSync(path.join(copy, "src"));
  for (const name of ["base", "pure", "web", "node"])
    cpSync(path.join(root, `src/tsconfig.${name}.json`), path.join(copy, `src/tsconfig.${name}.json`));
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"), "dir");
  for (const [file, [text]] of Object.entries(planted)) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    writeFileSync(path.join(copy, file), `${text.trim()}\n`);
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** file -> the rules that objected */
function lint(): Map<string, string[]> {
  const command = readFileSync(path.join(root, "package.json"), "utf8");
  const script = (JSON.parse(command) as { scripts: { lint: string } }).scripts.lint;
  const [tool = "", ...flags] = script.split(" ").filter((word) => word !== "e2e");
  const run = () =>
    execFileSync(process.execPath, [path.join(root, "node_modules", ".bin", tool), ...flags, "-f", "json"], {
      cwd: copy,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  let text = "";
  try {
    text = run();
  } catch (error) {
    text = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(text) as { diagnostics: { code: string; filename: string }[] };
  const found = new Map<string, string[]>();
  for (const { code, filename } of diagnostics) {
    const file = filename.split(path.sep).join("/");
    found.set(file, [...(found.get(file) ?? []), code.replace(/^.*\((.*)\)$/, "$1")].toSorted());
  }
  return found;
}

test("the linter's committed configuration is the table's", () => {
  expect(JSON.parse(readFileSync(path.join(root, ".oxlintrc.json"), "utf8"))).toEqual(lintConfig());
});

test("every arrow points at a folder of the table, and down", () => {
  const order = Object.keys(arrows);
  for (const [folder, allowed] of Object.entries(arrows))
    for (const target of allowed) expect(order.indexOf(target.split("/")[0] ?? "")).toBeLessThan(order.indexOf(folder));
});

test("each planted fault is found, and nothing else", () => {
  const found = lint();
  for (const [file, [, rules]] of Object.entries(planted)) expect([file, found.get(file) ?? []]).toEqual([file, rules]);
});

test("paths that no import statement mentions are found too", () => {
  writeFileSync(path.join(copy, "src/lib/type.ts"), 'export type T = import("../graph/a.ts").A;\n');
  writeFileSync(path.join(copy, "src/lib/url.ts"), 'export const u = new URL("../app/fine.tsx", import.meta.url);\n');
  writeFileSync(path.join(copy, "src/lib/golden.ts"), 'import "../../e2e/golden.ts";\n');
  writeFileSync(path.join(copy, "src/lib/golden.test.ts"), 'import "../../e2e/golden.ts";\n');
  const broken = brokenArrows(copy);
  expect(broken.filter((line) => line.includes("golden"))).toEqual(["lib/golden.ts -> ../e2e/golden.ts"]);
  expect(broken).toContain("lib/type.ts -> graph/a.ts");
  expect(broken).toContain("lib/url.ts -> app/fine.tsx");
  expect(broken).toContain("app/reach.tsx -> studio/client.ts");
  expect(broken.filter((line) => /^(app\/fine|spin\/deep|runtime)/.test(line))).toEqual([]);
});

test("no arrow of this repository is broken", () => {
  expect(brokenArrows(root)).toEqual([]);
});
