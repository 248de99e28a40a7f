/** @file Weights on their way into a file: read one at a time, in the type that the file keeps them in. */
import { required, StudioError } from "../lib/errors.ts";
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import type { TensorData } from "../lib/tensor.ts";
import type { ReadWeight } from "./lora-merge.ts";
import type { LoraComponent } from "./lora-names.ts";
import type { Component, ModelFolder } from "./model-folder.ts";
import type { PromisedTensor } from "./safetensors.ts";

/** Half the bytes, rounded once; or all bits. */
export type SavedDType = "F16" | "F32";

/** A model of which some components have other weights than it came with. */
export interface TrainedModel {
  readonly folder: ModelFolder;
  /** in place of the folder's, by the same names; a component that is not here is as it came */
  readonly trained: { readonly [C in LoraComponent]?: ReadWeight };
}

/** The weights as they came. */
export function ownWeights({ tensors }: Pick<ModelFolder, "tensors">, component: Component): ReadWeight {
  return async (name) => required(tensors[component]?.get(name), `${component}'s "${name}"`).read();
}

/** By diffusers' names. */
export function savedWeights(
  { folder, trained }: TrainedModel,
  component: Component,
  dtype: SavedDType,
): Map<string, PromisedTensor> {
  const other = component === "vae" ? undefined : trained[component];
  const read = other ?? ownWeights(folder, component);
  const tensors = required(folder.tensors[component], component);
  return new Map(
    [...tensors].map(([name, { shape }]) => [
      name,
      { dtype, shape, read: async () => inType(name, await read(name), dtype) },
    ]),
  );
}

/** @throws StudioError `export` for a number that float16 cannot hold. */
function inType(name: string, data: TensorData, dtype: SavedDType): TensorData {
  if (dtype === "F32") return data instanceof Uint16Array ? fromFloat16Array(data) : data;
  if (data instanceof Uint16Array) return data;
  const halves = toFloat16Array(data as Float32Array);
  // in float16 the exponent of infinity
  if (halves.some((half) => (half & 0x7c00) === 0x7c00))
    throw new StudioError(
      "export",
      `"${name}" has numbers above 65504, which float16 cannot hold.`,
      "Export it as float32.",
    );
  return halves;
}
