/**
 * @file A LoRA by rule on the nano pipeline of goldens/models/generate, exported in every way, and merged: what diffusers is given in
 * `python e2e/oracle/lora.py --check`. `tsx e2e/lora-exports.ts` writes goldens/lora/exports; lora.test.ts keeps it what it was.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expectedTensors } from "../src/artifacts/expected-tensors.ts";
import { parseJsonObject } from "../src/artifacts/json-object.ts";
import { unetNames } from "../src/artifacts/ldm-names.ts";
import { mergedInto } from "../src/artifacts/lora-merge.ts";
import { type LoraModel, loraModel } from "../src/artifacts/lora-model.ts";
import { flatName, type LoraComponent, type LoraModule, type LoraModules } from "../src/artifacts/lora-names.ts";
import { kohyaFile, type LoraFile, peftFile } from "../src/artifacts/lora-write.ts";
import { type ModelFolder, openModel } from "../src/artifacts/model-folder.ts";
import { type FileTensor, writeSafetensors } from "../src/artifacts/safetensors.ts";
import { seededTensor } from "../src/artifacts/seeded.ts";
import { folderFiles, readText } from "../src/cli/files.ts";
import { loraShapes } from "../src/graph/passes/lora.ts";
import { required } from "../src/lib/errors.ts";
import { readUNetConfig } from "../src/models/config.ts";

export const goldens = fileURLToPath(new URL("goldens/", import.meta.url));
const folder = path.join(goldens, "lora/exports");

interface Kind {
  readonly rank: number;
  readonly alpha: number;
  /** before the names that the rule takes */
  readonly salt: string;
}

/** As lora.py has it. */
export const rule: Kind = { rank: 2, alpha: 5, salt: "" };
const other: Kind = { rank: 3, alpha: 2, salt: "other/" };
/** how much of each, as lora.py asks of diffusers */
const shares = [0.7, -0.4] as const;

export const openNano = () => openModel(folderFiles(path.join(goldens, "models/generate")), ["unet", "text_encoder"]);

/** The modules that lora.py adapts. */
export async function modulesOf(component: LoraComponent): Promise<readonly string[]> {
  return parseJsonObject(await readText(path.join(goldens, "lora/modules.json")), "modules.json")[
    component
  ] as readonly string[];
}

/** Factors by the rule, under the modules' own names. */
export async function ruled(
  model: LoraModel,
  component: LoraComponent,
  { rank, alpha, salt }: Kind = rule,
): Promise<LoraModules> {
  const { shapes } = required(model[component], component);
  const modules = (await modulesOf(component)).map((name): [string, LoraModule] => {
    const { a, b } = loraShapes(required(shapes.get(name), name), rank);
    const factor = (side: "A" | "B", shape: readonly number[]) => {
      return { shape, data: seededTensor(`${salt}${name}.lora_${side}.weight`, shape) };
    };
    return [name, { rank, alpha, a: factor("A", a), b: factor("B", b) }];
  });
  return new Map(modules);
}

/** SD-1.5's UNet: its modules' own names, and kohya's from a checkpoint in one file. */
async function ldmNames(): Promise<string> {
  const config = parseJsonObject(await readText(path.join(goldens, "fullsize/unet/config.json")), "config.json");
  const { toLdm } = unetNames(readUNetConfig(config));
  const lines = [...expectedTensors("unet", config)].flatMap(([name, shape]) => {
    const module = name.replace(/\.weight$/, "");
    const ldm = toLdm(name)?.replace(/\.weight$/, "");
    return module === name || shape.length < 2 || ldm === undefined ? [] : [`${module} lora_unet_${flatName(ldm)}\n`];
  });
  return lines.join("");
}

async function merged(
  { tensors }: ModelFolder,
  component: LoraComponent,
  loras: Parameters<typeof mergedInto>[2],
): Promise<Map<string, FileTensor>> {
  const weights = required(tensors[component], component);
  const read = mergedInto((name) => required(weights.get(name), name).read(), component, loras);
  const found = new Map<string, FileTensor>();
  for (const [name, { shape }] of weights) found.set(name, { dtype: "F32", shape, data: await read(name) });
  return found;
}

/** file below goldens/lora/exports -> bytes */
export async function exportFiles(): Promise<Map<string, Uint8Array>> {
  const nano = await openNano();
  const model = loraModel(nano);
  const lora = { modules: await ruled(model, "unet"), textEncoder: await ruled(model, "text_encoder") };
  const second = { modules: await ruled(model, "unet", other), textEncoder: new Map() };
  const one = [{ lora, multiplier: 1 }];
  const both = [
    { lora, multiplier: shares[0] },
    { lora: second, multiplier: shares[1] },
  ];
  const [unet, text] = [await merged(nano, "unet", one), await merged(nano, "text_encoder", one)];
  const bytes = ({ tensors, metadata }: LoraFile) => writeSafetensors(tensors, metadata);
  return new Map([
    ["kohya-f32.safetensors", bytes(kohyaFile(lora, "F32"))],
    ["kohya-f16.safetensors", bytes(kohyaFile(lora, "F16"))],
    ["pytorch_lora_weights.safetensors", bytes(peftFile({ spelling: { prefix: "unet.", adapter: null }, ...lora }))],
    ["other.safetensors", bytes(kohyaFile(second, "F32"))],
    ["merged.safetensors", writeSafetensors(new Map([...unet, ...text]))],
    ["merged-both.safetensors", writeSafetensors(await merged(nano, "unet", both))],
    ["ldm-names.txt", new TextEncoder().encode(await ldmNames())],
  ]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of await exportFiles()) await writeFile(path.join(folder, name), bytes);
}
