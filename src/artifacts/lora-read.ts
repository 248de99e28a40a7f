/**
 * @file Reads a LoRA as people have it, in any of the spellings of lora-names.ts, as float32. Beside a model every module is looked
 * up among the model's own; what is not there, or has another size, is left out and said.
 */
import { loraShapes } from "../graph/passes/lora.ts";
import { type Shape, sizeOf } from "../lib/tensor.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import { explainKeys, explainWidth, refuseLora } from "./lora-kinds.ts";
import type { LoraModel, LoraTargets } from "./lora-model.ts";
import {
  type Lora,
  type LoraComponent,
  type LoraFactor,
  type LoraModule,
  type LoraPart,
  type LoraSpelling,
  parseLoraKey,
  plainSpelling,
} from "./lora-names.ts";
import { type FileTensor, type Safetensors, toFloat32 } from "./safetensors.ts";

export const metadataKey = "lora_adapter_metadata";

/** Where the file has them: what lies beside it. */
export interface Beside {
  /** adapter_config.json, PEFT's */
  readonly config?: JsonObject | null;
  /** the model that it is for; without it names are taken as they stand, and kohya's cannot be read */
  readonly model?: LoraModel | null;
}

/** A module as the file has it: the keys of its parts. */
interface Found {
  readonly component: LoraComponent;
  readonly module: string;
  readonly flat: boolean;
  readonly keys: { [P in LoraPart]?: string };
}

/** @throws StudioError `lora`, a sentence that says what else the file is, or what it lacks. */
export async function readLora(file: Safetensors, { config = null, model = null }: Beside = {}): Promise<Lora> {
  if (file.tensors.size === 0) refuseLora("The file holds no tensors, and a LoRA adapter was expected");
  explainKeys(file.tensors.keys());
  const { found, strange, spelling } = takeApart(file);
  for (const each of found) checkWidth(file, each, model);
  const resolve = resolver(model);
  const components: { [C in LoraComponent]: Map<string, LoraModule> } = { unet: new Map(), text_encoder: new Map() };
  const foreign: string[] = [];
  for (const each of found) {
    const { a, b } = factorShapes(file, each);
    const place = resolve(each);
    const shapes = place && (place.weight ? fitted(a, b, place.weight) : { a, b });
    if (!place || !shapes) {
      foreign.push(each.module);
      continue;
    }
    const modules = components[each.component];
    if (modules.has(place.module))
      refuseLora(`The file has factors for "${place.module}" twice, and once was expected`);
    const settings = config ?? fromMetadata(file.metadata.get(metadataKey), each.component);
    modules.set(place.module, await readModule(file, { ...each, module: place.module }, shapes, settings));
  }
  if (foreign.length === found.length)
    refuseLora(`None of the LoRA's ${found.length} modules is of this model (such as "${foreign[0]}")`);
  return {
    spelling,
    modules: components.unet,
    textEncoder: components.text_encoder,
    leftOut: inWords(foreign, found.length, strange),
  };
}

function takeApart(file: Safetensors): { found: Found[]; strange: string[]; spelling: LoraSpelling } {
  const found = new Map<string, Found>();
  const spellings = new Map<string, LoraSpelling>();
  let peft = true;
  const strange: string[] = [];
  for (const key of file.tensors.keys()) {
    const parsed = parseLoraKey(key);
    if (!parsed) {
      strange.push(key);
      continue;
    }
    const { component, module, flat, part, spelling } = parsed;
    if (spelling) spellings.set(JSON.stringify(spelling), spelling);
    else if (part !== "alpha") peft = false;
    const name = `${component} ${flat ? "flat" : ""} ${module}`;
    const each: Found = found.get(name) ?? { component, module, flat, keys: {} };
    if (each.keys[part] !== undefined) refuseLora(`"${module}" has two tensors for ${part}, and one was expected`);
    each.keys[part] = key;
    found.set(name, each);
  }
  const [first, other] = spellings.values();
  if (other) return refuseLora("The adapter mixes two ways to spell its keys, and one was expected");
  const whole: Found[] = [];
  for (const each of found.values()) {
    const { down, up, alpha } = each.keys;
    if (down !== undefined && up !== undefined) whole.push(each);
    else if (down === undefined && up === undefined) strange.push(alpha as string);
    else refuseLora(`"${each.module}" has ${down ?? up} alone, and a pair of factors was expected`);
  }
  if (whole.length === 0)
    return refuseLora(`The file has no LoRA's factors; its first tensor is "${[...file.tensors.keys()][0]}"`);
  return { found: whole, strange, spelling: peft && first ? first : plainSpelling };
}

const shapeOf = (file: Safetensors, key: string | undefined): Shape => file.tensors.get(key ?? "")?.shape ?? [];

/** The text's width in cross-attention says for which family a LoRA was made. */
function checkWidth(file: Safetensors, { component, module, keys }: Found, model: LoraModel | null): void {
  if (component !== "unet" || !/(^|[._])attn2[._]to_k$/.test(module)) return;
  const own = [...(model?.unet.shapes ?? [])].find(([name]) => name.endsWith(".attn2.to_k"))?.[1][1];
  explainWidth(shapeOf(file, keys.down)[1] ?? 0, own ?? null);
}

/** Checks what holds whatever the model is. */
function factorShapes(file: Safetensors, { module, keys }: Found): { readonly a: Shape; readonly b: Shape } {
  const [a, b] = [shapeOf(file, keys.down), shapeOf(file, keys.up)];
  const convolution = a.length === 4 && b.length === 4 && b[2] === 1 && b[3] === 1;
  const linear = a.length === 2 && b.length === 2;
  if (!(linear || convolution) || sizeOf(a) === 0 || b[1] !== a[0])
    refuseLora(`"${module}" has factors [${a.join(",")}] and [${b.join(",")}], and [r,in] and [out,r] were expected`);
  return { a, b };
}

/** The shapes that this weight's factors have, if they are of its size: a 1x1 convolution is a linear, and so are its factors. */
function fitted(a: Shape, b: Shape, weight: Shape): { readonly a: Shape; readonly b: Shape } | null {
  const trimmed = (shape: Shape) => shape.join().replace(/(,1)+$/, "");
  const own = loraShapes(weight, a[0] as number);
  return trimmed(own.a) === trimmed(a) && trimmed(own.b) === trimmed(b) ? own : null;
}

interface Place {
  readonly module: string;
  /** the shape of its weight; null where the model is not known */
  readonly weight: Shape | null;
}

function resolver(model: LoraModel | null): (found: Found) => Place | null {
  const lookups = { unet: lookup(model?.unet ?? null), text_encoder: lookup(model?.text_encoder ?? null) };
  return ({ component, module, flat }) => {
    if (flat && !model)
      return refuseLora(`"${module}" is kohya's name, which can only be read beside the model that it is for`);
    return lookups[component](module, flat);
  };
}

/** Some files leave a text encoder's `text_model.` out. */
function lookup(targets: LoraTargets | null): (module: string, flat: boolean) => Place | null {
  if (!targets) return (module) => ({ module, weight: null });
  return (module, flat) => {
    for (const name of flat ? [targets.flat.get(module)] : [module, `text_model.${module}`]) {
      const weight = targets.shapes.get(name ?? "");
      if (name && weight) return { module: name, weight };
    }
    return null;
  };
}

async function readModule(
  file: Safetensors,
  { module, keys }: Found,
  shapes: { readonly a: Shape; readonly b: Shape },
  config: JsonObject,
): Promise<LoraModule> {
  const factor = async (key: string | undefined, shape: Shape): Promise<LoraFactor> => {
    const tensor = await file.read(key as string);
    return { shape, data: fractions(module, tensor) };
  };
  const rank = shapes.a[0] as number;
  const alpha = keys.alpha === undefined ? alphaOf(module, rank, config) : scalar(module, await file.read(keys.alpha));
  return {
    rank,
    alpha: alpha === 0 ? rank : alpha,
    a: await factor(keys.down, shapes.a),
    b: await factor(keys.up, shapes.b),
  };
}

function fractions(module: string, tensor: FileTensor): Float32Array {
  if (tensor.dtype !== "F32" && tensor.dtype !== "F16")
    return refuseLora(`"${module}" is stored as ${tensor.dtype}, and numbers with a fraction were expected`);
  return toFloat32(tensor);
}

function scalar(module: string, tensor: FileTensor): number {
  const [value, ...more] = toFloat32(tensor);
  if (value === undefined || more.length > 0 || !Number.isFinite(value))
    return refuseLora(`The alpha of "${module}" is not one number, and one was expected`);
  return value;
}

/** Without a word, alpha = rank. rslora scales by alpha / sqrt(r) = (alpha sqrt(r)) / r. */
function alphaOf(module: string, rank: number, config: JsonObject): number {
  if (config["use_dora"] === true)
    refuseLora("This is a DoRA (use_dora), which also scales weights, and a LoRA was expected");
  const patterns = Object.entries(isJsonObject(config["alpha_pattern"]) ? config["alpha_pattern"] : {});
  const pattern = patterns.find(([end]) => module === end || module.endsWith(`.${end}`));
  const alpha = pattern?.[1] ?? config["lora_alpha"];
  if (typeof alpha !== "number" || !Number.isFinite(alpha) || alpha === 0) return rank;
  return config["use_rslora"] === true ? alpha * Math.sqrt(rank) : alpha;
}

/** diffusers writes each component's configuration into one object, with its name in front: "unet.lora_alpha". */
function fromMetadata(json: string | undefined, component: LoraComponent): JsonObject {
  if (json === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return refuseLora(`The metadata ${metadataKey} are not JSON`);
  }
  if (!isJsonObject(value)) return refuseLora(`The metadata ${metadataKey} are not an object`);
  const all = value;
  const start = `${component}.`;
  const names = ["lora_alpha", "alpha_pattern", "use_rslora", "use_dora"];
  return Object.fromEntries(
    names.map((name) => [name, Object.hasOwn(all, start + name) ? all[start + name] : all[name]]),
  );
}

function inWords(foreign: readonly string[], of: number, strange: readonly string[]): string[] {
  const some = (names: readonly string[]) =>
    names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  const sentences: string[] = [];
  if (foreign.length > 0)
    sentences.push(`${foreign.length} of ${of} modules are of another model and left out: ${some(foreign)}.`);
  if (strange.length > 0)
    sentences.push(`${strange.length} tensors are no part of a LoRA and left out: ${some(strange)}.`);
  return sentences;
}
