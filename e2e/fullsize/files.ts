/**
 * @file The folder that both sides read, .cache/fullsize: `model/` (see weights.ts), `set/` (the artifact set), the two players'
 * adapters, and the goldens' batch and inputs.
 */
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type LoraModules, plainSpelling } from "../../src/artifacts/lora-names.ts";
import { peftFile } from "../../src/artifacts/lora-write.ts";
import { writeSafetensors } from "../../src/artifacts/safetensors.ts";
import { seededNear } from "../../src/artifacts/seeded.ts";
import type { LayoutEntry } from "../../src/plan/types.ts";
import { makeArtifacts, type ModelChoices } from "../../src/studio/model.ts";
import { goldens } from "./goldens.ts";
import { readConfigs, writeModel } from "./weights.ts";

export const folder = fileURLToPath(new URL("../../.cache/fullsize/", import.meta.url));

/** As fullsize.py has them. One pair is two rows, and so is a picture with guidance. */
const choices: ModelChoices & { readonly alpha: number } = {
  resolution: 64,
  samples: 2,
  drawSamples: 2,
  train: "lora",
  rank: 4,
  alpha: 4,
  targets: "attention",
  cut: "block",
  weights: "float16",
};
export const beta = 500;

/** A player near the rule's weights: the two differ, and so do their errors. Twin of fullsize.py. */
function player(layout: readonly LayoutEntry[], name: string): LoraModules {
  const factor = (module: string, side: "A" | "B") => {
    const tensor = `${module}.lora_${side}.weight`;
    const shape = layout.find((entry) => entry.name === tensor)?.shape ?? [];
    return { shape, data: seededNear(tensor, shape, `${name}/`, 0.02) };
  };
  const modules = layout.flatMap((entry) => /^(.+)\.lora_A\.weight$/.exec(entry.name)?.[1] ?? []);
  const { rank, alpha } = choices;
  const adapted = modules.map((m) => [m, { rank, alpha, a: factor(m, "A"), b: factor(m, "B") }] as const);
  return new Map(adapted);
}

export async function writeFiles(tell: (line: string) => void): Promise<void> {
  const { artifact, files } = await makeArtifacts({ configs: await readConfigs() }, choices);
  await rm(path.join(folder, "set"), { recursive: true, force: true });
  await mkdir(path.join(folder, "set/programs"), { recursive: true });
  for (const [file, bytes] of files) await writeFile(path.join(folder, "set", file), bytes);
  const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  tell(`artifact set: ${files.size} files, ${(bytes / 1e6).toFixed(1)} MB`);
  await writeModel(path.join(folder, "model"), artifact.set, tell);
  for (const name of ["policy", "opponent"]) {
    const { tensors, metadata } = peftFile({ spelling: plainSpelling, modules: player(artifact.set.layout, name) });
    await writeFile(path.join(folder, `${name}-adapter.safetensors`), writeSafetensors(tensors, metadata));
  }
  for (const file of ["batch.safetensors", "inputs.safetensors"])
    await copyFile(path.join(goldens, file), path.join(folder, file));
}
