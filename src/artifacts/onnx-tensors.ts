/** @file The weights of one ONNX file, each read when it is asked for, from the file itself or from its external data. */
import { StudioError } from "../lib/errors.ts";
import { sizeOf, type TensorData } from "../lib/tensor.ts";
import { allFinite } from "./finite.ts";
import type { FileSystem, ModelTensor } from "./model-folder.ts";
import type { OnnxGraph, OnnxTensor } from "./onnx-proto.ts";
import type { Range } from "./onnx-wire.ts";
import type { RandomAccess } from "./random-access.ts";
import { decode } from "./safetensors.ts";
import { type FileDType, fileBytes } from "./safetensors-header.ts";

/** TensorProto.DataType of floats; the others are counters and masks. */
const floats: { readonly [dataType: number]: FileDType } = { 1: "F32", 10: "F16", 11: "F64", 16: "BF16" };
/** int8 and uint8, the 4-bit integers, and the 8-bit and 4-bit floats */
const narrow = new Set([2, 3, 17, 18, 19, 20, 21, 22, 23]);
const quantizing = /^(Dynamic)?QuantizeLinear$|^DequantizeLinear$|^QLinear|Integer$|NBits$|^QAttention$/;

function refuse(message: string, hint?: string): never {
  throw new StudioError("model", message, hint);
}

/** @throws StudioError `model` for quantized weights. */
export function refuseQuantized(path: string, { nodes, initializers }: OnnxGraph): void {
  const node = nodes.find(({ op }) => quantizing.test(op));
  const tensor = initializers.find(({ dataType }) => narrow.has(dataType));
  const mark = node ? `a ${node.op} node` : tensor && `"${tensor.name}" in 8 bits or fewer`;
  if (!mark) return;
  refuse(
    `${path} is a quantized export (it has ${mark}), and weights of 16 or 32 bits were expected.`,
    "Nothing was changed. Take the export before it was quantized, or the model's safetensors.",
  );
}

/** One ONNX file in its folder. */
export interface OnnxFile {
  readonly path: string;
  readonly source: RandomAccess;
  readonly fs: FileSystem;
  readonly files: ReadonlySet<string>;
}

export const isFloat = ({ dataType }: OnnxTensor): boolean => floats[dataType] !== undefined;

/** @throws StudioError `model` where its bytes are missing or not as many as its shape says; when read, for NaN and infinity. */
export async function onnxTensor(file: OnnxFile, tensor: OnnxTensor): Promise<ModelTensor> {
  const { name, dims, dataType } = tensor;
  const dtype = floats[dataType] ?? refuse(`${file.path} stores "${name}" as whole numbers, and floats were expected.`);
  const count = sizeOf(dims);
  const bytes = count * fileBytes[dtype];
  if (!Number.isSafeInteger(bytes))
    refuse(`"${name}" in ${file.path} has the shape [${dims.join()}], which is not possible.`);
  const info = { dtype, shape: dims, offset: 0, bytes };
  const fetch = tensor.int32 ? packedBits(file, tensor.int32, name, count) : await plainBytes(file, tensor, bytes);
  const read = async (): Promise<TensorData> => {
    const found = await fetch();
    if (found.length !== bytes) refuse(`${file.path} ended while "${name}" was read.`);
    const { data } = decode(info, found, file.path);
    if (!allFinite(data))
      refuse(`${file.path} holds "${name}" with values that are NaN or infinite, which no model can use.`);
    return data;
  };
  return { dtype: dtype === "F16" ? "float16" : "float32", shape: dims, read };
}

type Fetch = () => Promise<Uint8Array<ArrayBuffer>>;

async function plainBytes(file: OnnxFile, tensor: OnnxTensor, bytes: number): Promise<Fetch> {
  const { source, range, where } = tensor.external
    ? await externalRange(file, tensor.external, tensor.name, bytes)
    : { source: file.source, range: tensor.raw ?? { start: 0, length: 0 }, where: file.path };
  if (range.length !== bytes)
    refuse(
      `"${tensor.name}" has ${range.length} bytes in ${where}, and its shape [${tensor.dims.join()}] needs ${bytes}.`,
    );
  return () => source.read(range.start, range.length);
}

/** float16 and bfloat16 without raw_data: the bits of each as a varint. */
function packedBits({ source, path }: OnnxFile, range: Range, name: string, count: number): Fetch {
  if (count > range.length) refuse(`"${name}" in ${path} has ${range.length} bytes for ${count} numbers.`);
  return async () => {
    const packed = await source.read(range.start, range.length);
    const bits = new Uint16Array(count);
    let [filled, value, shift] = [0, 0, 0];
    for (const byte of packed) {
      value += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte > 127) continue;
      if (value > 0xffff) refuse(`"${name}" in ${path} holds ${value}, which is not the bits of a 16-bit float.`);
      if (filled < count) bits[filled] = value;
      [filled, value, shift] = [filled + 1, 0, 0];
    }
    if (filled !== count) refuse(`"${name}" in ${path} has ${filled} numbers, and its shape needs ${count}.`);
    return new Uint8Array(bits.buffer);
  };
}

async function externalRange(
  file: OnnxFile,
  entries: ReadonlyMap<string, string>,
  name: string,
  bytes: number,
): Promise<{ source: RandomAccess; range: Range; where: string }> {
  const where = externalPath(file.path, entries.get("location") ?? "", name);
  if (!file.files.has(where))
    refuse(
      `${file.path} keeps "${name}" in ${where}, which the folder does not have.`,
      "Nothing was changed. Fetch that file too and put it beside the model, under the same name.",
    );
  const source = await file.fs.open(where);
  const start = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? bytes);
  if (!Number.isSafeInteger(start) || start < 0 || !(start + length <= source.size))
    refuse(
      `"${name}" lies at byte ${start} of ${where} with ${length} bytes, and the file has ${source.size}.`,
      "The file may have been cut off while it was copied or downloaded: fetch it again.",
    );
  return { source, range: { start, length }, where };
}

/** Beside the model or below it, wherever the file's own words point. */
function externalPath(path: string, location: string, name: string): string {
  const parts = location.split("/").filter((part) => part !== ".");
  if (/[\\:\0]/.test(location) || parts.some((part) => part === "" || part === ".."))
    refuse(
      `${path} keeps "${name}" in ${JSON.stringify(location.slice(0, 120))}, which is not a path below its folder.`,
      "Nothing outside of the folder was read.",
    );
  return [...path.split("/").slice(0, -1), ...parts].join("/");
}
