/**
 * @file Who may import whom: the one table of the folders' arrows, and the linter's configuration made from it.
 * `tsx e2e/arrows.ts` rewrites .oxlintrc.json. The linter sees import and export statements; `brokenArrows` also sees what it
 * cannot: `import("…").Type` and `new URL("…", import.meta.url)`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** What a use case is made of. */
const parts = [
  "lib",
  "graph",
  "models",
  "plan",
  "diffusion",
  "spin",
  "pairs",
  "pocket",
  "artifacts",
  "runtime",
  "storage",
  "hub",
];

/** folder -> what it may import, besides itself: other folders, or single files of them. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  graph: ["lib"],
  models: ["lib", "graph"],
  plan: ["lib", "graph", "models"],
  diffusion: ["lib"],
  spin: ["lib", "diffusion"],
  pairs: ["lib"],
  pocket: ["lib"],
  artifacts: ["lib", "graph", "models", "plan"],
  runtime: ["lib", "graph", "models", "plan"],
  storage: ["lib"],
  paper: ["lib"],
  hub: ["lib", "artifacts"],
  studio: parts,
  app: ["lib", "studio/api.ts"],
  cli: [...parts, "studio"],
};

const folders = Object.keys(arrows);

const runtimeOnly = { regex: "^onnxruntime", message: "Only src/runtime imports onnxruntime." };

function restrictions(folder: string): object[] {
  const allowed = arrows[folder] ?? [];
  const shut = folders.filter((other) => other !== folder && !allowed.some((entry) => entry.split("/")[0] === other));
  const message = `src/${folder} may import ${allowed.length > 0 ? allowed.join(", ") : "no other folder"}.`;
  const single = allowed.filter((entry) => entry.includes("/"));
  return [
    ...(folder === "runtime" ? [] : [runtimeOnly]),
    { regex: `(^|/)\\.\\./(.*/)?(${shut.join("|")})/`, message },
    ...single.map((file) => ({ group: [`**/${path.dirname(file)}/**`, `!**/${file}`], message })),
  ];
}

/** The linter's configuration, .oxlintrc.json. */
export function lintConfig(): object {
  return {
    $schema: "./node_modules/oxlint/configuration_schema.json",
    plugins: ["typescript", "unicorn", "oxc", "import", "react", "jsx-a11y", "vitest"],
    categories: { correctness: "error" },
    env: { builtin: true, browser: true, node: true },
    ignorePatterns: ["**/goldens/**"],
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "no-restricted-imports": ["error", { patterns: [runtimeOnly] }],
      "import/no-cycle": "error",
      "import/no-default-export": "error",
      "oxc/no-barrel-file": ["error", { threshold: 0 }],
      "react/no-danger": "error",
      "react/rules-of-hooks": "error",
      "react/exhaustive-deps": "error",
      "typescript/no-explicit-any": "error",
      "typescript/no-floating-promises": "error",
      "vitest/no-focused-tests": "error",
      // Rules of taste, or wrong here: shared assertions, titles from tables, typed arrays' sizes, React without its compiler.
      "jsx-a11y/prefer-tag-over-role": "off",
      "react/incompatible-library": "off",
      "react/refs": "off",
      "react/set-state-in-effect": "off",
      "typescript/no-misused-spread": "off",
      "typescript/unbound-method": "off",
      "unicorn/no-new-array": "off",
      "vitest/expect-expect": "off",
      "vitest/valid-title": "off",
    },
    overrides: [
      ...folders.map((folder) => ({
        files: [`src/${folder}/**`],
        rules: { "no-restricted-imports": ["error", { patterns: restrictions(folder) }] },
      })),
      { files: ["e2e/**"], rules: { "no-restricted-imports": "off" } },
      // One table is one file: the operators, their gradients, their meaning.
      {
        files: ["src/graph/{ops,gradients,interpret}.ts"],
        rules: { "max-lines": ["error", { max: 600, skipBlankLines: false, skipComments: false }] },
      },
      // React.lazy wants a default export, and so do the tools.
      { files: ["src/app/**", "*.config.ts"], rules: { "import/no-default-export": "off" } },
    ],
  };
}

/** What a file of this folder may point at; its tests also at what stands in e2e/ for them. */
function targets(file: string, folder: string): string[] {
  return [folder, ...(arrows[folder] ?? []), ...(/\.test\.tsx?$/.test(file) ? ["../e2e"] : [])];
}

/** Every string in src/ that is a relative path to a source file which the table does not allow: `from -> to`. */
export function brokenArrows(root: string): string[] {
  const files = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => /\/.*\.tsx?$/.test(file));
  return files.flatMap((file) => {
    const folder = file.split("/")[0] ?? "";
    const text = readFileSync(path.join(root, "src", file), "utf8");
    return [...text.matchAll(/["'`](\.\.?\/[^"'`\n]+\.tsx?)["'`]/g)]
      .map(([, literal = ""]) => path.posix.join(path.posix.dirname(file), literal))
      .filter((target) => !targets(file, folder).some((to) => target === to || target.startsWith(`${to}/`)))
      .map((target) => `${file} -> ${target}`);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  writeFileSync(new URL("../.oxlintrc.json", import.meta.url), `${JSON.stringify(lintConfig(), null, 2)}\n`);
