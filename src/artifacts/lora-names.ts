/**
 * @file LoRA adapters in PEFT's names: `<prefix><module>.lora_A.weight` [r, in] and `.lora_B.weight` [out, r], for
 * convolutions [r, in, kh, kw] and [out, r, 1, 1]. The branch adds alpha / r * B A. The prefix says who wrote the file:
 * none (a model's own adapter), `unet.` (diffusers' pipelines), `base_model.model.` (PEFT), and is kept for writing back.
 */
import { StudioError } from "../lib/errors.ts";
import { isJsonObject } from "./json-object.ts";
import { type FileTensor, type Safetensors, toFloat32 } from "./safetensors.ts";

export interface LoraModule {
  readonly rank: number;
  readonly alpha: number;
  readonly a: LoraFactor;
  readonly b: LoraFactor;
}

export interface LoraFactor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** How a file spells its keys. `adapter` is PEFT's name of the adapter where the keys carry it, such as "default". */
export interface LoraSpelling {
  readonly prefix: "" | "unet." | "base_model.model.";
  readonly adapter: string | null;
}

export interface Lora {
  readonly spelling: LoraSpelling;
  readonly modules: ReadonlyMap<string, LoraModule>;
}

/** What PEFT keeps beside the tensors, in adapter_config.json or in the file's metadata. */
interface LoraConfig {
  readonly lora_alpha?: unknown;
  readonly alpha_pattern?: unknown;
  readonly use_rslora?: unknown;
}

const metadataKey = "lora_adapter_metadata";
const prefixes = ["base_model.model.", "unet.", ""] as const;
const keyForm = /^(.+)\.lora_(A|B)(?:\.([^.]+))?\.weight$/;

/** `config` is adapter_config.json where the file has one beside it. */
export async function readLora(file: Safetensors, config: LoraConfig | null = null): Promise<Lora> {
  if (file.tensors.size === 0) refuse("The file holds no tensors, and a LoRA adapter was expected");
  const spellings = new Map<string, LoraSpelling>();
  const found = new Map<string, { a?: string; b?: string }>();
  for (const key of file.tensors.keys()) {
    const { module, side, spelling } = parseKey(key);
    spellings.set(JSON.stringify(spelling), spelling);
    found.set(module, { ...found.get(module), [side]: key });
  }
  const [spelling, other] = spellings.values();
  if (!spelling || other) return refuse("The adapter mixes two ways to spell its keys, and one prefix was expected");
  const settings = config ?? fromMetadata(file.metadata.get(metadataKey));
  const modules = new Map<string, LoraModule>();
  for (const [module, { a, b }] of found) {
    if (!a || !b) return refuse(`"${module}" has lora_${a ? "A" : "B"} without lora_${a ? "B" : "A"}`);
    modules.set(module, loraModule(module, await file.read(a), await file.read(b), settings));
  }
  return { spelling, modules };
}

function refuse(fault: string): never {
  throw new StudioError("lora", `${fault}.`);
}

function parseKey(key: string): { module: string; side: "a" | "b"; spelling: LoraSpelling } {
  const [, path, side, adapter] = keyForm.exec(key) ?? [];
  if (path === undefined) {
    return refuse(`"${key}" is not one of PEFT's names, and "….lora_A.weight" or "….lora_B.weight" was expected`);
  }
  if (/^text_encoder(_2)?\./.test(path)) {
    return refuse(`"${key}" belongs to a text encoder, and only adapters of the UNet are read`);
  }
  const prefix = prefixes.find((start) => path.startsWith(start)) ?? "";
  const module = path.slice(prefix.length);
  return { module, side: side === "A" ? "a" : "b", spelling: { prefix, adapter: adapter ?? null } };
}

function loraModule(module: string, a: FileTensor, b: FileTensor, config: LoraConfig): LoraModule {
  const rank = a.shape[0] ?? 0;
  const shapes = `[${a.shape.join(",")}] and [${b.shape.join(",")}]`;
  const convolution = a.shape.length === 4 && b.shape.length === 4 && b.shape[2] === 1 && b.shape[3] === 1;
  const linear = a.shape.length === 2 && b.shape.length === 2;
  if (!(linear || convolution) || rank === 0 || b.shape[1] !== rank) {
    return refuse(`"${module}" has factors ${shapes}, and [r,in] and [out,r] were expected`);
  }
  for (const { dtype } of [a, b]) {
    if (dtype !== "F32" && dtype !== "F16")
      return refuse(`"${module}" is stored as ${dtype}, and numbers with a fraction were expected`);
  }
  return {
    rank,
    alpha: alphaOf(module, rank, config),
    a: { shape: a.shape, data: toFloat32(a) },
    b: { shape: b.shape, data: toFloat32(b) },
  };
}

/** Without a word, alpha = rank. rslora scales by alpha / sqrt(r) = (alpha sqrt(r)) / r. */
function alphaOf(module: string, rank: number, config: LoraConfig): number {
  const patterns = Object.entries(isJsonObject(config.alpha_pattern) ? config.alpha_pattern : {});
  const pattern = patterns.find(([end]) => module === end || module.endsWith(`.${end}`));
  const alpha = pattern?.[1] ?? config.lora_alpha;
  if (typeof alpha !== "number" || !Number.isFinite(alpha) || alpha === 0) return rank;
  return config.use_rslora === true ? alpha * Math.sqrt(rank) : alpha;
}

/** diffusers writes each component's configuration into one object, with its name in front: "unet.lora_alpha". */
function fromMetadata(json: string | undefined): LoraConfig {
  if (json === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return refuse(`The metadata ${metadataKey} are not JSON`);
  }
  if (!isJsonObject(value)) return refuse(`The metadata ${metadataKey} are not an object`);
  const field = (name: string) => (Object.hasOwn(value, `unet.${name}`) ? value[`unet.${name}`] : value[name]);
  return { lora_alpha: field("lora_alpha"), alpha_pattern: field("alpha_pattern"), use_rslora: field("use_rslora") };
}

export function loraKey({ prefix, adapter }: LoraSpelling, module: string, side: "A" | "B"): string {
  return `${prefix}${module}.lora_${side}${adapter === null ? "" : `.${adapter}`}.weight`;
}

/** Tensors and metadata for `writeSafetensors`. Ranks and alphas that differ from the first module's are patterns. */
export function loraFile({ spelling, modules }: Lora): {
  tensors: Map<string, FileTensor>;
  metadata: Record<string, string>;
} {
  const tensors = new Map<string, FileTensor>();
  const [first] = modules.values();
  const rankPattern: Record<string, number> = {};
  const alphaPattern: Record<string, number> = {};
  for (const [module, { rank, alpha, a, b }] of modules) {
    tensors.set(loraKey(spelling, module, "A"), { dtype: "F32", ...a });
    tensors.set(loraKey(spelling, module, "B"), { dtype: "F32", ...b });
    if (rank !== first?.rank) rankPattern[module] = rank;
    if (alpha !== first?.alpha) alphaPattern[module] = alpha;
  }
  const config = {
    "unet.r": first?.rank,
    "unet.lora_alpha": first?.alpha,
    "unet.target_modules": [...modules.keys()],
    "unet.rank_pattern": rankPattern,
    "unet.alpha_pattern": alphaPattern,
  };
  return { tensors, metadata: { format: "pt", [metadataKey]: JSON.stringify(config) } };
}
