/**
 * @file Cuts a gradient graph into programs: between what forward keeps and what backward computes, and at attention whose
 * score matrix is too large for one program, which the plan then calls in a loop over query blocks.
 */
import { concat, slice } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { graphOf, input, inputName, isOp, producer } from "../graph/ir.ts";
import type { AttentionAttrs, OpName } from "../graph/ops.ts";
import type { Outputs } from "../graph/rewrite.ts";
import { replace, rewrite } from "../graph/rewrite.ts";

/** What must really be stored for a tensor to be at hand later: views are made again, weights and constants are always there. */
function anchors(tensor: Tensor): readonly Tensor[] {
  const node = producer(tensor);
  if (!node) return [];
  if (isOp(node, "Reshape")) return anchors(node.inputs[0] as Tensor);
  if ((isOp(node, "Cast") || isOp(node, "Expand")) && producer(node.inputs[0] as Tensor) === null) return [];
  return [tensor];
}

/** What a chain of reshapes is a view of. */
function viewed(tensor: Tensor): Tensor {
  const node = producer(tensor);
  return isOp(node, "Reshape") ? viewed(node.inputs[0] as Tensor) : tensor;
}

function behind(outputs: Outputs, names: ReadonlyMap<Tensor, string>): Outputs {
  return replace(outputs, new Map([...names].map(([tensor, name]) => [tensor, input(name, tensor)])));
}

export interface Halves {
  /** port -> value that the forward program also gives out */
  readonly saved: Outputs;
  /** the gradients, computed from `saved` and the graph's own inputs */
  readonly backward: Outputs;
}

/** One pass over its operands: cheaper to do again than to write, keep and read. */
const again: ReadonlySet<OpName> = new Set<OpName>([
  ...(["Add", "Sub", "Mul", "Div", "Neg", "Abs", "Exp", "Log", "Sqrt", "Reciprocal", "Less", "Where", "Cast"] as const),
  ...(["Sigmoid", "Gelu", "QuickGelu", "LayerNormalization"] as const),
  ...(["Reshape", "Transpose", "Expand", "Concat", "Slice", "Pad", "Resize"] as const),
]);

/**
 * `forward` are the outputs that exist anyway. Of what `gradients` take from their computation, that is saved which one pass over
 * inputs and saved tensors does not give again: a norm's output, but not what scale, shift and SiLU make of it.
 */
export function splitSaved(forward: Outputs, gradients: Outputs): Halves {
  const { nodes } = graphOf(forward);
  const done = new Set(nodes);
  const wanted = new Set(Object.values(gradients).map(viewed));
  for (const node of graphOf(gradients).nodes) if (!done.has(node)) for (const t of node.inputs) wanted.add(viewed(t));
  const names = new Map<Tensor, string>();
  const known = new Set<Tensor>();
  for (const node of nodes) {
    const made = again.has(node.op) && node.inputs.every((t) => producer(t) === null || known.has(t));
    for (const output of node.outputs) {
      if (!made && wanted.has(output)) names.set(output, `saved.${names.size}`);
      if (made || names.has(output)) known.add(output);
    }
  }
  return {
    saved: Object.fromEntries([...names].map(([tensor, name]) => [name, tensor])),
    backward: behind(gradients, names),
  };
}

export interface Loop {
  readonly attrs: AttentionAttrs;
  /** ports of the part before: one a block; k and v once */
  readonly blocks: readonly { readonly q: string; readonly o: string; readonly dO: string; readonly dQ: string }[];
  readonly k: string;
  readonly v: string;
  readonly dK: string;
  readonly dV: string;
  readonly type: { readonly q: readonly Tensor[]; readonly k: Tensor };
}

export interface Part {
  readonly outputs: Outputs;
  /** run after the part */
  readonly loops: readonly Loop[];
}

/** Rows of queries whose score matrix [N, heads, rows, S] stays under `bytes`, in equal blocks where possible. */
export function queryRows(n: number, heads: number, t: number, s: number, bytes: number): number {
  const most = Math.max(1, Math.floor(bytes / (4 * n * heads * s)));
  return most >= t ? t : Math.ceil(t / Math.ceil(t / most));
}

/** One part where every score matrix is at most `scoreBytes`; else one more after each level of loops. */
export function splitAttention(outputs: Outputs, scoreBytes: number): readonly Part[] {
  const leafLevel = new Map<Tensor, number>();
  const levels = new Map<Tensor, number>();
  const levelOf = (tensor: Tensor): number => {
    const node = producer(tensor);
    if (!node) return leafLevel.get(tensor) ?? 0;
    const known = levels.get(tensor);
    if (known !== undefined) return known;
    const level = node.inputs.reduce((top, t) => Math.max(top, levelOf(t)), 0);
    for (const output of node.outputs) levels.set(output, level);
    return level;
  };
  const wanted: { name: string; tensor: Tensor; level: number }[] = [];
  const loops: { level: number; loop: Loop }[] = [];
  const opened = rewrite(outputs, (node, x) => {
    if (!isOp(node, "AttentionGrad")) return null;
    const [q, k, v, o, dO] = x as unknown as readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [n, t] = q.shape as readonly [number, number, number];
    const rows = queryRows(n, node.attrs.heads, t, k.shape[1] as number, scoreBytes);
    if (rows >= t) return null;
    const level = Math.max(...x.map(levelOf));
    const id = `attention.${loops.length}`;
    const give = (name: string, tensor: Tensor): string => {
      if (tensor.source.kind === "input") return inputName(tensor);
      wanted.push({ name, tensor, level });
      return name;
    };
    const take = (name: string, type: Tensor): Tensor => {
      const leaf = input(name, type);
      leafLevel.set(leaf, level + 1);
      return leaf;
    };
    const parts: Tensor[] = [];
    const types: Tensor[] = [];
    const blocks: Loop["blocks"][number][] = [];
    for (let start = 0; start < t; start += rows) {
      const end = Math.min(t, start + rows);
      const [name, cut] = [
        (role: string): string => `${id}.${role}.${blocks.length}`,
        (x: Tensor): Tensor => slice(x, 1, start, end),
      ];
      const block = {
        q: give(name("q"), cut(q)),
        o: give(name("o"), cut(o)),
        dO: give(name("dO"), cut(dO)),
        dQ: name("dQ"),
      };
      const type = cut(q);
      parts.push(take(block.dQ, type));
      types.push(type);
      blocks.push(block);
    }
    const loop: Loop = {
      attrs: node.attrs,
      blocks,
      k: give(`${id}.k`, k),
      v: give(`${id}.v`, v),
      dK: `${id}.dK`,
      dV: `${id}.dV`,
      type: { q: types, k },
    };
    loops.push({ level, loop });
    return [concat(parts, 1), take(loop.dK, k), take(loop.dV, v)];
  });
  for (const [name, tensor] of Object.entries(opened)) wanted.push({ name, tensor, level: levelOf(tensor) });
  if (loops.length === 0) return [{ outputs: opened, loops: [] }];

  const count = 1 + Math.max(...wanted.map((w) => w.level));
  const crossing = new Map<Tensor, string>();
  const everything = graphOf(Object.fromEntries(wanted.map((w) => [w.name, w.tensor])));
  const cross = (tensor: Tensor, level: number): void => {
    for (const anchor of anchors(tensor)) {
      if (levelOf(anchor) < level && !crossing.has(anchor)) crossing.set(anchor, `kept.${crossing.size}`);
    }
  };
  for (const node of everything.nodes)
    for (const tensor of node.inputs) cross(tensor, levelOf(node.outputs[0] as Tensor));
  for (const { tensor, level } of wanted) cross(tensor, level);
  return Array.from({ length: count }, (_, level) => {
    const own: Record<string, Tensor> = {};
    for (const w of wanted) if (w.level === level) own[w.name] = w.tensor;
    for (const [tensor, name] of crossing) if (levelOf(tensor) === level) own[name] = tensor;
    const earlier = new Map([...crossing].filter(([tensor]) => levelOf(tensor) < level));
    return { outputs: behind(own, earlier), loops: loops.filter((l) => l.level === level).map((l) => l.loop) };
  });
}
