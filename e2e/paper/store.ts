/** @file Finished parts on the disk: each in a file of its own until they are published together, and back from what was published. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readText, writeFileWhole } from "../../src/cli/files.ts";
import { type Made, type PaperResults, type Part, readPart, readResults } from "../../src/paper/results.ts";
import type { Asked } from "./options.ts";

/** null: what all seeds share */
export type Of = number | null;

const pathOf = ({ out }: Asked, part: string, seed: Of): string =>
  join(out, "parts", seed === null ? "shared" : `seed-${seed}`, `${part}.json`);

export const isDone = (asked: Asked, part: string, seed: Of): boolean => existsSync(pathOf(asked, part, seed));

export async function readDone(asked: Asked, part: string, seed: Of): Promise<Part> {
  return readPart(JSON.parse(await readText(pathOf(asked, part, seed))));
}

export async function writeDone(asked: Asked, part: string, seed: Of, found: Part): Promise<void> {
  await writeFileWhole(pathOf(asked, part, seed), JSON.stringify(found));
}

/** Parts that were published under the same protocol and model need not be made again on another machine. */
export async function takePublished(asked: Asked, identity: string): Promise<void> {
  const path = join(asked.docs, "results.json");
  if (!existsSync(path)) return;
  const results = readResults(JSON.parse(await readText(path)));
  if (results.model.sha256 !== identity || JSON.stringify(results.protocol) !== JSON.stringify(asked.protocol)) return;
  const all: readonly (readonly [Of, PaperResults["shared"]])[] = [
    [null, results.shared],
    ...results.seeds.map(({ seed, parts }) => [seed, parts] as const),
  ];
  for (const [seed, parts] of all)
    for (const [part, found] of Object.entries(parts))
      if (!isDone(asked, part, seed)) await writeDone(asked, part, seed, found);
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--", "src", "e2e", "public") === "" ? "" : ", changed";
    return git("rev-parse", "--short", "HEAD") + changed;
  } catch {
    return "unknown";
  }
}

export function madeNow(asked: Asked, minutes: number): Made {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  return {
    commit: commit(),
    command: asked.command,
    date: new Date().toISOString().slice(0, 10),
    minutes: Number(minutes.toFixed(1)),
    versions: {
      node: process.versions.node,
      onnxruntime: dependencies["onnxruntime-web"] ?? "unknown",
      platform: `${process.platform} ${process.arch}`,
      threads: String(asked.threads),
    },
  };
}
