/**
 * @file What a LoRA is, and how its files spell a module's tensors. M is a module, such as `mid_block.attentions.0.proj_in`:
 *
 *   PEFT             base_model.model.M.lora_A.weight, .lora_B.weight; `.lora_A.NAME.weight` with the adapter's name
 *   diffusers        unet.M.lora_A.weight, text_encoder.M.lora_A.weight
 *   diffusers, old   unet.M.lora.down.weight, .lora.up.weight; text_encoder.M.lora_linear_layer.down.weight
 *   older still      unet.….attn1.processor.to_q_lora.down.weight, where M is ….attn1.to_q
 *   kohya            lora_unet_M.lora_down.weight, .lora_up.weight, .alpha, M with "_" for "."; lora_te_M, lora_te1_M
 *
 * A (down) is [r, in], B (up) [out, r]; of convolutions [r, in, kh, kw] and [out, r, 1, 1]. The branch adds alpha / r * B A.
 */

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

/** By the model's own module names. */
export type LoraModules = ReadonlyMap<string, LoraModule>;

export type LoraComponent = "unet" | "text_encoder";

/** How a file in PEFT's way spells its keys. `adapter` is the adapter's name where the keys carry it, such as "default". */
export interface LoraSpelling {
  readonly prefix: "" | "unet." | "base_model.model.";
  readonly adapter: string | null;
}

/** The model's own names, which need no prefix. */
export const plainSpelling: LoraSpelling = { prefix: "", adapter: null };

export interface Lora {
  /** of the file; of one in another way than PEFT's, the model's own names */
  readonly spelling: LoraSpelling;
  /** the UNet's */
  readonly modules: LoraModules;
  readonly textEncoder: LoraModules;
  /** what of the file is not used, a sentence each */
  readonly leftOut: readonly string[];
}

export type LoraPart = "down" | "up" | "alpha";

/** A key of a file, taken apart. */
export interface LoraKey {
  readonly component: LoraComponent;
  /** as the file has it, but for prefixes and old names of attention */
  readonly module: string;
  /** kohya's: "_" stands for "." */
  readonly flat: boolean;
  readonly part: LoraPart;
  /** null where the key is not in PEFT's way */
  readonly spelling: LoraSpelling | null;
}

const peftForm = /^(.+)\.lora_(A|B)(?:\.([^.]+))?\.weight$/;
const otherForms = [
  /^(.+)\.lora_(down|up)\.weight$/,
  /^(.+)\.(?:lora|lora_linear_layer)\.(down|up)\.weight$/,
  /^(.+\.to_(?:q|k|v|out))_lora\.(down|up)\.weight$/,
];
const alphaForm = /^(.+?)(?:[._]lora)?\.alpha$/;

const kohyaPrefixes: Readonly<Record<string, LoraComponent>> = {
  lora_unet_: "unet",
  lora_te_: "text_encoder",
  lora_te1_: "text_encoder",
};

/** Null where the key is no LoRA's. */
export function parseLoraKey(key: string): LoraKey | null {
  const [, peftPath, letter, adapter = null] = peftForm.exec(key) ?? [];
  if (peftPath !== undefined) {
    const { prefix, ...place } = placeOf(peftPath);
    return { ...place, part: letter === "A" ? "down" : "up", spelling: { prefix, adapter } };
  }
  for (const form of otherForms) {
    const [, path, side] = form.exec(key) ?? [];
    if (path === undefined) continue;
    const { prefix: _, ...place } = placeOf(path);
    return { ...place, part: side === "down" ? "down" : "up", spelling: null };
  }
  const path = alphaForm.exec(key)?.[1];
  if (path === undefined) return null;
  const { prefix: _, ...place } = placeOf(path);
  return { ...place, part: "alpha", spelling: null };
}

function placeOf(path: string): Pick<LoraKey, "component" | "module" | "flat"> & Pick<LoraSpelling, "prefix"> {
  for (const [start, component] of Object.entries(kohyaPrefixes))
    if (path.startsWith(start)) return { component, module: path.slice(start.length), flat: true, prefix: "" };
  const peft = path.startsWith("base_model.model.");
  const inside = peft ? path.slice("base_model.model.".length) : path;
  const [, owner, rest = inside] = /^(unet|text_encoder)\.(.+)$/.exec(inside) ?? [];
  const component = owner === "text_encoder" || rest.startsWith("text_model.") ? "text_encoder" : "unet";
  const prefix = peft ? "base_model.model." : owner === undefined ? "" : "unet.";
  return { component, module: modernName(component, rest), flat: false, prefix };
}

const oldTextNames: Readonly<Record<string, string>> = { q: "q_proj", k: "k_proj", v: "v_proj", out: "out_proj" };

/** Attention as it is called today: old files name the processor that held the factors, and not the layer in `to_out`. */
function modernName(component: LoraComponent, path: string): string {
  const module = path.replace(/\.processor\./, ".");
  if (component === "unet") return module.replace(/\.to_out$/, ".to_out.0");
  return module.replace(/\.to_(q|k|v|out)$/, (_, name: string) => `.${oldTextNames[name]}`);
}

/** PEFT's key. */
export function loraKey({ prefix, adapter }: LoraSpelling, module: string, side: "A" | "B"): string {
  return `${prefix}${module}.lora_${side}${adapter === null ? "" : `.${adapter}`}.weight`;
}

const kohyaStart: { readonly [C in LoraComponent]: string } = { unet: "lora_unet_", text_encoder: "lora_te_" };

/** kohya's name of a module, without the end. */
export function kohyaName(component: LoraComponent, module: string): string {
  return kohyaStart[component] + flatName(module);
}

export const flatName = (module: string): string => module.replaceAll(".", "_");
