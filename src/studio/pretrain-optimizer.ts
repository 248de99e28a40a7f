/**
 * @file Muon on matrices and convolutions, AdamW on everything else, and an average of the weights.
 * Muon (Jordan et al., 2024; scaled as in Liu et al., 2025, to AdamW's typical step): the momentum's nearest orthogonal
 * matrix, by five Newton-Schulz iterations. They are products of matrices, so they run as a program like everything else.
 */
import { add, concat, div, gemm, mul, reshape, slice, sum, transpose } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { constant, emit, input } from "../graph/ir.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { adamW, freshState } from "../spin/adamw.ts";
import { clipGradNorm } from "../spin/clip.ts";

/** p(x) = a x + b x^3 + c x^5 brings singular values in 0..1 near 1. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;
const MOMENTUM = 0.95;
const ADAM = { betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0 } as const;
const AVERAGE = 0.997;

/** Tables of embeddings are lists of vectors, not maps. */
export function isMatrix({ name, shape }: Pick<LayoutEntry, "name" | "shape">): boolean {
  return shape.length > 1 && !name.endsWith("embedding.weight");
}

/**
 * X [m, n] -> an approximation of U V^T from its singular value decomposition. With S = Y Y^T an iteration is Y <- P Y,
 * P = a + b S + c S^2. Where Y is much wider than high, only S <- P S P and Q <- P Q are kept, and Q Y is made once.
 */
export function orthogonal(x: Tensor): Tensor {
  const [m, n] = x.shape as readonly [number, number];
  if (m > n) return transpose(orthogonal(transpose(x, [1, 0])), [1, 0]);
  let y = div(x, add(emit("Sqrt", [sum(mul(x, x), [0, 1])], {}), 1e-7));
  const product = (): Tensor => gemm(y, y, null, { transB: true });
  const polynomial = (s: Tensor): Tensor => gemm(s, s, mul(s, B), { alpha: C }); // P - a
  if (n < 2 * m) {
    for (let i = 0; i < ITERATIONS; i++) y = gemm(polynomial(product()), y, mul(y, A));
    return y;
  }
  let s = product();
  const diagonal = Array.from({ length: m * m }, (_, i) => (i % (m + 1) === 0 ? A : 0));
  let q = constant(diagonal, { dtype: "float32", shape: [m, m] });
  for (let i = 0; i < ITERATIONS; i++) {
    const p = polynomial(s);
    q = i === 0 ? add(p, q) : gemm(p, q, mul(q, A));
    const half = gemm(p, s, mul(s, A));
    if (i < ITERATIONS - 1) s = gemm(half, p, mul(half, A));
  }
  return gemm(q, y, null);
}

/** The matrices of the layout, one after the other, as hand `index` of `count` gets them: about equal products, in order. */
export function shareOf(layout: readonly LayoutEntry[], index: number, count: number): readonly LayoutEntry[] {
  const matrices = layout.filter(isMatrix);
  const cost = ({ shape }: LayoutEntry): number => Math.min(shape[0] as number, sizeOf(shape.slice(1))) ** 3;
  const all = matrices.reduce((total, entry) => total + cost(entry), 0);
  let before = 0;
  return matrices.filter((entry) => {
    const middle = before + cost(entry) / 2;
    before += cost(entry);
    return Math.min(count - 1, Math.floor((count * middle) / all)) === index;
  });
}

/** Adds the plan `orthogonalize`: `momentum`, these matrices flat, to `update`. A convolution is the matrix [out, in kh kw]. */
export function orthogonalize(builder: PlanBuilder, matrices: readonly LayoutEntry[]): void {
  const length = matrices.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const type = { dtype: "float32" as const, shape: [length] };
  const momentum = input("momentum", type);
  let start = 0;
  const updates = matrices.map(({ shape }) => {
    const size = sizeOf(shape);
    const [m, n] = [shape[0] as number, size / (shape[0] as number)];
    const x = reshape(slice(momentum, 0, start, start + size), [m, n]);
    start += size;
    return reshape(mul(orthogonal(x), 0.2 * Math.sqrt(Math.max(m, n))), [size]);
  });
  const { name } = builder.program("orthogonalize", { update: concat(updates, 0) });
  builder.tensor("momentum", type, "input");
  builder.tensor("update", type, "output");
  const call = { program: name, inputs: { momentum: "momentum" }, outputs: { update: "update" } };
  builder.timeline({ orthogonalize: { inputs: ["momentum"], outputs: ["update"], calls: [call] } });
}

export interface Rates {
  readonly muon: number;
  readonly adam: number;
}

export class PretrainOptimizer {
  /** Vectors that the next step depends on, and the average. */
  readonly state: {
    readonly vector: Float32Array;
    readonly average: Float32Array;
    readonly momentum: Float32Array;
    readonly m: Float32Array;
    readonly v: Float32Array;
  };
  readonly #orthogonalize: (momentum: Float32Array) => Promise<Float32Array>;
  readonly #matrices: readonly (readonly [start: number, end: number])[];
  readonly #rest: readonly (readonly [start: number, end: number])[];

  /**
   * `vector` is the layout's tensors and, after them, whatever else AdamW trains; kept and changed in place.
   * `orthogonalize` gets all matrices of the layout, flat.
   */
  constructor(
    layout: readonly LayoutEntry[],
    vector: Float32Array,
    orthogonalize: (momentum: Float32Array) => Promise<Float32Array>,
  ) {
    const range = ({ offset, shape }: LayoutEntry) => [offset, offset + sizeOf(shape)] as const;
    this.#orthogonalize = orthogonalize;
    this.#matrices = layout.filter(isMatrix).map(range);
    this.#rest = [...layout.filter((e) => !isMatrix(e)).map(range), [lengthOf(layout), vector.length]];
    const length = (ranges: readonly (readonly [number, number])[]) => ranges.reduce((n, [a, b]) => n + b - a, 0);
    const rest = length(this.#rest);
    this.state = {
      vector,
      average: vector.slice(),
      momentum: new Float32Array(length(this.#matrices)),
      m: new Float32Array(rest),
      v: new Float32Array(rest),
    };
  }

  /** Update number `step`, from 0. Clips `gradient` in place to norm 1. */
  async update(gradient: Float32Array, step: number, rates: Rates): Promise<void> {
    const { vector, average, momentum, m, v } = this.state;
    clipGradNorm(gradient, 1);
    const g = gather(gradient, this.#matrices);
    for (let i = 0; i < g.length; i++) {
      const next = MOMENTUM * (momentum[i] as number) + (g[i] as number);
      momentum[i] = next;
      g[i] = (g[i] as number) + MOMENTUM * next; // Nesterov
    }
    const update = await this.#orthogonalize(g);
    let at = 0;
    for (const [start, end] of this.#matrices)
      for (let i = start; i < end; i++) vector[i] = (vector[i] as number) - rates.muon * (update[at++] as number);

    const adam = { ...freshState(gather(vector, this.#rest)), step, m, v };
    adamW(adam, gather(gradient, this.#rest), rates.adam, ADAM);
    at = 0;
    for (const [start, end] of this.#rest) {
      vector.set(adam.vector.subarray(at, at + end - start), start);
      at += end - start;
    }
    // The first averages forget faster, or the start would stay in them for hundreds of steps.
    const keep = Math.min(AVERAGE, (1 + step) / (10 + step));
    for (let i = 0; i < vector.length; i++)
      average[i] = keep * (average[i] as number) + (1 - keep) * (vector[i] as number);
  }
}

export function lengthOf(layout: readonly LayoutEntry[]): number {
  return layout.reduce((end, { offset, shape }) => Math.max(end, offset + sizeOf(shape)), 0);
}

function gather(vector: Float32Array, ranges: readonly (readonly [number, number])[]): Float32Array {
  const out = new Float32Array(ranges.reduce((n, [start, end]) => n + end - start, 0));
  let at = 0;
  for (const [start, end] of ranges) {
    out.set(vector.subarray(start, end), at);
    at += end - start;
  }
  return out;
}
