/**
 * @file LoRA (Hu et al., 2021) as a pass keyed by parameter name: y = W x + alpha / r B A x, on any linear or convolution.
 * No model mentions it. Names are PEFT's: `<module>.lora_A.weight` [r, in(, kh, kw)], `<module>.lora_B.weight` [out, r(, 1, 1)].
 */
import type { Shape } from "../../lib/tensor.ts";
import { add, gemm, mul } from "../functions.ts";
import type { Node, Tensor } from "../ir.ts";
import { emit, emitAll, input, isOp } from "../ir.ts";
import type { Outputs } from "../rewrite.ts";
import { rewrite } from "../rewrite.ts";

export interface LoraModule {
  readonly rank: number;
  readonly alpha: number;
}

/** What a module gets, by its name without `.weight` (empty for a graph of one module), or null. */
export type LoraTargets = (module: string, weight: Shape) => LoraModule | null;

/** Name, if the tensor is the weight of a module, after any cast. */
function moduleOf(tensor: Tensor): string | null {
  const { source } = tensor;
  if (source.kind === "node") return source.node.op === "Cast" ? moduleOf(source.node.inputs[0] as Tensor) : null;
  if (source.kind !== "input" || source.role !== "weight") return null;
  return /^(?:(.*)\.)?weight$/.test(source.name) ? source.name.slice(0, -"weight".length).replace(/\.$/, "") : null;
}

export function loraShapes(weight: Shape, rank: number): { readonly a: Shape; readonly b: Shape } {
  const [out, ...rest] = weight;
  return { a: [rank, ...rest], b: [out as number, rank, ...rest.slice(1).map(() => 1)] };
}

export function applyLora(outputs: Outputs, targets: LoraTargets): Record<string, Tensor> {
  const leaves = new Map<string, Tensor>();
  const leaf = (name: string, shape: Shape): Tensor => {
    const known = leaves.get(name) ?? input(name, { dtype: "float32", shape }, "weight");
    leaves.set(name, known);
    return known;
  };
  return rewrite(outputs, (node: Node, x) => {
    if (!isOp(node, "Gemm") && !isOp(node, "Conv")) return null;
    const w = x[1] as Tensor;
    const module = moduleOf(w);
    const lora = module === null ? null : targets(module, w.shape);
    if (module === null || !lora) return null;
    const within = module === "" ? "" : `${module}.`;
    const { a, b } = loraShapes(w.shape, lora.rank);
    const [down, up] = [leaf(`${within}lora_A.weight`, a), leaf(`${within}lora_B.weight`, b)];
    const scale = lora.alpha / lora.rank;
    const base = emitAll(node.op, x, node.attrs as never)[0] as Tensor;
    if (isOp(node, "Gemm")) {
      const h = gemm(x[0] as Tensor, down, null, { transB: true });
      return [gemm(h, up, base, { transB: true, alpha: scale })];
    }
    const h = emit("Conv", [x[0] as Tensor, down], node.attrs as never);
    const delta = emit("Conv", [h, up], { strides: [1, 1], pads: [0, 0, 0, 0] });
    return [add(base, scale === 1 ? delta : mul(delta, scale))];
  });
}
