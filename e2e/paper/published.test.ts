/** @file What is published in docs/paper follows from its results: every table, figure and sentence is made again. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { published } from "../../src/paper/published.ts";
import { readResults } from "../../src/paper/results.ts";

const folder = "docs/paper";
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

test.skipIf(!existsSync(join(folder, "results.json")))("docs/paper is what its results.json says", () => {
  const results = readResults(JSON.parse(read("results.json")));
  const files = published(results);
  for (const [name, text] of files) expect(read(name) === text ? "the same" : `${name} differs`).toBe("the same");
});
