/**
 * @file The loss functions l of the paper (section 3; SPIN-Diffusion, equation 4.9), as scalar functions in float64 on
 * the host: u = inside -> [l(u), l'(u)]. All are convex, decreasing, with l'(0) < 0.
 */

export type Objective = (u: number) => readonly [value: number, slope: number];

export type ObjectiveName = "logistic" | "hinge" | "correlation";

/** ln(1 + e^x), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e^-x); neither branch overflows. */
function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

export const objectives: { readonly [N in ObjectiveName]: Objective } = {
  /** -log sigmoid(u); l(0) = ln 2 */
  logistic: (u) => [softplus(-u), -sigmoid(-u)],
  /** max(0, 1 - u); l(0) = 1 */
  hinge: (u) => (u < 1 ? [1 - u, -1] : [0, 0]),
  /** 1 - u; l(0) = 1 */
  correlation: (u) => [1 - u, -1],
};
