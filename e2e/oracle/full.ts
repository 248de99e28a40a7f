/** @file SD-1.5's exact configuration with weights by rule: Python's diffusers and the studio compute in fp32 from the same stored weights. */
import { mkdir, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readTensors } from "../../src/cli/test-support.ts";
import { playOnNode } from "../fullsize/check.ts";
import { folder, writeFiles } from "../fullsize/files.ts";
import { GradientJudge, errorsOf, judgeGradients } from "../fullsize/judge.ts";
import type { Python, Tell } from "./python.ts";
import { type Check, floatsOf, relative, type Row } from "./row.ts";

const VALUES = {
  last_hidden_state: "text encoder",
  moments: "VAE encode",
  decoded: "VAE decode",
  eps: "UNet",
} as const;
const INPUTS = ["batch", "inputs", "policy-adapter", "opponent-adapter"];

/** The same files where fullsize.py looks for them. */
async function shareFiles(shared: string): Promise<void> {
  await rm(shared, { recursive: true, force: true });
  await mkdir(shared, { recursive: true });
  for (const part of ["unet", "vae", "text_encoder"])
    await symlink(path.join(folder, "model", part), path.join(shared, part));
  for (const file of INPUTS)
    await symlink(path.join(folder, `${file}.safetensors`), path.join(shared, `${file}.safetensors`));
}

async function fullSize(python: Python, tell: Tell): Promise<readonly Row[]> {
  await writeFiles(tell);
  const shared = path.join(folder, "oracle");
  await shareFiles(shared);
  await python.run("fullsize.py", ["check", shared, "--lora"], os.availableParallelism());
  const expected = (name: string) => readTensors(path.join(shared, `expected-${name}.safetensors`));
  const [values, lora] = [expected("values"), expected("lora")];
  const studio = await playOnNode(tell);
  const parts = Object.entries(VALUES).map(([name, part]) => ({
    what: `SD-1.5's ${part}: ${name}`,
    worst: relative(studio.values[name] ?? [], floatsOf(values, name)),
    allowed: 1e-4,
  }));
  const errors = Object.entries(errorsOf(studio.step)).map(([name, value]) => relative([value], floatsOf(lora, name)));
  const factors = [...lora.keys()].filter((name) => name.includes(".lora_"));
  const gradients = new Map(factors.map((name) => [name, floatsOf(lora, name)]));
  const { share } = judgeGradients(GradientJudge.of("", gradients), studio);
  return [
    ...parts,
    { what: "SD-1.5's SPIN step: the four errors", worst: Math.max(...errors), allowed: 1e-4 },
    { what: `SD-1.5's ${factors.length} LoRA gradients: each, of its norm`, worst: share * 1e-3, allowed: 1e-3 },
  ];
}

export const fullCheck = (python: Python, tell: Tell): Check => ({
  name: "SD-1.5",
  run: () => fullSize(python, tell),
});
