/** @file Rebuilds a DAG from its leaves: the one loop under every pass. */
import type { Node, Tensor } from "./ir.ts";
import { emitAll, graphOf } from "./ir.ts";

export type Outputs = Readonly<Record<string, Tensor>>;
/** New outputs for a node whose inputs are already rewritten, or null to keep the operator as it is. */
export type NodeRule = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | null;
/** A stand-in for a tensor of the old graph, or null. Asked for leaves and, before the node's rule, for node outputs. */
export type Substitute = (tensor: Tensor) => Tensor | null;

export function rewrite(outputs: Outputs, rule: NodeRule, substitute: Substitute = () => null): Record<string, Tensor> {
  const moved = new Map<Tensor, Tensor>();
  const of = (tensor: Tensor): Tensor => {
    const known = moved.get(tensor);
    if (known) return known;
    const stand = substitute(tensor) ?? tensor;
    moved.set(tensor, stand);
    return stand;
  };
  for (const node of graphOf(outputs).nodes) {
    const inputs = node.inputs.map(of);
    const same = inputs.every((t, i) => t === node.inputs[i]);
    const made = rule(node, inputs) ?? (same ? node.outputs : emitAll(node.op, inputs, node.attrs));
    node.outputs.forEach((output, i) => {
      moved.set(output, substitute(output) ?? (made[i] as Tensor));
    });
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, of(tensor)]));
}

/** Puts other tensors in place of some; nodes that nothing needs any more are gone. */
export function replace(outputs: Outputs, stand: ReadonlyMap<Tensor, Tensor>): Record<string, Tensor> {
  return rewrite(
    outputs,
    () => null,
    (tensor) => stand.get(tensor) ?? null,
  );
}
