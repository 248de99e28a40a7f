/**
 * @file Writes LayerNormalization out where its operand passes the binding limit: there onnxruntime's WebGPU kernel is silently
 * wrong from the first byte beyond it, while sums, means and elementwise operators are right at any size.
 */
import { byteSize } from "../../lib/tensor.ts";
import { add, mean, mul, sub } from "../functions.ts";
import type { Tensor } from "../ir.ts";
import { emit, isOp } from "../ir.ts";
import type { Outputs } from "../rewrite.ts";
import { rewrite } from "../rewrite.ts";

export function lowerLargeNormalization(outputs: Outputs, maxBindingBytes: number): Record<string, Tensor> {
  return rewrite(outputs, (node, inputs) => {
    const [x, scale, bias] = inputs as readonly [Tensor, Tensor, Tensor?];
    if (!isOp(node, "LayerNormalization") || byteSize(x) <= maxBindingBytes) return null;
    const last = [x.shape.length - 1];
    const average = mean(x, last, true);
    const centred = sub(x, average);
    const variance = mean(mul(centred, centred), last, true);
    const inverse = emit("Reciprocal", [emit("Sqrt", [add(variance, node.attrs.epsilon)], {})], {});
    const scaled = mul(mul(centred, inverse), scale);
    return [bias ? add(scaled, bias) : scaled, average, inverse];
  });
}
