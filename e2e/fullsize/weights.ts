/**
 * @file SD-1.5's own configuration with weights by rule, as a diffusers folder in fp16: 2.1 GB, written once into .cache/fullsize.
 * The twin of `fullsize.py write`, byte for byte in every tensor. One piece of one tensor is in memory at a time.
 */
import { mkdir, open, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Component } from "../../src/artifacts/model-folder.ts";
import { fillSeeded } from "../../src/artifacts/seeded.ts";
import { toFloat16Array } from "../../src/lib/float16.ts";
import { type Shape, sizeOf } from "../../src/lib/tensor.ts";
import type { PlanSet } from "../../src/plan/types.ts";
import { goldens } from "./goldens.ts";

export type Configs = Readonly<Record<Component, Record<string, unknown>>>;

const files: { readonly [C in Component]: string } = {
  unet: "diffusion_pytorch_model.safetensors",
  vae: "diffusion_pytorch_model.safetensors",
  text_encoder: "model.safetensors",
};
export const components = Object.keys(files) as Component[];

export async function readConfigs(): Promise<Configs> {
  const read = async (component: Component) => {
    const text = await readFile(path.join(goldens, component, "config.json"), "utf8");
    return [component, JSON.parse(text) as Record<string, unknown>] as const;
  };
  return Object.fromEntries(await Promise.all(components.map(read))) as Configs;
}

function componentOf(name: string): Component {
  if (name.startsWith("text_model.")) return "text_encoder";
  return /^(encoder|decoder|quant_conv|post_quant_conv)\./.test(name) ? "vae" : "unet";
}

/** All tensors of the checkpoint: those that the plans read, and the token table, which stays on the host. */
function checkpoint({ tensors }: PlanSet, { text_encoder }: Configs): Record<Component, Map<string, Shape>> {
  const parts = { unet: new Map(), vae: new Map(), text_encoder: new Map() } as Record<Component, Map<string, Shape>>;
  const table = [text_encoder["vocab_size"], text_encoder["hidden_size"]] as [number, number];
  parts.text_encoder.set("text_model.embeddings.token_embedding.weight", table);
  for (const [name, { kind, shape }] of Object.entries(tensors))
    if (kind === "weight") parts[componentOf(name)].set(name, shape);
  return parts;
}

/** The folder, written where it is not there yet. `set`: LoRA's plans, in which every weight of the model is frozen. */
export async function writeModel(folder: string, set: PlanSet, tell: (line: string) => void): Promise<void> {
  const configs = await readConfigs();
  for (const [component, shapes] of Object.entries(checkpoint(set, configs)) as [Component, Map<string, Shape>][]) {
    await mkdir(path.join(folder, component), { recursive: true });
    await writeFile(path.join(folder, component, "config.json"), JSON.stringify(configs[component], null, 2));
    const file = path.join(folder, component, files[component]);
    const { header, bytes } = layOut(shapes);
    const there = await stat(file).catch(() => null);
    if (there?.size === header.length + bytes) continue;
    tell(`writing ${component}, ${shapes.size} tensors, ${(bytes / 1e6).toFixed(0)} MB`);
    await writeWeights(`${file}.part`, header, shapes);
    await rename(`${file}.part`, file);
  }
}

function layOut(shapes: ReadonlyMap<string, Shape>): { readonly header: Uint8Array; readonly bytes: number } {
  let bytes = 0;
  const entries = [...shapes].map(([name, shape]) => {
    const start = bytes;
    bytes += 2 * sizeOf(shape);
    return [name, { dtype: "F16", shape, data_offsets: [start, bytes] }] as const;
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  return { header, bytes };
}

/** Numbers in one piece. */
const most = 2 ** 22;

async function writeWeights(file: string, header: Uint8Array, shapes: ReadonlyMap<string, Shape>): Promise<void> {
  const out = await open(file, "w");
  try {
    await out.writeFile(header);
    for (const [name, shape] of shapes) {
      for (let start = 0; start < sizeOf(shape); start += most) {
        const piece = new Float32Array(Math.min(most, sizeOf(shape) - start));
        fillSeeded(piece, name, shape, start);
        await out.writeFile(new Uint8Array(toFloat16Array(piece).buffer));
      }
    }
  } finally {
    await out.close();
  }
}
