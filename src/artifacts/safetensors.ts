/** @file Reads and writes safetensors files: a length, a JSON header, and the tensors' bytes without a gap. */
import { assert, StudioError } from "../lib/errors.ts";
import { fromFloat16Array } from "../lib/float16.ts";
import { type DType, sizeOf, type TensorData, viewOf } from "../lib/tensor.ts";
import { tellingBytes } from "./foreign-file.ts";
import type { RandomAccess } from "./random-access.ts";
import {
  type FileDType,
  fileBytes,
  type Header,
  headerLength,
  parseHeader,
  refuse,
  type TensorInfo,
} from "./safetensors-header.ts";
import type { StreamedFile } from "./streamed-file.ts";

/** The element types that the studio keeps: what it writes, and what `read` gives. */
export type StoredDType = "F32" | "F16" | "I32" | "I64" | "BOOL" | "U8";

/** U8 is plain bytes, which no program takes; its array is that of bool. */
export const studioDType: { readonly [D in StoredDType]: DType } = {
  F32: "float32",
  F16: "float16",
  I32: "int32",
  I64: "int64",
  BOOL: "bool",
  U8: "bool",
};

/** F64 and BF16 become float32 when read; what is missing here is refused when read. */
const readAs: { readonly [D in FileDType]?: StoredDType } = {
  F64: "F32",
  BF16: "F32",
  F32: "F32",
  F16: "F16",
  I32: "I32",
  I64: "I64",
  BOOL: "BOOL",
  U8: "U8",
};

export interface FileTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** F16 as bits in a Uint16Array */
  readonly data: TensorData;
}

export interface Safetensors extends Header {
  /** @throws StudioError `safetensors` where the file has no such tensor or ends early. */
  read(name: string): Promise<FileTensor>;
}

/** Reads the header only. `label` names the file in errors. */
export async function openSafetensors(source: RandomAccess, label = "The file"): Promise<Safetensors> {
  const length = headerLength(await source.read(0, Math.min(tellingBytes, source.size)), source.size, label);
  const header = parseHeader(await source.read(8, length), source.size, label);
  return {
    ...header,
    read: async (name) => {
      const info = header.tensors.get(name);
      if (!info) throw new StudioError("safetensors", `${label} has no tensor "${name}".`);
      const bytes = await source.read(info.offset, info.bytes);
      if (bytes.length !== info.bytes) refuse(label, `it ended while "${name}" was read`);
      return decode(info, bytes, label);
    },
  };
}

/** Every tensor of a file that is in memory, in copies. */
export function parseSafetensors(
  bytes: Uint8Array,
  label = "The file",
): { metadata: ReadonlyMap<string, string>; tensors: Map<string, FileTensor> } {
  const length = headerLength(bytes.subarray(0, tellingBytes), bytes.length, label);
  const header = parseHeader(bytes.subarray(8, 8 + length), bytes.length, label);
  const tensors = new Map<string, FileTensor>();
  for (const [name, info] of header.tensors) {
    tensors.set(name, decode(info, new Uint8Array(bytes.subarray(info.offset, info.offset + info.bytes)), label));
  }
  return { metadata: header.metadata, tensors };
}

export function decode(info: TensorInfo, bytes: Uint8Array<ArrayBuffer>, label: string): FileTensor {
  const dtype = readAs[info.dtype];
  if (!dtype) {
    const expected = Object.keys(readAs).join(", ");
    throw new StudioError("safetensors", `${label} stores ${info.dtype}, and one of ${expected} was expected.`);
  }
  const { shape } = info;
  const count = sizeOf(shape);
  const { buffer, byteOffset } = bytes.byteOffset % fileBytes[info.dtype] === 0 ? bytes : bytes.slice();
  if (info.dtype === "F64")
    return { dtype, shape, data: new Float32Array(new Float64Array(buffer, byteOffset, count)) };
  if (info.dtype === "BF16") return { dtype, shape, data: fromBfloat16(new Uint16Array(buffer, byteOffset, count)) };
  return { dtype, shape, data: viewOf(studioDType[dtype], buffer, byteOffset, count) };
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return new Float32Array(words.buffer);
}

/** Any tensor of a file as float32; a float32 tensor's own array. */
export function toFloat32({ dtype, data }: FileTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  return dtype === "F16" ? fromFloat16Array(data as Uint16Array) : Float32Array.from(data, Number);
}

/** A tensor that is still to be read. */
export interface PromisedTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** of this type and shape */
  read(): Promise<TensorData>;
}

type Described = Pick<FileTensor, "dtype" | "shape">;
type Metadata = Readonly<Record<string, string>>;

const bytesOf = ({ dtype, shape }: Described): number => sizeOf(shape) * fileBytes[dtype];

const asBytes = ({ buffer, byteOffset, byteLength }: TensorData): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

function checkData(name: string, tensor: Described, data: TensorData): void {
  const { dtype, shape } = tensor;
  assert(
    data.byteLength === bytesOf(tensor),
    `"${name}" has ${data.byteLength} bytes, not those of ${dtype}[${shape.join(",")}]`,
  );
}

/** Larger elements first, then by name, so that every tensor is aligned without a gap. */
function inOrder<T extends Described>(tensors: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...tensors].sort(
    ([a, x], [b, y]) => fileBytes[y.dtype] - fileBytes[x.dtype] || compare(x.dtype, y.dtype) || compare(a, b),
  );
}

/** What stands before the tensors' bytes: the length, and the header padded to a multiple of 8. */
function headerOf(sorted: readonly (readonly [string, Described])[], metadata: Metadata): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let offset = 0;
  for (const [name, tensor] of sorted) {
    assert(name !== "__metadata__", "a tensor is named __metadata__");
    const { dtype, shape } = tensor;
    header.push([name, { dtype, shape, data_offsets: [offset, offset + bytesOf(tensor)] }]);
    offset += bytesOf(tensor);
  }
  // written by hand: an object would move the key "0" to the front and lose "__proto__"
  const json = `{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(text, 8);
  return bytes;
}

export function writeSafetensors(
  tensors: ReadonlyMap<string, FileTensor>,
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> {
  const sorted = inOrder(tensors);
  for (const [name, tensor] of sorted) checkData(name, tensor, tensor.data);
  const header = headerOf(sorted, metadata);
  const file = new Uint8Array(sorted.reduce((size, [, tensor]) => size + bytesOf(tensor), header.length));
  file.set(header);
  let at = header.length;
  for (const [, { data }] of sorted) {
    file.set(asBytes(data), at);
    at += data.byteLength;
  }
  return file;
}

export interface StreamedSafetensors extends StreamedFile {
  /** where each will lie */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** The same file; tensors are read one at a time, when it is their turn. */
export function streamSafetensors(
  tensors: ReadonlyMap<string, PromisedTensor>,
  metadata: Metadata = {},
): StreamedSafetensors {
  const sorted = inOrder(tensors);
  const header = headerOf(sorted, metadata);
  const places = new Map<string, TensorInfo>();
  let size = header.length;
  for (const [name, tensor] of sorted) {
    const { dtype, shape } = tensor;
    places.set(name, { dtype, shape, offset: size, bytes: bytesOf(tensor) });
    size += bytesOf(tensor);
  }
  return {
    size,
    tensors: places,
    async *chunks() {
      yield header;
      for (const [name, tensor] of sorted) {
        const data = await tensor.read();
        checkData(name, tensor, data);
        yield asBytes(data);
      }
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
