/** @file What a person takes away from the page, read by other means than those that wrote it: weights, a LoRA, a grid, a project. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page } from "@playwright/test";
import { decode } from "fast-png";
import { strFromU8, unzipSync } from "fflate";
import { bytesAccess } from "../../src/artifacts/random-access.ts";
import { openSafetensors, toFloat32 } from "../../src/artifacts/safetensors.ts";

export interface TakenFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What lands in the downloads after a click. */
export async function taken(page: Page, button: Locator): Promise<TakenFile> {
  const coming = page.waitForEvent("download", { timeout: 240_000 });
  await button.click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: new Uint8Array(await readFile(await download.path())) };
}

const sizeOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);

/** The UNet under the names and shapes of the model's own file, all numbers finite, and not the numbers that it began with. */
export async function expectWeights({ bytes }: TakenFile, own: Uint8Array): Promise<void> {
  const file = await openSafetensors(bytesAccess(bytes));
  const base = await openSafetensors(bytesAccess(own));
  expect([...file.tensors.keys()].sort()).toEqual([...base.tensors.keys()].sort());
  let moved = 0;
  for (const name of file.tensors.keys()) {
    const [now, before] = [await file.read(name), await base.read(name)];
    expect(now.shape).toEqual(before.shape);
    const [values, old] = [toFloat32(now), toFloat32(before)];
    moved += sizeOf(values.map((value, at) => value - (old[at] as number)));
  }
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(Number.POSITIVE_INFINITY);
}

/** In kohya's names: two factors a module, of one rank, and its alpha; none of the second, which began at zero, is zero still. */
export async function expectLora({ bytes }: TakenFile): Promise<void> {
  const file = await openSafetensors(bytesAccess(bytes));
  const downs = [...file.tensors.keys()].filter((name) => /^lora_unet_.+\.lora_down\.weight$/.test(name));
  expect(downs.length).toBeGreaterThan(0);
  expect(file.tensors.size).toBe(3 * downs.length);
  for (const name of downs) {
    const [down, up] = [await file.read(name), await file.read(name.replace("lora_down", "lora_up"))];
    expect(file.tensors.get(name.replace("lora_down.weight", "alpha"))?.shape).toEqual([]);
    expect(up.shape[1]).toBe(down.shape[0]);
    expect(sizeOf(toFloat32(down))).toBeGreaterThan(0);
    expect(sizeOf(toFloat32(up))).toBeGreaterThan(0);
  }
}

/** A grid of these models whose text says how its first row was drawn. */
export function expectGrid({ bytes }: TakenFile, models: readonly string[], prompt: string): void {
  const { width, height, text } = decode(bytes, { checkCrc: true });
  const [first, last] = (text?.["parameters"] ?? "").split("\n");
  expect(first).toBe(prompt);
  expect(last).toContain("Sampler: DDIM, CFG scale: 3, Seed: 42, Size: 64x64, Model: pocket Base");
  expect(last).toContain(`X Type: Checkpoint name, X Values: "${models.join(", ")}"`);
  expect(width).toBeGreaterThan(models.length * 64);
  expect(height).toBeGreaterThan(4 * 64);
}

interface ProjectJson {
  readonly pairs: readonly { readonly caption: string; readonly file: string }[];
  readonly nodes: readonly { readonly iteration: number; readonly step: number }[];
  readonly files: { readonly [name: string]: { readonly bytes: number; readonly sha256: string } };
}

/** Every member has the size and the hash that project.json tells, and every picture is one. */
export function readProject({ bytes }: TakenFile): ProjectJson & { readonly members: Record<string, Uint8Array> } {
  const { "project.json": json, ...members } = unzipSync(bytes);
  const told = JSON.parse(strFromU8(json as Uint8Array)) as ProjectJson;
  const found = Object.entries(members).map(([name, content]) => {
    const sha256 = createHash("sha256").update(content).digest("hex");
    return [name, { bytes: content.length, sha256 }];
  });
  expect(Object.fromEntries(found)).toEqual(told.files);
  for (const { file } of told.pairs) expect(decode(members[file] as Uint8Array, { checkCrc: true }).width).toBe(64);
  return { ...told, members };
}
