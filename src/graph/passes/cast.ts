/** @file Storage and arithmetic apart: frozen weights lie in fp16 and become fp32 at use, so the same bytes serve every backend. */
import type { Tensor } from "../ir.ts";
import { emit, input } from "../ir.ts";
import type { Outputs } from "../rewrite.ts";
import { rewrite } from "../rewrite.ts";

/** Weights that `isHalf` accepts become float16 inputs with a Cast. */
export function storeHalf(outputs: Outputs, isHalf: (name: string) => boolean): Record<string, Tensor> {
  return rewrite(
    outputs,
    () => null,
    (tensor) => {
      const { source } = tensor;
      if (source.kind !== "input" || source.role !== "weight" || tensor.dtype !== "float32" || !isHalf(source.name))
        return null;
      return emit("Cast", [input(source.name, { dtype: "float16", shape: tensor.shape }, "weight")], { to: "float32" });
    },
  );
}
