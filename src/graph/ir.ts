/**
 * @file The graph IR: an immutable expression DAG with static shapes whose operators are ONNX's.
 * A tensor knows where it comes from, so a graph is nothing but its outputs; what no output needs does not exist.
 */
import type { TensorType } from "../lib/tensor.ts";
import type { Attrs, OpName } from "./ops.ts";
import { typeRules } from "./ops.ts";

/** weight: a parameter under its checkpoint name; value: anything else that is given. */
export type Role = "weight" | "value";

export type Source =
  | { readonly kind: "input"; readonly name: string; readonly role: Role }
  /** one number stands for every element */
  | { readonly kind: "constant"; readonly values: number | readonly number[] }
  | { readonly kind: "node"; readonly node: Node; readonly index: number };

export interface Tensor extends TensorType {
  readonly source: Source;
}

export interface Node<O extends OpName = OpName> {
  readonly op: O;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs[O];
  readonly outputs: readonly Tensor[];
}

export function input(name: string, type: TensorType, role: Role = "value"): Tensor {
  return { dtype: type.dtype, shape: type.shape, source: { kind: "input", name, role } };
}

export function constant(values: number | readonly number[], type: TensorType): Tensor {
  return { dtype: type.dtype, shape: type.shape, source: { kind: "constant", values } };
}

/** A float32 scalar. */
export function scalar(value: number): Tensor {
  return constant(value, { dtype: "float32", shape: [] });
}

/** All outputs of a new node. @throws when the operator's type rule refuses the inputs. */
export function emitAll<O extends OpName>(op: O, inputs: readonly Tensor[], attrs: Attrs[O]): readonly Tensor[] {
  const outputs: Tensor[] = [];
  const node: Node<O> = { op, inputs, attrs, outputs };
  typeRules[op](inputs, attrs).forEach((type, index) => {
    outputs.push({
      dtype: type.dtype,
      shape: type.shape,
      source: { kind: "node", node: node as unknown as Node, index },
    });
  });
  return outputs;
}

/** The first output of a new node. */
export function emit<O extends OpName>(op: O, inputs: readonly Tensor[], attrs: Attrs[O]): Tensor {
  return emitAll(op, inputs, attrs)[0] as Tensor;
}

export function producer(tensor: Tensor): Node | null {
  return tensor.source.kind === "node" ? tensor.source.node : null;
}

/** Narrows a node to one operator, so that its attributes are typed. */
export function isOp<O extends OpName>(node: Node | null, op: O): node is Node<O> {
  return node?.op === op;
}

export interface Graph {
  /** in the order in which a walk from the outputs meets them */
  readonly inputs: readonly Tensor[];
  /** topologically ordered */
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Collects what the outputs need. Iterative: an SD-1.5 UNet is thousands of nodes deep. */
export function graphOf(outputs: Readonly<Record<string, Tensor>>): Graph {
  const inputs: Tensor[] = [];
  const nodes: Node[] = [];
  const seen = new Set<Tensor | Node>();
  const stack: { node: Node; next: number }[] = [];
  const visit = (tensor: Tensor): void => {
    const { source } = tensor;
    if (source.kind === "node") {
      if (!seen.has(source.node)) {
        seen.add(source.node);
        stack.push({ node: source.node, next: 0 });
      }
    } else if (source.kind === "input" && !seen.has(tensor)) {
      seen.add(tensor);
      inputs.push(tensor);
    }
  };
  for (const output of Object.values(outputs)) {
    visit(output);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.node.inputs[top.next++];
      if (next) visit(next);
      else nodes.push((stack.pop() as { node: Node }).node);
    }
  }
  return { inputs, nodes, outputs };
}

export function inputName(tensor: Tensor): string {
  if (tensor.source.kind !== "input") throw new Error("internal: not a graph input");
  return tensor.source.name;
}
