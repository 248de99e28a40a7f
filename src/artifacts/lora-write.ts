/** @file Writes a LoRA: in kohya's names, which A1111, ComfyUI and diffusers read, or in PEFT's with what PEFT keeps beside them. */
import { toFloat16Array } from "../lib/float16.ts";
import { refuseLora } from "./lora-kinds.ts";
import {
  kohyaName,
  type LoraComponent,
  type LoraFactor,
  loraKey,
  type LoraModules,
  type LoraSpelling,
} from "./lora-names.ts";
import { metadataKey } from "./lora-read.ts";
import type { FileTensor } from "./safetensors.ts";

/** Half the bytes, rounded once; or all that was trained. */
export type LoraDType = "F16" | "F32";

export interface LoraContent {
  /** the UNet's */
  readonly modules: LoraModules;
  readonly textEncoder?: LoraModules;
}

/** For `writeSafetensors`. */
export interface LoraFile {
  readonly tensors: Map<string, FileTensor>;
  readonly metadata: Record<string, string>;
}

const componentsOf = ({ modules, textEncoder = new Map() }: LoraContent): [LoraComponent, LoraModules][] => [
  ["unet", modules],
  ["text_encoder", textEncoder],
];

/** Alphas are scalars in float32, so that any is exact. `metadata`: see `kohyaMetadata`. */
export function kohyaFile(
  content: LoraContent,
  dtype: LoraDType,
  metadata: Readonly<Record<string, string>> = {},
): LoraFile {
  const tensors = new Map<string, FileTensor>();
  for (const [component, modules] of componentsOf(content))
    for (const [module, { alpha, a, b }] of modules) {
      const name = kohyaName(component, module);
      tensors.set(`${name}.lora_down.weight`, stored(module, a, dtype));
      tensors.set(`${name}.lora_up.weight`, stored(module, b, dtype));
      tensors.set(`${name}.alpha`, { dtype: "F32", shape: [], data: Float32Array.of(alpha) });
    }
  return { tensors, metadata: { format: "pt", ...metadata } };
}

function stored(module: string, { shape, data }: LoraFactor, dtype: LoraDType): FileTensor {
  if (dtype === "F32") return { dtype, shape, data };
  const halves = toFloat16Array(data);
  // in float16 the exponent of infinity
  if (halves.some((half) => (half & 0x7c00) === 0x7c00))
    refuseLora(`"${module}" has numbers above 65504, which float16 cannot hold`, "Export it as float32.");
  return { dtype, shape, data: halves };
}

/**
 * What of a PEFT configuration stands in the file. Ranks and alphas that differ from the first module's are patterns. PEFT takes
 * ends of names too, and a text encoder's begin with `text_model.` under some versions of transformers only.
 */
function configOf(modules: LoraModules): Record<string, unknown> {
  const [first] = modules.values();
  const rankPattern: Record<string, number> = {};
  const alphaPattern: Record<string, number> = {};
  const ends = new Map([...modules].map(([module, lora]) => [module.replace(/^text_model\./, ""), lora]));
  for (const [module, { rank, alpha }] of ends) {
    if (rank !== first?.rank) rankPattern[module] = rank;
    if (alpha !== first?.alpha) alphaPattern[module] = alpha;
  }
  return {
    r: first?.rank,
    lora_alpha: first?.alpha,
    target_modules: [...ends.keys()],
    rank_pattern: rankPattern,
    alpha_pattern: alphaPattern,
  };
}

/** In diffusers' files ("unet.") a text encoder's modules begin with "text_encoder."; elsewhere their own names tell them. */
export function peftFile(
  { spelling, ...content }: LoraContent & { readonly spelling: LoraSpelling },
  dtype: LoraDType = "F32",
): LoraFile {
  const tensors = new Map<string, FileTensor>();
  const config: Record<string, unknown> = {};
  for (const [component, modules] of componentsOf(content)) {
    const start = spelling.prefix === "unet." ? `${component}.` : spelling.prefix;
    const rest = { prefix: "", adapter: spelling.adapter } as const;
    for (const [module, { a, b }] of modules) {
      tensors.set(loraKey(rest, start + module, "A"), stored(module, a, dtype));
      tensors.set(loraKey(rest, start + module, "B"), stored(module, b, dtype));
    }
    if (modules.size === 0) continue;
    for (const [key, value] of Object.entries(configOf(modules))) config[`${component}.${key}`] = value;
  }
  return { tensors, metadata: { format: "pt", [metadataKey]: JSON.stringify(config) } };
}
