/**
 * @file Which weight of the network each initializer of an ONNX export is. Exporters keep the module's path as the name unless they
 * changed the tensor: a linear layer's transposed matrix and a group norm's vectors are called `onnx::MatMul_1234`, and the path is then
 * that of the node that takes them, `/down_blocks.0/attentions.0/proj_in/MatMul`, or is in that node's metadata.
 */
import { sizeOf } from "../lib/tensor.ts";
import type { Shapes } from "./expected-tensors.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./onnx-proto.ts";

export interface NamedTensor {
  readonly tensor: OnnxTensor;
  /** stored as [in, out], the way MatMul takes it */
  readonly transposed: boolean;
}

export interface OnnxNames {
  readonly named: ReadonlyMap<string, NamedTensor>;
  /** initializers that have a weight's size and no weight's name */
  readonly unnamed: readonly string[];
}

interface Use {
  readonly node: OnnxNode;
  readonly input: number;
}

/** A weight's place among the inputs of the node that takes it. */
const ends: { readonly [op: string]: { readonly [input: number]: string } } = {
  MatMul: { 1: "weight" },
  Gemm: { 1: "weight", 2: "bias" },
  Conv: { 1: "weight", 2: "bias" },
  Gather: { 0: "weight" },
  LayerNormalization: { 1: "weight", 2: "bias" },
  Mul: { 0: "weight", 1: "weight" },
  Add: { 0: "bias", 1: "bias" },
};

/** `nameIn`: the network's name for a module's path and end as the export has them, or null where it has none such. */
export function onnxNames(
  { initializers, nodes }: OnnxGraph,
  expected: Shapes,
  nameIn: (stored: string) => string | null,
): OnnxNames {
  const uses = usesOf(nodes);
  const named = new Map<string, NamedTensor>();
  const left: OnnxTensor[] = [];
  const claim = (name: string | null, tensor: OnnxTensor, use: Use | undefined): void => {
    if (name !== null && !named.has(name)) named.set(name, { tensor, transposed: isTransposed(tensor, use) });
  };
  for (const tensor of initializers) {
    const [use] = uses.get(tensor.name) ?? [];
    if (isModulePath(tensor.name)) claim(nameIn(tensor.name), tensor, use);
    else if (sizeOf(tensor.dims) > 1) left.push(tensor);
  }
  // also one that has a name: what is equal is kept once, and the other's node tells where it is used too
  const unnamed = new Set(left);
  for (const tensor of initializers) {
    for (const use of uses.get(tensor.name) ?? []) {
      const name = nameOfUse(use, nameIn);
      const shape = name === null ? undefined : expected.get(name);
      if (!shape || sizeOf(shape) !== sizeOf(tensor.dims)) continue;
      claim(name, tensor, use);
      unnamed.delete(tensor);
    }
  }
  return { named, unnamed: [...unnamed].map(({ name }) => name) };
}

const isModulePath = (name: string): boolean => /^[A-Za-z_]\w*(\.\w+)*\.(weight|bias)$/.test(name);

/** By the initializer's name; an Identity's output is its input by another name. */
function usesOf(nodes: readonly OnnxNode[]): ReadonlyMap<string, readonly Use[]> {
  const original = new Map<string, string>();
  for (const { op, inputs, outputs } of nodes) {
    const [from, to] = [inputs[0], outputs[0]];
    if (op === "Identity" && from !== undefined && to !== undefined) original.set(to, original.get(from) ?? from);
  }
  const uses = new Map<string, Use[]>();
  for (const node of nodes) {
    for (const [input, value] of node.inputs.entries()) {
      const name = original.get(value) ?? value;
      const found = uses.get(name);
      if (found) found.push({ node, input });
      else uses.set(name, [{ node, input }]);
    }
  }
  return uses;
}

function nameOfUse({ node, input }: Use, nameIn: (stored: string) => string | null): string | null {
  const end = ends[node.op]?.[input];
  const path = node.scope || node.name.split("/").slice(1, -1).join(".");
  return end === undefined || path === "" ? null : nameIn(`${path}.${end}`);
}

function isTransposed({ dims }: OnnxTensor, use: Use | undefined): boolean {
  if (dims.length !== 2 || use?.input !== 1) return false;
  return use.node.op === "MatMul" || (use.node.op === "Gemm" && !use.node.transB);
}
