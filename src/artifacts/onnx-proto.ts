/**
 * @file Reads what an ONNX file says of its weights, and where they lie, without the weights: fields that are not needed, and every
 * tensor's bytes, are skipped by their lengths. Fields: onnx.proto (ModelProto, GraphProto, NodeProto, TensorProto); wire: protobuf encoding.
 */
import { StudioError } from "../lib/errors.ts";
import { type Field, fieldsOf, numberOf, ProtoWindow, type Range, textOf } from "./onnx-wire.ts";
import type { RandomAccess } from "./random-access.ts";

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType */
  readonly dataType: number;
  /** raw_data or packed float_data and double_data: little-endian numbers in the model's own file */
  readonly raw: Range | null;
  /** packed int32_data: a varint for each number, or for the bits of each float16 or bfloat16 */
  readonly int32: Range | null;
  /** external_data's entries (location, offset, length), where the numbers lie in another file */
  readonly external: ReadonlyMap<string, string> | null;
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** the path of the module that it was made from, where torch's newer exporter says so; "" elsewhere */
  readonly scope: string;
  /** Gemm's transB */
  readonly transB: boolean;
}

export interface OnnxGraph {
  readonly initializers: readonly OnnxTensor[];
  readonly nodes: readonly OnnxNode[];
}

/** @throws StudioError `model` where the file is no ONNX model, damaged, or cut off. */
export async function readOnnx(source: RandomAccess, path: string): Promise<OnnxGraph> {
  const window = new ProtoWindow(source, path);
  const initializers: OnnxTensor[] = [];
  const nodes: OnnxNode[] = [];
  let graphs = 0;
  for await (const model of fieldsOf(window, { start: 0, length: source.size })) {
    if (model.field !== 7) continue;
    graphs++;
    for await (const field of fieldsOf(window, rangeOf(window, model))) {
      if (field.field === 1) nodes.push(await readNode(window, rangeOf(window, field)));
      if (field.field === 5) initializers.push(await readTensor(window, rangeOf(window, field)));
    }
  }
  if (graphs !== 1)
    throw new StudioError("model", `${path} is no ONNX model: it has ${graphs} graphs, and one was expected.`);
  return { initializers, nodes };
}

function rangeOf(window: ProtoWindow, { field, range }: Field): Range {
  return range ?? window.refuse(`field ${field} is a number`);
}

async function readNode(window: ProtoWindow, within: Range): Promise<OnnxNode> {
  const node = { name: "", op: "", inputs: [] as string[], outputs: [] as string[], scope: "", transB: false };
  for await (const field of fieldsOf(window, within)) {
    if (field.field === 1) node.inputs.push(await textOf(window, field));
    if (field.field === 2) node.outputs.push(await textOf(window, field));
    if (field.field === 3) node.name = await textOf(window, field);
    if (field.field === 4) node.op = await textOf(window, field);
    if (field.field === 9) node.scope ||= await scopeOf(window, rangeOf(window, field));
    if (field.field === 5) node.transB ||= await isTransB(window, rangeOf(window, field));
  }
  return node;
}

/** Of "['', 'mid_block', 'mid_block.resnets.0', 'conv2d']" the last but one: the last is the call in that module. */
async function scopeOf(window: ProtoWindow, within: Range): Promise<string> {
  let key = "";
  for await (const field of fieldsOf(window, within)) {
    if (field.field === 1) key = await textOf(window, field);
    if (field.field === 2 && key === "pkg.torch.onnx.name_scopes") {
      const scopes = [...(await textOf(window, field)).matchAll(/'([^']*)'/g)].map(([, scope]) => scope ?? "");
      return scopes.at(-2) ?? "";
    }
  }
  return "";
}

async function isTransB(window: ProtoWindow, within: Range): Promise<boolean> {
  let name = "";
  let value = 0;
  for await (const field of fieldsOf(window, within)) {
    if (field.field === 1) name = await textOf(window, field);
    if (field.field === 3) value = numberOf(window, field);
  }
  return name === "transB" && value !== 0;
}

async function readTensor(window: ProtoWindow, within: Range): Promise<OnnxTensor> {
  let name = "";
  let dataType = 0;
  let outside = false;
  const dims: number[] = [];
  const external = new Map<string, string>();
  const packed: { raw: Range | null; int32: Range | null } = { raw: null, int32: null };
  const place = (kind: "raw" | "int32", field: Field): void => {
    if (packed[kind] || !field.range) window.refuse(`"${name}" is in several pieces`);
    packed[kind] = field.range;
  };
  for await (const field of fieldsOf(window, within)) {
    if (field.field === 1) dims.push(...(await dimsOf(window, field)));
    if (field.field === 2) dataType = numberOf(window, field);
    if (field.field === 4 || field.field === 9 || field.field === 10) place("raw", field);
    if (field.field === 5) place("int32", field);
    if (field.field === 8) name = await textOf(window, field);
    if (field.field === 13) external.set(...(await entryOf(window, rangeOf(window, field))));
    if (field.field === 14) outside = numberOf(window, field) === 1;
  }
  return { name, dims, dataType, ...packed, external: outside ? external : null };
}

/** One a field, or all of them packed in one. */
async function dimsOf(window: ProtoWindow, field: Field): Promise<readonly number[]> {
  if (!field.range) return [field.value];
  const dims: number[] = [];
  const { start, length } = field.range;
  for (let at = start; at < start + length; ) {
    const { value, next } = await window.varint(at, start + length);
    dims.push(value);
    at = next;
  }
  return dims;
}

async function entryOf(window: ProtoWindow, within: Range): Promise<[string, string]> {
  const entry: [string, string] = ["", ""];
  for await (const field of fieldsOf(window, within)) {
    if (field.field === 1) entry[0] = await textOf(window, field);
    if (field.field === 2) entry[1] = await textOf(window, field);
  }
  return entry;
}
