/**
 * @file How numbers are compared, and how a compiled set is put on a backend with the rule's weights. Pure, so that Node's tests and
 * the page's worker judge alike. Tolerances: e2e/oracle/compare.py.
 */
import { seededTensor } from "../src/artifacts/seeded.ts";
import { sizeOf } from "../src/lib/tensor.ts";
import type { Compiled } from "../src/plan/builder.ts";
import type { LayoutEntry, PlanSet } from "../src/plan/types.ts";
import type { Backend } from "../src/runtime/backend.ts";
import { Executor } from "../src/runtime/executor.ts";

type Numbers = ArrayLike<number>;

export function norm(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum);
}

export function distance(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Infinity;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum);
}

/** |got - expected| / |expected| */
export const relative = (got: Numbers, expected: Numbers): number => distance(got, expected) / norm(expected);

/** By the name of the trainable tensor. */
export type Gradients = ReadonlyMap<string, Numbers>;

export function byName(layout: readonly LayoutEntry[], vector: Float32Array): Map<string, Float32Array> {
  return new Map(layout.map(({ name, shape, offset }) => [name, vector.subarray(offset, offset + sizeOf(shape))]));
}

/**
 * The tensors for which not |got - expected| <= tolerance max(|expected|, floor |all|), each with its share of what is
 * allowed; one that is missing on either side is among them.
 */
export function wrongGradients(
  got: Gradients,
  expected: Gradients,
  { tolerance = 1e-3, floor = 1e-5 }: { readonly tolerance?: number; readonly floor?: number } = {},
): string[] {
  const all = Math.hypot(...[...expected.values()].map(norm));
  return [...new Set([...expected.keys(), ...got.keys()])].flatMap((name) => {
    const [a, b] = [got.get(name), expected.get(name)];
    if (!a || !b) return [`${name}: ${a ? "not expected" : "missing"}`];
    const share = distance(a, b) / (tolerance * Math.max(norm(b), floor * all));
    return share <= 1 ? [] : [`${name}: ${share.toPrecision(3)} of what is allowed`];
  });
}

/** An executor for programs that are still in memory, each named by itself. */
export function executorOf(backend: Backend, { set, programs }: Compiled): { executor: Executor; set: PlanSet } {
  const specs = Object.fromEntries(programs.map(({ name, spec }) => [name, { hash: name, ...spec }]));
  const whole: PlanSet = { ...set, programs: specs };
  const bytes = new Map(programs.map(({ name, onnx }) => [name, onnx]));
  return { executor: new Executor(backend, whole, async (name) => bytes.get(name) as Uint8Array), set: whole };
}

/** The rule's weights, uploaded. */
export async function loadSeeded(executor: Executor, { tensors }: Pick<PlanSet, "tensors">): Promise<void> {
  for (const [name, { kind, shape }] of Object.entries(tensors))
    if (kind === "weight") await executor.loadWeight(name, seededTensor(name, shape));
}

/** The flat vector of the trainable tensors; those of `tensors`, else by the rule. */
export function flatVector(
  layout: readonly LayoutEntry[],
  tensors: ReadonlyMap<string, Float32Array> = new Map(),
): Float32Array {
  const vector = new Float32Array(layout.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  for (const { name, shape, offset } of layout) vector.set(tensors.get(name) ?? seededTensor(name, shape), offset);
  return vector;
}
