/** @file Local simplification and common subexpressions. Gradient rules may be written plainly because this cleans up after them. */
import { sameShape } from "../lib/tensor.ts";
import type { Node, Tensor } from "./ir.ts";
import { constant, emit, isOp, producer } from "./ir.ts";
import type { OpName } from "./ops.ts";
import { broadcast } from "./ops.ts";
import type { Outputs } from "./rewrite.ts";
import { rewrite } from "./rewrite.ts";

const splat = (t: Tensor): number | null =>
  t.source.kind === "constant" && typeof t.source.values === "number" ? t.source.values : null;

const folds: { readonly [O in OpName]?: (a: number, b: number) => number } = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Neg: (a) => -a,
};
const broadcasting: readonly OpName[] = ["Add", "Sub", "Mul", "Div"];

/** A replacement for a one-output node, or null. */
function local(node: Node, x: readonly Tensor[]): Tensor | null {
  const out = node.outputs[0] as Tensor;
  const [a, b] = [x[0] as Tensor, x[1]];
  const before = producer(a);
  const fold = folds[node.op];
  if (fold && x.every((t) => splat(t) !== null)) {
    return constant(fold(splat(a) as number, b ? (splat(b) as number) : 0), out);
  }
  if (isOp(node, "Reshape")) {
    if (sameShape(a.shape, node.attrs.shape)) return a;
    if (splat(a) !== null) return constant(splat(a) as number, out);
    return isOp(before, "Reshape") ? emit("Reshape", before.inputs, node.attrs) : null;
  }
  if (isOp(node, "Transpose")) {
    const { perm } = node.attrs;
    if (perm.every((axis, i) => axis === i)) return a;
    const moved = perm.filter((axis) => a.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number)))
      return emit("Reshape", [a], { shape: out.shape });
    if (isOp(before, "Transpose"))
      return emit("Transpose", before.inputs, { perm: perm.map((axis) => before.attrs.perm[axis] as number) });
  }
  if (isOp(node, "Expand") || isOp(node, "Cast") || isOp(node, "Slice")) {
    return a.dtype === out.dtype &&
      sameShape(a.shape, out.shape) &&
      !(isOp(node, "Slice") && node.attrs.steps.some((s) => s < 0))
      ? a
      : null;
  }
  if (b && broadcasting.includes(node.op)) {
    const neutral = node.op === "Mul" || node.op === "Div" ? 1 : 0;
    if (splat(b) === neutral && sameShape(a.shape, out.shape)) return a;
    if (splat(a) === neutral && sameShape(b.shape, out.shape) && (node.op === "Mul" || node.op === "Add")) return b;
    // one after the other: of two widened operands, one must stay wide
    const left = narrowed(a, b, out);
    const narrow = [left, narrowed(b, left, out)];
    if (narrow.some((t, i) => t !== x[i])) return emit(node.op as "Add", narrow, {});
    const right = producer(b);
    if (isOp(node, "Add") && isOp(before, "Concat") && isOp(right, "Concat")) return interleaved(before, right);
    if (node.op === "Add" && isOp(right, "Neg")) return emit("Sub", [a, right.inputs[0] as Tensor], {});
  }
  return null;
}

/** [x, 0] + [0, y] is [x, y]: the cotangents of a tensor's two halves. */
function interleaved(a: Node<"Concat">, b: Node<"Concat">): Tensor | null {
  if (a.attrs.axis !== b.attrs.axis || a.inputs.length !== b.inputs.length) return null;
  const parts = a.inputs.map((part, i) => {
    const other = b.inputs[i] as Tensor;
    if (!sameShape(part.shape, other.shape)) return null;
    return splat(part) === 0 ? other : splat(other) === 0 ? part : null;
  });
  return parts.includes(null) ? null : emit("Concat", parts as Tensor[], a.attrs);
}

/** Looks through an Expand whose work the consumer's broadcasting does anyway. */
function narrowed(t: Tensor, other: Tensor, out: Tensor): Tensor {
  const node = producer(t);
  if (!isOp(node, "Expand")) return t;
  const small = node.inputs[0] as Tensor;
  const wide = [...Array.from({ length: out.shape.length - small.shape.length }, () => 1), ...small.shape];
  return small.shape.length <= out.shape.length && sameShape(broadcast(wide, other.shape), out.shape) ? small : t;
}

/** The same outputs from fewer nodes. Values change at most by the rounding of folded constants. */
export function simplify(outputs: Outputs): Record<string, Tensor> {
  const ids = new Map<Tensor, number>();
  const known = new Map<string, readonly Tensor[]>();
  const id = (tensor: Tensor): number => {
    const { source } = tensor;
    const own = ids.get(tensor);
    if (own !== undefined) return own;
    let value = ids.size;
    if (source.kind === "constant") {
      const key = `constant ${tensor.dtype} ${tensor.shape.join()} ${typeof source.values === "number" ? source.values : source.values.join()}`;
      const twin = known.get(key)?.[0];
      if (twin) value = ids.get(twin) as number;
      else known.set(key, [tensor]);
    }
    ids.set(tensor, value);
    return value;
  };
  const unique = (tensors: readonly Tensor[]): readonly Tensor[] => {
    const node = producer(tensors[0] as Tensor);
    if (!node) return tensors;
    const key = `${node.op} ${JSON.stringify(node.attrs)} ${node.inputs.map(id).join()} ${node.outputs[0]?.shape.join()}`;
    const twin = known.get(key);
    if (twin) return twin;
    known.set(key, node.outputs);
    return node.outputs;
  };
  return rewrite(outputs, (node, inputs) => {
    let current: Node = node;
    let args = inputs;
    for (let round = 0; round < 8; round++) {
      const next = current.outputs.length === 1 ? local(current, args) : null;
      if (!next) break;
      const made = producer(next);
      if (!made || args.includes(next) || ids.has(next)) return [next];
      [current, args] = [made, made.inputs];
    }
    const same = current.inputs.length === args.length && current.inputs.every((t, i) => t === args[i]);
    return unique(same ? current.outputs : emitLike(current, args));
  });
}

function emitLike(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  const outputs: Tensor[] = [];
  const twin: Node = { op: node.op, inputs, attrs: node.attrs, outputs };
  node.outputs.forEach((t, index) =>
    outputs.push({ dtype: t.dtype, shape: t.shape, source: { kind: "node", node: twin, index } }),
  );
  return outputs;
}
