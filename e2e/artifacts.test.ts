/**
 * @file An artifact set on disk: opened again it is what was made, a changed file is refused by its name, and every program runs in
 * Python's onnxruntime (SPIN_PYTHON names a Python that has it and onnx; e2e/oracle/onnx_runs.py).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openArtifactSet } from "../src/artifacts/artifact-set.ts";
import { folderFiles, writeFolderWhole } from "../src/cli/files.ts";
import type { ProgramSpec } from "../src/plan/types.ts";
import { makeArtifacts, type ModelChoices } from "../src/studio/model.ts";
import { nanoConfigs } from "./nano-model.ts";

const scratch = mkdtempSync(join(tmpdir(), "spin-artifacts-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Entry = [string, ProgramSpec];

const configs = nanoConfigs(2);
const lora: ModelChoices = {
  resolution: 8,
  samples: 2,
  drawSamples: 2,
  train: "lora",
  rank: 2,
  targets: "attention",
  cut: "block",
  weights: "float16",
};
const make = (choices: ModelChoices) => makeArtifacts({ configs }, choices);

async function written(name: string, choices: ModelChoices = lora): Promise<string> {
  const folder = join(scratch, name);
  await writeFolderWhole(folder, (await make(choices)).files);
  return folder;
}

describe("an artifact set", () => {
  test("is the same files when it is made again", async () => {
    expect([...(await make(lora)).files]).toEqual([...(await make(lora)).files]);
  });

  test("opens as it was made", async () => {
    const [built, opened] = [await make(lora), await openArtifactSet(folderFiles(await written("whole")))];
    expect(opened.artifact).toEqual(built.artifact);
    const programs = Object.entries(opened.artifact.set.programs);
    expect(programs.length).toBeGreaterThan(30);
    for (const [name, spec] of programs)
      expect(Buffer.from(await opened.loadProgram(name, spec))).toEqual(
        Buffer.from(built.files.get(`programs/${spec.hash}.onnx`) as Uint8Array),
      );
  });

  test("has the VAE's plans by size of tile where it is to pass in tiles, and says so", async () => {
    const folder = await written("tiled", { ...lora, resolution: 16, vaeTile: 4 });
    const { choices, set } = (await openArtifactSet(folderFiles(folder))).artifact;
    expect(choices.vaeTile).toBe(4);
    const sizes = ["4x4", "4x2", "2x4", "2x2"];
    const plans = sizes.flatMap((size) => [`encodeImage.${size}`, `decode.${size}`]);
    expect(Object.keys(set.plans).filter((name) => /^(encodeImage|decode)/.test(name))).toEqual(plans);
  });

  test("is the same set for tiles no smaller than its pictures, but for that choice", async () => {
    const [whole, roomy] = [await make(lora), await make({ ...lora, vaeTile: 4 })];
    expect(whole.artifact.choices).not.toHaveProperty("vaeTile");
    expect(roomy.artifact.set).toEqual(whole.artifact.set);
  });

  test("with one flipped bit refuses that program by its name, and no other", async () => {
    const folder = await written("flipped");
    const { artifact, loadProgram } = await openArtifactSet(folderFiles(folder));
    const [[name, spec], [other, otherSpec]] = Object.entries(artifact.set.programs) as [Entry, Entry];
    const path = `programs/${spec.hash}.onnx`;
    const bytes = readFileSync(join(folder, path));
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 0x10;
    writeFileSync(join(folder, path), bytes);
    await expect(loadProgram(name, spec)).rejects.toThrow(
      `${path} (${name}) is not the file that the set was made with: its sha256 differs.`,
    );
    await expect(loadProgram(other, otherSpec)).resolves.toBeInstanceOf(Uint8Array);
    rmSync(join(folder, path));
    const again = await openArtifactSet(folderFiles(folder));
    await expect(again.loadProgram(name, spec)).rejects.toThrow(`has no ${path}`);
  });

  test.each([
    ["{", "is not JSON"],
    ["[]", "has schema undefined, expected 1"],
    ['{"schema":2}', "has schema 2, expected 1"],
    ['{"schema":1,"set":{}}', "lacks its plans"],
  ])("whose artifact.json is %s is refused", async (text, why) => {
    const folder = join(scratch, `json-${text.length}`);
    await writeFolderWhole(folder, new Map([["artifact.json", text]]));
    await expect(openArtifactSet(folderFiles(folder))).rejects.toThrow(`artifact.json ${why}.`);
  });
});

/** The first Python that has what the script needs. */
const python = [process.env["SPIN_PYTHON"], "/usr/bin/python3"].find(
  (command) => command && spawnSync(command, ["-c", "import numpy, onnx, onnxruntime"]).status === 0,
);
const script = fileURLToPath(new URL("oracle/onnx_runs.py", import.meta.url));

describe.skipIf(!python)(
  `every program runs in Python's onnxruntime${python ? "" : " (skipped: SPIN_PYTHON names no Python with onnx and onnxruntime)"}`,
  () => {
    test.each([
      ["lora-block-float16", lora],
      ["full-whole-float32", { ...lora, train: "full", cut: "whole", weights: "float32" }],
      ["full-stage-float32", { ...lora, train: "full", cut: "stage", weights: "float32" }],
    ] as const)("%s", { timeout: 180_000 }, async (name, choices) => {
      const folder = await written(name, choices);
      const { stdout, stderr, status } = spawnSync(python as string, [script, folder], { encoding: "utf8" });
      expect(`${stdout}${stderr}`).toMatch(/^\d+ passed, 0 failed/m);
      expect(status).toBe(0);
    });
  },
);
