/**
 * @file Opens the ONNX export of a Stable Diffusion 1.x model in Optimum's layout, or in that of diffusers' older exports: the same
 * configurations and weights as the diffusers folder that it was made from. The autoencoder is in two files, one a half.
 */
import { StudioError } from "../lib/errors.ts";
import type { TensorData } from "../lib/tensor.ts";
import { expectedTensors, fitTensors, type Shapes } from "./expected-tensors.ts";
import type { JsonObject } from "./json-object.ts";
import type { Component, FileSystem, ModelTensor, ModelTensors } from "./model-folder.ts";
import { sd15Config } from "./sd15-config.ts";
import { type NamedTensor, type OnnxNames, onnxNames } from "./onnx-names.ts";
import { readOnnx } from "./onnx-proto.ts";
import { isFloat, type OnnxFile, onnxTensor, refuseQuantized } from "./onnx-tensors.ts";
import type { RandomAccess } from "./random-access.ts";
import { foreignKind } from "./tensor-kind.ts";

/** The folders of a component, and which tensors of it each has. */
const partsOf: { readonly [C in Component]: readonly { folder: string; owns: RegExp; prefix: string }[] } = {
  unet: [{ folder: "unet", owns: /^/, prefix: "" }],
  text_encoder: [{ folder: "text_encoder", owns: /^/, prefix: "" }],
  vae: [
    { folder: "vae_encoder", owns: /^(encoder|quant_conv)\./, prefix: "encoder." },
    { folder: "vae_decoder", owns: /^(decoder|post_quant_conv)\./, prefix: "decoder." },
  ],
};

const fileOf = (folder: string): string => `${folder}/model.onnx`;

/** By its files: weights as safetensors come first where a folder has both. */
export function isOnnxExport(files: ReadonlySet<string>): boolean {
  const parts = Object.values(partsOf).flat();
  return (
    parts.some(({ folder }) => files.has(fileOf(folder))) &&
    ![...files].some((file) => /^(unet|vae|text_encoder)\/[^/]+\.safetensors$/.test(file))
  );
}

/** The first config.json of a component that the folder has, or null: old exports have none. */
export function onnxConfigPath(files: ReadonlySet<string>, component: Component): string | null {
  const folders = [component, ...partsOf[component].map(({ folder }) => folder).reverse()];
  return folders.map((folder) => `${folder}/config.json`).find((path) => files.has(path)) ?? null;
}

export interface OnnxComponent {
  readonly config: JsonObject;
  readonly tensors: ModelTensors;
}

/** `config` null: SD-1.5's own is held against the tensors. `nameOf`: SD-1.5's name for a tensor that may have an old one.
 * @throws StudioError `model` with what is missing, quantized or of another kind, naming initializers that are no weight known. */
export async function openOnnx(
  picked: FileSystem,
  component: Component,
  config: JsonObject | null,
  nameOf: (stored: string) => string | null,
): Promise<OnnxComponent> {
  const fs = opensOnce(picked);
  const files = new Set(await fs.list());
  const used = config ?? sd15Config[component];
  const expected = expectedTensors(component, used);
  const all = new Map<string, ModelTensor>();
  for (const part of partsOf[component]) {
    const own = new Map([...expected].filter(([name]) => part.owns.test(name)));
    const path = fileOf(part.folder);
    if (!files.has(path)) refuse(`The ONNX export has no ${path}, and Optimum's layout was expected.`);
    const nameIn = (stored: string): string | null => nameAmong(own, candidates(stored, part.prefix, nameOf));
    const file = { path, source: await fs.open(path), fs, files };
    for (const [name, tensor] of await openPart(file, own, nameIn)) all.set(name, tensor);
  }
  return { config: used, tensors: all };
}

async function openPart(
  file: OnnxFile,
  expected: Shapes,
  nameIn: (stored: string) => string | null,
): Promise<ModelTensors> {
  const graph = await readOnnx(file.source, file.path);
  refuseQuantized(file.path, graph);
  const initializers = graph.initializers.filter(isFloat);
  const names = onnxNames({ ...graph, initializers }, expected, nameIn);
  const found = new Map<string, ModelTensor>();
  for (const [name, named] of names.named) found.set(name, await asStored(file, named));
  try {
    return fitTensors(file.path, found, expected);
  } catch (error) {
    const foreign = foreignKind(new Map([...found].map(([name, { shape }]) => [name, shape])));
    if (foreign) refuse(`${file.path} is ${foreign.words}, and Stable Diffusion 1.x was expected.`, foreign.hint);
    throw withUnnamed(error, names);
  }
}

/** Such an initializer is a table where nothing is missing, and may be what is missing otherwise. */
function withUnnamed(error: unknown, { unnamed }: OnnxNames): unknown {
  if (!(error instanceof StudioError) || unnamed.length === 0) return error;
  const shown = unnamed.slice(0, 3).map((name) => `"${name.slice(0, 120)}"`);
  const more = unnamed.length > shown.length ? `, and ${unnamed.length - shown.length} more` : "";
  return new StudioError(
    error.code,
    `${error.message} These initializers could not be named by the nodes that take them: ${shown.join(", ")}${more}.`,
    "An export that was optimized loses the names: take it as Optimum first wrote it, or the model's safetensors.",
  );
}

async function asStored(file: OnnxFile, { tensor, transposed }: NamedTensor): Promise<ModelTensor> {
  const stored = await onnxTensor(file, tensor);
  if (!transposed) return stored;
  const [rows, columns] = stored.shape as [number, number];
  return { ...stored, shape: [columns, rows], read: async () => transpose(await stored.read(), rows, columns) };
}

function transpose(data: TensorData, rows: number, columns: number): TensorData {
  if (!(data instanceof Float32Array || data instanceof Uint16Array)) return data;
  const out = data instanceof Float32Array ? new Float32Array(data.length) : new Uint16Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column] as number;
  }
  return out;
}

/** A wrapper's name may stand before the path, and a half's own may be missing. */
function candidates(
  stored: string,
  prefix: string,
  nameOf: (stored: string) => string | null,
): readonly (string | null)[] {
  const inner = stored.replace(/^(unet|vae|vae_encoder|vae_decoder|text_encoder|model)\./, "");
  return [stored, inner, `${prefix}${stored}`, `${prefix}${inner}`].map(nameOf);
}

/** A name that is none of the network's stays as it is: it is then reported. */
function nameAmong(expected: Shapes, names: readonly (string | null)[]): string | null {
  return names.find((name) => name !== null && expected.has(name)) ?? names[1] ?? null;
}

function opensOnce(fs: FileSystem): FileSystem {
  const opened = new Map<string, Promise<RandomAccess>>();
  const open = (path: string): Promise<RandomAccess> => {
    const access = opened.get(path) ?? fs.open(path);
    opened.set(path, access);
    return access;
  };
  return { list: () => fs.list(), open };
}

function refuse(message: string, hint?: string): never {
  throw new StudioError("model", message, hint);
}
