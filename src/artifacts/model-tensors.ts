/** @file The tensors of one component, out of one safetensors file or several, under their names in the model. */
import { StudioError } from "../lib/errors.ts";
import type { DType, TensorData } from "../lib/tensor.ts";
import { allFinite } from "./finite.ts";
import type { ModelTensor, ModelTensors } from "./model-folder.ts";
import { type Safetensors, studioDType } from "./safetensors.ts";
import type { FileDType } from "./safetensors-header.ts";

export interface Source {
  /** for errors */
  readonly path: string;
  readonly file: Safetensors;
}

/**
 * `nameOf`: the name in the model, or null for what is no weight of it.
 * @throws StudioError `model` for a name that comes twice and for weights that are whole numbers or below 16 bits; when one is read,
 * for values that are NaN or infinite.
 */
export function modelTensors(sources: readonly Source[], nameOf: (stored: string) => string | null): ModelTensors {
  const tensors = new Map<string, ModelTensor>();
  for (const { path, file } of sources) {
    for (const [stored, info] of file.tensors) {
      const name = nameOf(stored);
      if (name === null) continue;
      if (tensors.has(name)) refuse(`${path} holds "${name}", which the model already has.`);
      const dtype = floatDType(info.dtype);
      if (!dtype) return refuse(`${path} stores "${stored}" as ${info.dtype}, and F32, F16, BF16 or F64 was expected.`);
      const read = async (): Promise<TensorData> => finite((await file.read(stored)).data, `${path} holds "${stored}"`);
      const place = { path, dtype: info.dtype, offset: info.offset, bytes: info.bytes };
      tensors.set(name, { dtype, shape: info.shape, read, place });
    }
  }
  return tensors;
}

function refuse(message: string): never {
  throw new StudioError("model", message);
}

/** One weight that is no number spoils every picture. */
function finite(data: TensorData, holds: string): TensorData {
  if (!allFinite(data)) refuse(`${holds} with values that are NaN or infinite, which no model can use.`);
  return data;
}

function floatDType(dtype: FileDType): DType | null {
  if (dtype === "F32" || dtype === "F16") return studioDType[dtype];
  return dtype === "BF16" || dtype === "F64" ? "float32" : null;
}
