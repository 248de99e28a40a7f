/** @file Reverse-mode differentiation of a DAG: one walk, restricted to what lies between `wrt` and the outputs. */
import { add, sumTo } from "./functions.ts";
import { gradients } from "./gradients.ts";
import type { GradientRule } from "./gradients.ts";
import type { Node, Tensor } from "./ir.ts";
import { graphOf } from "./ir.ts";
import type { OpName } from "./ops.ts";

/**
 * Vector-Jacobian product: for each tensor of `wrt`, the sum over outputs of cotangent times d output / d tensor,
 * or null where no output depends on it. `wrt` may be inputs or values inside the graph.
 */
export function vjp(
  pairs: readonly { readonly output: Tensor; readonly cotangent: Tensor }[],
  wrt: readonly Tensor[],
): readonly (Tensor | null)[] {
  const { nodes } = graphOf(Object.fromEntries(pairs.map(({ output }, i) => [String(i), output])));
  const wanted = new Set<Tensor>(wrt);
  const depends = new Set<Tensor>(wrt);
  for (const node of nodes) {
    if (node.inputs.some((t) => depends.has(t))) for (const output of node.outputs) depends.add(output);
  }
  const cotangents = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, d: Tensor): void => {
    const before = cotangents.get(tensor);
    cotangents.set(tensor, before ? add(before, d) : d);
  };
  for (const { output, cotangent } of pairs) if (depends.has(output)) accumulate(output, cotangent);
  for (const node of [...nodes].reverse()) {
    const ds = node.outputs.map((output) => cotangents.get(output) ?? null);
    const d = ds[0];
    if (!node.inputs.some((t) => depends.has(t)) || ds.every((x) => x === null)) continue;
    if (!d || ds.slice(1).some((x) => x !== null))
      throw new Error(`internal: ${node.op} is differentiated by its first output only`);
    applyRule(node, d, ds).forEach((g, i) => {
      const tensor = node.inputs[i] as Tensor;
      if (g && depends.has(tensor)) accumulate(tensor, sumTo(g, tensor.shape));
    });
    for (const output of node.outputs) if (!wanted.has(output)) cotangents.delete(output);
  }
  return wrt.map((tensor) => cotangents.get(tensor) ?? null);
}

function applyRule<O extends OpName>(
  node: Node<O>,
  d: Tensor,
  ds: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  const rule: GradientRule<O> = gradients[node.op];
  return rule(node.inputs, d, node, ds);
}
