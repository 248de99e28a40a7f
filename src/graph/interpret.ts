/**
 * @file The first oracle: evaluates a graph in float64, plainly. Finite differences hold to 1e-6 here without any runtime.
 * Clarity over speed; meant for small graphs.
 */
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import { interpretAttention, interpretAttentionGrad } from "./interpret-attention.ts";
import { interpretConv, interpretConvTranspose } from "./interpret-conv.ts";
import type { Graph, Node, Tensor } from "./ir.ts";
import type { OpName } from "./ops.ts";

export interface Values {
  readonly shape: Shape;
  readonly data: Float64Array;
}
type Evaluator<O extends OpName> = (x: readonly Values[], node: Node<O>) => readonly Values[];

const X = (x: readonly Values[], i: number): Values => x[i] as Values;

export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}

/** Calls `visit` with each flat index of `shape` and the flat index it reads through `strides` (0 on broadcast axes). */
function walk(
  shape: Shape,
  strides: readonly number[],
  offset: number,
  visit: (flat: number, read: number) => void,
): void {
  const index = shape.map(() => 0);
  let read = offset;
  const count = sizeOf(shape);
  for (let flat = 0; flat < count; flat++) {
    visit(flat, read);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      read += strides[axis] as number;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      read -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}

function gather(x: Values, shape: Shape, strides: readonly number[], offset = 0): Values {
  const data = new Float64Array(sizeOf(shape));
  walk(shape, strides, offset, (flat, read) => {
    data[flat] = x.data[read] as number;
  });
  return { shape, data };
}

function expand(x: Values, shape: Shape): Values {
  const own = stridesOf(x.shape);
  const lead = shape.length - x.shape.length;
  return gather(
    x,
    shape,
    shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : (own[i - lead] as number))),
  );
}

const unary =
  (f: (v: number) => number): Evaluator<OpName> =>
  (x) => [{ shape: X(x, 0).shape, data: X(x, 0).data.map(f) }];

const binary =
  (f: (a: number, b: number) => number): Evaluator<OpName> =>
  (x, { outputs }) => {
    const shape = (outputs[0] as Tensor).shape;
    const [a, b] = [expand(X(x, 0), shape), expand(X(x, 1), shape)];
    return [{ shape, data: a.data.map((v, i) => f(v, b.data[i] as number)) }];
  };

const sigma = (v: number): number => 1 / (1 + Math.exp(-v));

/** erf by its Maclaurin series below 3, by the continued fraction of erfc beyond: both to 1e-15. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let [term, total] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = a;
  for (let k = 60; k > 0; k--) fraction = a + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

function matMul(a: Values, b: Values, shape: Shape): Values {
  const [m, n] = shape.slice(-2) as [number, number];
  const k = a.shape.at(-1) as number;
  const lead = shape.slice(0, -2);
  const [A, B] = [expand(a, [...lead, m, k]), expand(b, [...lead, k, n])];
  const data = new Float64Array(sizeOf(shape));
  for (let batch = 0; batch < sizeOf(lead); batch++) {
    for (let i = 0; i < m; i++) {
      for (let l = 0; l < k; l++) {
        const v = A.data[(batch * m + i) * k + l] as number;
        for (let j = 0; j < n; j++) {
          const at = (batch * m + i) * n + j;
          data[at] = (data[at] as number) + v * (B.data[(batch * k + l) * n + j] as number);
        }
      }
    }
  }
  return { shape, data };
}

export function transposed(x: Values, perm: readonly number[]): Values {
  const own = stridesOf(x.shape);
  return gather(
    x,
    perm.map((axis) => x.shape[axis] as number),
    perm.map((axis) => own[axis] as number),
  );
}

function reduce(x: Values, out: Tensor, axes: readonly number[], scale: number): Values {
  const kept = x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const own = stridesOf(kept);
  const data = new Float64Array(sizeOf(kept));
  walk(
    x.shape,
    kept.map((_, i) => (axes.includes(i) ? 0 : (own[i] as number))),
    0,
    (flat, write) => {
      data[write] = (data[write] as number) + (x.data[flat] as number) * scale;
    },
  );
  return { shape: out.shape, data };
}

function layerNormalization(x: Values, scale: Values, bias: Values | undefined, epsilon: number): readonly Values[] {
  const length = x.shape.at(-1) as number;
  const rows = x.data.length / length;
  const stats = [...x.shape.slice(0, -1), 1];
  const y = new Float64Array(x.data.length);
  const [averages, inverses] = [new Float64Array(rows), new Float64Array(rows)];
  for (let r = 0; r < rows; r++) {
    const row = x.data.subarray(r * length, (r + 1) * length);
    const average = row.reduce((s, v) => s + v, 0) / length;
    const inverse = 1 / Math.sqrt(row.reduce((s, v) => s + (v - average) ** 2, 0) / length + epsilon);
    averages[r] = average;
    inverses[r] = inverse;
    row.forEach((v, i) => {
      y[r * length + i] = (v - average) * inverse * (scale.data[i] as number) + (bias?.data[i] ?? 0);
    });
  }
  return [
    { shape: x.shape, data: y },
    { shape: stats, data: averages },
    { shape: stats, data: inverses },
  ];
}

function concatenated(x: readonly Values[], shape: Shape, axis: number): Values {
  const data = new Float64Array(sizeOf(shape));
  const own = stridesOf(shape);
  let start = 0;
  for (const part of x) {
    walk(part.shape, own, start * (own[axis] as number), (flat, write) => {
      data[write] = part.data[flat] as number;
    });
    start += part.shape[axis] as number;
  }
  return { shape, data };
}

const evaluators: { readonly [O in OpName]: Evaluator<O> } = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Less: binary((a, b) => (a < b ? 1 : 0)),
  Neg: unary((v) => -v),
  Abs: unary(Math.abs),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((v) => 1 / v),
  Sigmoid: unary(sigma),
  Erf: unary(erf),
  Gelu: unary((v) => 0.5 * v * (1 + erf(v * Math.SQRT1_2))),
  QuickGelu: (x, node) => unary((v) => v * sigma(node.attrs.alpha * v))(x, node as unknown as Node),
  Cast: (x) => [X(x, 0)],
  Where: (x, { outputs }) => {
    const shape = (outputs[0] as Tensor).shape;
    const [c, a, b] = [0, 1, 2].map((i) => expand(X(x, i), shape).data) as [Float64Array, Float64Array, Float64Array];
    return [{ shape, data: c.map((v, i) => (v ? a[i] : b[i]) as number) }];
  },
  MatMul: (x, { outputs }) => [matMul(X(x, 0), X(x, 1), (outputs[0] as Tensor).shape)],
  Gemm: (x, { outputs, attrs }) => {
    const { shape } = outputs[0] as Tensor;
    const a = attrs.transA ? transposed(X(x, 0), [1, 0]) : X(x, 0);
    const b = attrs.transB ? transposed(X(x, 1), [1, 0]) : X(x, 1);
    const product = matMul(a, b, shape);
    const c = x[2] ? expand(x[2], shape).data : null;
    return [{ shape, data: product.data.map((v, i) => attrs.alpha * v + (c?.[i] ?? 0)) }];
  },
  Conv: (x, { outputs, attrs }) => [interpretConv(X(x, 0), X(x, 1), x[2] ?? null, (outputs[0] as Tensor).shape, attrs)],
  ConvTranspose: (x, { outputs, attrs }) => [
    interpretConvTranspose(X(x, 0), X(x, 1), (outputs[0] as Tensor).shape, attrs),
  ],
  Softmax: (x) => [softmax(X(x, 0))],
  LayerNormalization: (x, { attrs }) => layerNormalization(X(x, 0), X(x, 1), x[2], attrs.epsilon),
  ReduceSum: (x, { outputs, attrs }) => [reduce(X(x, 0), outputs[0] as Tensor, attrs.axes, 1)],
  ReduceMean: (x, { outputs, attrs }) => {
    const out = outputs[0] as Tensor;
    return [reduce(X(x, 0), out, attrs.axes, sizeOf(out.shape) / X(x, 0).data.length)];
  },
  Reshape: (x, { attrs }) => [{ shape: attrs.shape, data: X(x, 0).data }],
  Transpose: (x, { attrs }) => [transposed(X(x, 0), attrs.perm)],
  Expand: (x, { attrs }) => [expand(X(x, 0), attrs.shape)],
  Concat: (x, { outputs, attrs }) => [concatenated(x, (outputs[0] as Tensor).shape, attrs.axis)],
  Slice: (x, { outputs, attrs }) => {
    const own = stridesOf(X(x, 0).shape);
    const strides = [...own];
    let offset = 0;
    attrs.axes.forEach((axis, i) => {
      strides[axis] = (own[axis] as number) * (attrs.steps[i] as number);
      offset += (own[axis] as number) * (attrs.starts[i] as number);
    });
    return [gather(X(x, 0), (outputs[0] as Tensor).shape, strides, offset)];
  },
  Pad: (x, { outputs, attrs }) => {
    const { shape } = outputs[0] as Tensor;
    const own = stridesOf(shape);
    const offset = X(x, 0).shape.reduce((s, _, i) => s + (attrs.pads[i] as number) * (own[i] as number), 0);
    const data = new Float64Array(sizeOf(shape));
    walk(X(x, 0).shape, own, offset, (flat, write) => {
      data[write] = X(x, 0).data[flat] as number;
    });
    return [{ shape, data }];
  },
  Resize: (x, { outputs, attrs }) => {
    const { shape } = outputs[0] as Tensor;
    const [, , h, w] = X(x, 0).shape as [number, number, number, number];
    const width = w * attrs.scale;
    const height = h * attrs.scale;
    const data = new Float64Array(sizeOf(shape)).map((_, flat) => {
      const [column, row] = [flat % width, Math.floor(flat / width) % height];
      const plane = Math.floor(flat / (width * height));
      return X(x, 0).data[(plane * h + Math.floor(row / attrs.scale)) * w + Math.floor(column / attrs.scale)] as number;
    });
    return [{ shape, data }];
  },
  Attention: (x, { attrs }) => [interpretAttention(X(x, 0), X(x, 1), X(x, 2), attrs)],
  AttentionGrad: (x, { attrs }) => interpretAttentionGrad(X(x, 0), X(x, 1), X(x, 2), X(x, 4), attrs),
};

export function softmax(x: Values): Values {
  const length = x.shape.at(-1) as number;
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += length) {
    const row = x.data.subarray(start, start + length);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const weights = row.map((v) => Math.exp(v - top));
    const total = weights.reduce((a, b) => a + b, 0);
    weights.forEach((v, i) => {
      data[start + i] = v / total;
    });
  }
  return { shape: x.shape, data };
}

function evaluate<O extends OpName>(node: Node<O>, x: readonly Values[]): readonly Values[] {
  const evaluator: Evaluator<O> = evaluators[node.op];
  return evaluator(x, node);
}

/** Every output of the graph. @throws when an input is not given or has the wrong length. */
export function interpret(graph: Graph, inputs: Readonly<Record<string, ArrayLike<number>>>): Record<string, Values> {
  const values = new Map<Tensor, Values>();
  const of = (tensor: Tensor): Values => {
    const known = values.get(tensor);
    if (known) return known;
    const { source, shape } = tensor;
    if (source.kind === "node") throw new Error(`internal: ${source.node.op} is used before it is made`);
    let data: Float64Array;
    if (source.kind === "constant") {
      data =
        typeof source.values === "number"
          ? new Float64Array(sizeOf(shape)).fill(source.values)
          : Float64Array.from(source.values);
    } else {
      const given = inputs[source.name];
      if (!given || given.length !== sizeOf(shape))
        throw new Error(`input ${source.name}: expected ${sizeOf(shape)} numbers, got ${given?.length ?? "none"}`);
      data = Float64Array.from(given);
    }
    values.set(tensor, { shape, data });
    return { shape, data };
  };
  for (const node of graph.nodes) {
    evaluate(node, node.inputs.map(of)).forEach((value, i) => {
      values.set(node.outputs[i] as Tensor, value);
    });
  }
  return Object.fromEntries(Object.entries(graph.outputs).map(([name, tensor]) => [name, of(tensor)]));
}
