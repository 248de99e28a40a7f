/**
 * @file Arithmetic in float16, for pictures alone: twice as fast where the device has `shader-f16`, and far too coarse for the logit
 * (a dot product is off by a hundredth). What is given and what comes out keeps its type.
 */
import type { Tensor } from "../ir.ts";
import { constant, emit, emitAll, isOp, producer } from "../ir.ts";
import type { OpName } from "../ops.ts";
import { halfOps } from "../ops.ts";
import type { Outputs } from "../rewrite.ts";
import { rewrite } from "../rewrite.ts";

/** Operators that move numbers and take any type. */
const moves: ReadonlySet<OpName> = new Set<OpName>(["Reshape", "Transpose", "Expand", "Concat", "Slice", "Pad"]);

/** Whatever may work in float16 does; normalization and reductions stay float32. Weights stored in float16 are taken as they lie. */
export function halfArithmetic(outputs: Outputs): Record<string, Tensor> {
  const made = new Map<Tensor, Tensor>();
  const as = (dtype: "float16" | "float32", tensor: Tensor): Tensor => {
    if (tensor.dtype === dtype || (tensor.dtype !== "float16" && tensor.dtype !== "float32")) return tensor;
    const known = made.get(tensor);
    if (known) return known;
    const cast = converted(tensor, dtype);
    made.set(tensor, cast);
    return cast;
  };
  const narrow = (tensor: Tensor): Tensor => as("float16", tensor);
  const wide = (tensor: Tensor): Tensor => as("float32", tensor);
  const half = rewrite(outputs, (node, inputs) => {
    if (isOp(node, "Cast")) return null;
    if (halfOps.has(node.op)) return emitAll(node.op, inputs.map(narrow), node.attrs);
    const mixed = moves.has(node.op) && inputs.some(({ dtype }) => dtype === "float16");
    return emitAll(node.op, inputs.map(mixed ? narrow : wide), node.attrs);
  });
  return Object.fromEntries(Object.entries(half).map(([name, tensor]) => [name, wide(tensor)]));
}

function converted(tensor: Tensor, dtype: "float16" | "float32"): Tensor {
  const { source, shape } = tensor;
  if (source.kind === "constant") return constant(source.values, { dtype, shape });
  const node = producer(tensor);
  const before = isOp(node, "Cast") ? node.inputs[0] : undefined;
  return before?.dtype === dtype ? before : emit("Cast", [tensor], { to: dtype });
}
