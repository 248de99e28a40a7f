/** @file Attention for the float64 interpreter, head by head: O = softmax(scale Q K^T) V and its gradient. */
import type { Values } from "./interpret.ts";
import type { AttentionAttrs } from "./ops.ts";

interface Head {
  readonly t: number;
  readonly s: number;
  readonly d: number;
  /** flat index of (token, feature) in q and in k */
  readonly q: (token: number, feature: number) => number;
  readonly k: (token: number, feature: number) => number;
}

function* headsOf(q: Values, k: Values, heads: number): Generator<Head> {
  const [n, t, c] = q.shape as readonly [number, number, number];
  const s = k.shape[1] as number;
  const d = c / heads;
  for (let b = 0; b < n; b++) {
    for (let h = 0; h < heads; h++) {
      yield { t, s, d, q: (i, f) => (b * t + i) * c + h * d + f, k: (j, f) => (b * s + j) * c + h * d + f };
    }
  }
}

/** One row of softmax(scale q k^T). */
function weights(q: Values, k: Values, head: Head, i: number, scale: number): Float64Array {
  const row = new Float64Array(head.s).map((_, j) => {
    let dot = 0;
    for (let f = 0; f < head.d; f++) dot += (q.data[head.q(i, f)] as number) * (k.data[head.k(j, f)] as number);
    return dot * scale;
  });
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const e = row.map((v) => Math.exp(v - top));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
}

export function interpretAttention(q: Values, k: Values, v: Values, { heads, scale }: AttentionAttrs): Values {
  const data = new Float64Array(q.data.length);
  for (const head of headsOf(q, k, heads)) {
    for (let i = 0; i < head.t; i++) {
      weights(q, k, head, i, scale).forEach((p, j) => {
        for (let f = 0; f < head.d; f++)
          data[head.q(i, f)] = (data[head.q(i, f)] as number) + p * (v.data[head.k(j, f)] as number);
      });
    }
  }
  return { shape: q.shape, data };
}

/** dV = P^T dO; dP = dO V^T; dS = P (dP - rowsum(dP P)); dQ = scale dS K; dK = scale dS^T Q. */
export function interpretAttentionGrad(
  q: Values,
  k: Values,
  v: Values,
  dO: Values,
  { heads, scale }: AttentionAttrs,
): readonly Values[] {
  const [dQ, dK, dV] = [
    new Float64Array(q.data.length),
    new Float64Array(k.data.length),
    new Float64Array(k.data.length),
  ];
  const bump = (array: Float64Array, at: number, by: number): void => {
    array[at] = (array[at] as number) + by;
  };
  for (const head of headsOf(q, k, heads)) {
    for (let i = 0; i < head.t; i++) {
      const p = weights(q, k, head, i, scale);
      const dP = p.map((_, j) => {
        let dot = 0;
        for (let f = 0; f < head.d; f++) dot += (dO.data[head.q(i, f)] as number) * (v.data[head.k(j, f)] as number);
        return dot;
      });
      const mean = dP.reduce((total, value, j) => total + value * (p[j] as number), 0);
      p.forEach((weight, j) => {
        const dS = scale * weight * ((dP[j] as number) - mean);
        for (let f = 0; f < head.d; f++) {
          bump(dQ, head.q(i, f), dS * (k.data[head.k(j, f)] as number));
          bump(dK, head.k(j, f), dS * (q.data[head.q(i, f)] as number));
          bump(dV, head.k(j, f), weight * (dO.data[head.q(i, f)] as number));
        }
      });
    }
  }
  return [
    { shape: q.shape, data: dQ },
    { shape: k.shape, data: dK },
    { shape: k.shape, data: dV },
  ];
}
