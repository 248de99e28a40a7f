/**
 * @file The header of a safetensors file, believed only after every check: sizes, element types, no overlap, no hole, no tail.
 * Matches: https://github.com/huggingface/safetensors (its checks and ours: repeated names, counts, ranks, name lengths).
 */
import { StudioError } from "../lib/errors.ts";
import { foreignFile } from "./foreign-file.ts";
import { parseStrictJson, type StrictJson, type StrictObject } from "./strict-json.ts";

/** Bytes an element, for every type that the format knows and whose elements are whole bytes. */
// biome-ignore format: one row a size
export const fileBytes = {
  BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1,
  F16: 2, BF16: 2, I16: 2, U16: 2,
  F32: 4, I32: 4, U32: 4,
  F64: 8, I64: 8, U64: 8,
} as const;

export type FileDType = keyof typeof fileBytes;

export interface TensorInfo {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  /** first byte in the file */
  readonly offset: number;
  readonly bytes: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** in the order of their bytes */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

const maxHeaderBytes = 16 * 2 ** 20;
const maxTensors = 20_000;
const maxNameLength = 512;
const maxRank = 8;

export function refuse(label: string, fault: string, hint?: string): never {
  throw new StudioError("safetensors", `${label} is not a valid safetensors file: ${fault}.`, hint);
}

const cutOff = "It may have been cut off while it was copied or downloaded: fetch it again.";

/** Bytes of the header's JSON, from the file's first bytes (8 are needed, 24 tell what else it may be) and its size. */
export function headerLength(first: Uint8Array, fileSize: number, label: string): number {
  if (first.length < 8) refuse(label, `it has ${first.length} bytes, and the format begins with 8`);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  // what is no safetensors file claims a header of terabytes, so that no good file is taken for something else
  const foreign = length > BigInt(maxHeaderBytes) ? foreignFile(first) : null;
  if (foreign)
    throw new StudioError(
      "safetensors",
      `${label} is ${foreign.words}; a safetensors file was expected.`,
      foreign.hint,
    );
  if (length > BigInt(maxHeaderBytes)) refuse(label, `its header claims ${length} bytes, and at most 16 MB are read`);
  if (8n + length > BigInt(fileSize))
    refuse(label, `its header claims ${length} bytes, and the file has ${fileSize}`, cutOff);
  return Number(length);
}

export function parseHeader(json: Uint8Array, fileSize: number, label: string): Header {
  const object = parseObject(json, label);
  if (object.size > maxTensors) refuse(label, `it names ${object.size} tensors, and at most ${maxTensors} are read`);
  const metadata = parseMetadata(object.get("__metadata__"), label);
  const start = 8 + json.length;
  const entries: { name: string; info: TensorInfo }[] = [];
  for (const [name, value] of object) {
    if (name !== "__metadata__") entries.push({ name, info: parseInfo(name, value, start, fileSize, label) });
  }
  // zero-sized tensors share their offset with the next one
  entries.sort((a, b) => a.info.offset - b.info.offset || a.info.bytes - b.info.bytes);
  let end = start;
  for (const { name, info } of entries) {
    if (info.offset < end) refuse(label, `"${name}" overlaps another tensor`);
    if (info.offset > end) refuse(label, `${info.offset - end} bytes before "${name}" belong to no tensor`);
    end = info.offset + info.bytes;
  }
  if (end < fileSize) refuse(label, `its last ${fileSize - end} bytes belong to no tensor`);
  return { metadata, tensors: new Map(entries.map(({ name, info }) => [name, info])) };
}

function parseObject(json: Uint8Array, label: string): StrictObject {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    return refuse(label, "its header is not UTF-8");
  }
  try {
    const value = parseStrictJson(text, 4);
    if (value instanceof Map) return value;
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    refuse(label, `its header is not JSON (${error.message.replace(/\.$/, "")})`);
  }
  return refuse(label, "its header is not a JSON object");
}

function parseMetadata(value: StrictJson | undefined, label: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!(value instanceof Map)) return refuse(label, "its __metadata__ is not an object");
  for (const [key, text] of value as StrictObject) {
    if (typeof text !== "string") return refuse(label, `its __metadata__ "${key}" is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

function parseInfo(name: string, value: StrictJson, start: number, fileSize: number, label: string): TensorInfo {
  const quoted = `"${name.slice(0, 80)}"`;
  if (name.length > maxNameLength)
    refuse(label, `the name ${quoted}… has ${name.length} characters, and at most ${maxNameLength} are read`);
  if (!(value instanceof Map)) return refuse(label, `${quoted} is not an object`);
  const info = value as StrictObject;
  for (const key of info.keys()) {
    if (!["dtype", "shape", "data_offsets"].includes(key))
      refuse(label, `${quoted} has an unknown field "${key.slice(0, 80)}"`);
  }
  const dtype = info.get("dtype");
  if (typeof dtype !== "string" || !Object.hasOwn(fileBytes, dtype)) {
    return refuse(
      label,
      `${quoted} has the unknown element type ${typeof dtype === "string" ? dtype.slice(0, 20) : "(none)"}`,
    );
  }
  const shape = naturals(info.get("shape"));
  if (!shape) return refuse(label, `the shape of ${quoted} is not a list of whole numbers`);
  if (shape.some((dim) => dim > Number.MAX_SAFE_INTEGER))
    refuse(label, `the shape of ${quoted} has a dimension above 2^53`);
  if (shape.length > maxRank)
    refuse(label, `${quoted} has ${shape.length} dimensions, and at most ${maxRank} are read`);
  const [begin, end, ...more] = naturals(info.get("data_offsets")) ?? [];
  if (begin === undefined || end === undefined || more.length > 0) {
    return refuse(label, `the data_offsets of ${quoted} are not two whole numbers`);
  }
  if (end < begin || BigInt(start) + end > BigInt(fileSize)) {
    refuse(
      label,
      `${quoted} lies at bytes ${begin} to ${end}, outside the file's ${Math.max(0, fileSize - start)} bytes of data`,
      end < begin ? undefined : cutOff,
    );
  }
  const expected = shape.reduce((product, dim) => product * dim, BigInt(fileBytes[dtype as FileDType]));
  if (end - begin !== expected) {
    refuse(label, `${quoted} is ${dtype}[${shape.join(",")}], which needs ${expected} bytes, and has ${end - begin}`);
  }
  return {
    dtype: dtype as FileDType,
    shape: shape.map(Number),
    offset: start + Number(begin),
    bytes: Number(end - begin),
  };
}

function naturals(value: StrictJson | undefined): readonly bigint[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((item) => typeof item === "bigint" && item >= 0n) ? (value as bigint[]) : null;
}
