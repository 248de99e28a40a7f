/**
 * @file Writes AttentionGrad out as products. P is recomputed from q and k; where the score matrix is the wider one,
 * rowsum(dP P) = rowsum(dO O) saves a pass over it, and the products are arranged so that only narrow matrices are transposed.
 */
import { add, matMul, mul, reshape, sub, sum, transpose } from "../functions.ts";
import type { Tensor } from "../ir.ts";
import { emit, isOp } from "../ir.ts";
import type { Outputs } from "../rewrite.ts";
import { rewrite } from "../rewrite.ts";

export interface AttentionGradients {
  readonly dQ: Tensor;
  readonly dK: Tensor;
  readonly dV: Tensor;
}

/** q, o, dO [N,T,C]; k, v [N,S,C]. */
export function attentionGradients(
  [q, k, v, o, dO]: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
  { heads, scale }: { readonly heads: number; readonly scale: number },
  readsO = (k.shape[1] as number) > (k.shape[2] as number) / heads,
): AttentionGradients {
  const [n, t, c] = q.shape as readonly [number, number, number];
  const s = k.shape[1] as number;
  const d = c / heads;
  const split = (x: Tensor, tokens: number): Tensor => reshape(x, [n, tokens, heads, d]);
  const rows = (x: Tensor, tokens: number): Tensor => transpose(split(x, tokens), [0, 2, 1, 3]); // [N,h,T,d]
  const columns = (x: Tensor, tokens: number): Tensor => transpose(split(x, tokens), [0, 2, 3, 1]); // [N,h,d,T]
  const fromColumns = (x: Tensor): Tensor => reshape(transpose(x, [0, 3, 1, 2]), [n, s, c]);
  const p = emit("Softmax", [matMul(mul(rows(q, t), scale), columns(k, s))], {}); // [N,h,T,S]
  const dP = matMul(rows(dO, t), columns(v, s));
  // rowsum(dP P) over the keys that dP is about: of one key dS is zero, as it should be, and not the noise of two unlike sums
  const delta = readsO ? transpose(sum(split(mul(dO, o), t), [3], true), [0, 2, 1, 3]) : sum(mul(dP, p), [3], true);
  const dS = mul(p, sub(dP, delta)); // [N,h,T,S], delta [N,h,T,1]
  const dQ = reshape(transpose(mul(matMul(dS, rows(k, s)), scale), [0, 2, 1, 3]), [n, t, c]);
  const dK = fromColumns(matMul(mul(columns(q, t), scale), dS));
  const dV = fromColumns(matMul(columns(dO, t), p));
  return { dQ, dK, dV };
}

/** Replaces every AttentionGrad by its products. */
export function lowerAttention(outputs: Outputs): Record<string, Tensor> {
  return rewrite(outputs, (node, inputs) => {
    if (!isOp(node, "AttentionGrad")) return null;
    const { dQ, dK, dV } = attentionGradients(
      inputs as unknown as readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
      node.attrs,
    );
    return [dQ, dK, dV];
  });
}

/** One query block of the loop: dK and dV are carried, and all five tensors are read. */
export function attentionBlock(
  tensors: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
  carried: { readonly dK: Tensor; readonly dV: Tensor } | null,
  attrs: { readonly heads: number; readonly scale: number },
): AttentionGradients {
  const { dQ, dK, dV } = attentionGradients(tensors, attrs, true);
  return carried ? { dQ, dK: add(dK, carried.dK), dV: add(dV, carried.dV) } : { dQ, dK, dV };
}
