/** @file Random small graphs full of what passes look for: neutral constants, views of views, needless Expands, twins. Tests only. */
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import { add, concat, mul, neg, reshape, slice, sub, sum, transpose } from "./functions.ts";
import type { Tensor } from "./ir.ts";
import { constant, emit, graphOf, input } from "./ir.ts";
import { interpret } from "./interpret.ts";
import { broadcast } from "./ops.ts";
import type { Outputs } from "./rewrite.ts";
import { random } from "./test-support.ts";

const shapes: readonly Shape[] = [[2, 3], [3], [1, 3], [2, 1], [1], [], [2, 1, 3], [1, 2, 3]];

/** `size` nodes over three inputs; the last few values are the outputs. */
export function randomGraph(seed: number, size: number): { readonly outputs: Outputs; readonly feeds: Feeds } {
  const next = random(seed);
  const index = (count: number): number => Math.min(count - 1, Math.floor(((next() + 1) / 2) * count));
  const pick = <T>(list: readonly T[]): T => list[index(list.length)] as T;
  const pool: Tensor[] = [0, 1, 2].map((i) => input(`x${i}`, { dtype: "float32", shape: pick(shapes) }));
  const feeds = Object.fromEntries(
    pool.map(({ shape }, i) => [`x${i}`, new Float64Array(sizeOf(shape)).map(() => next())]),
  );
  const some = (): Tensor => (index(4) === 0 ? fixed() : pick(pool));
  const fixed = (): Tensor => constant(pick([0, 1, 1, -2]), { dtype: "float32", shape: pick(shapes) });
  const moves: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
    add,
    sub,
    mul,
    (x, y) => add(x, neg(y)),
    (x, y) => {
      const shape = [2, ...broadcast(x.shape, y.shape)];
      return add(emit("Expand", [x], { shape }), emit("Expand", [y], { shape }));
    },
    neg,
    (x) => emit("Sigmoid", [x], {}),
    (x) => emit("Cast", [x], { to: "float32" }),
    (x) => emit("Reshape", [x], { shape: pick([[sizeOf(x.shape)], [1, ...x.shape], x.shape]) }),
    (x) => {
      const perm = x.shape.map((_, i) => i);
      return transpose(x, index(3) === 0 ? perm : perm.reverse());
    },
    (x, y) => {
      const shape = broadcast(x.shape, y.shape);
      return emit("Expand", [x], { shape: index(2) === 0 ? shape : [2, ...shape] });
    },
    (x) => (x.shape.length === 0 ? x : slice(x, 0, 0, x.shape[0] as number)),
    (x) => {
      const last = x.shape[0];
      return last === undefined ? x : slice(x, 0, last - 1, -1, -1);
    },
    (x) => (x.shape.length === 0 ? x : concat([x, reshape(x, x.shape)], 0)),
    (x) => (x.shape.length === 0 ? x : sum(x, [index(x.shape.length)], index(2) === 0)),
  ];
  while (pool.length < size + 3) {
    try {
      const made = pick(moves)(some(), some());
      if (made.source.kind === "node" && sizeOf(made.shape) <= 64) pool.push(made);
    } catch {
      // the shapes did not broadcast: another draw
    }
  }
  return { outputs: Object.fromEntries(pool.slice(-3).map((t, i) => [`y${i}`, t])), feeds };
}

export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

/** Largest absolute difference between the outputs of two graphs; infinite where their shapes differ. */
export function difference(before: Outputs, after: Outputs, feeds: Feeds): number {
  const [a, b] = [interpret(graphOf(before), feeds), interpret(graphOf(after), feeds)];
  return Math.max(
    ...Object.entries(a).map(([name, { shape, data }]) => {
      const other = b[name];
      if (other?.shape.join() !== shape.join() || other.data.length !== data.length) return Infinity;
      return data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - (other.data[i] as number))), 0);
    }),
  );
}
