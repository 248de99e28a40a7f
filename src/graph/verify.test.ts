/** @file The verifier: what it lets through and what it refuses. */
import { describe, expect, it } from "vitest";
import { ones } from "./functions.ts";
import type { Node, Tensor } from "./ir.ts";
import { emit, emitAll, graphOf, input } from "./ir.ts";
import { verify } from "./verify.ts";

const x = input("x", { dtype: "float32", shape: [8, 64] });
const check = (out: Tensor, options = {}): unknown => verify(graphOf({ out }), options);

describe("verify", () => {
  it("gives back a graph that holds", () => {
    const graph = graphOf({ out: emit("Softmax", [x], {}) });
    expect(verify(graph)).toBe(graph);
  });

  it("refuses Softmax and LayerNormalization over the binding limit, and nothing else", () => {
    const limit = { maxBindingBytes: 8 * 64 * 4 - 1 };
    expect(() => check(emit("Softmax", [x], {}), limit)).toThrow(/^Softmax over 2047 bytes.*%0 = Softmax\(x\)/);
    const normed = emit("LayerNormalization", [x, ones([64])], { epsilon: 1e-5 });
    expect(() => check(normed, limit)).toThrow(/^LayerNormalization over 2047 bytes/);
    expect(() => check(normed, { maxBindingBytes: 2048 })).not.toThrow();
    expect(() => check(emit("Sigmoid", [x], {}), limit)).not.toThrow();
  });

  it("refuses two inputs of one name", () => {
    const twin = input("x", { dtype: "float32", shape: [8, 64] });
    expect(() => check(emit("Add", [x, twin], {}))).toThrow("internal: two inputs are called x");
  });

  it("refuses an output that hides an input of another value", () => {
    const graph = graphOf({ x: emit("Sigmoid", [x], {}) });
    expect(() => verify(graph)).toThrow("internal: an output is called x, as is an input");
    expect(() => verify(graphOf({ x }))).not.toThrow();
  });

  it("refuses a type that does not follow from its rule", () => {
    const outputs: Tensor[] = [];
    const node: Node<"Sigmoid"> = { op: "Sigmoid", inputs: [x], attrs: {}, outputs };
    const source = { kind: "node", node: node as unknown as Node, index: 0 } as const;
    outputs.push({ dtype: "float32", shape: [64, 8], source });
    expect(() => check(outputs[0] as Tensor)).toThrow(/expected float32\[8,64\]: %0 = Sigmoid\(x\) : float32\[64,8\]/);
  });

  it("refuses a value that is used before it is made", () => {
    const a = emit("Sigmoid", [x], {});
    const graph = graphOf({ out: emit("Neg", [a], {}) });
    expect(() => verify({ ...graph, nodes: [...graph.nodes].reverse() })).toThrow(/used before it is made: %0 = Neg/);
  });

  it("refuses a composite after lowering", () => {
    const q = input("q", { dtype: "float32", shape: [1, 2, 4] });
    const [dQ] = emitAll("AttentionGrad", [q, q, q, q, q], { heads: 2, scale: 1 });
    expect(() => check(dQ as Tensor)).not.toThrow();
    expect(() => check(dQ as Tensor, { lowered: true })).toThrow(/composite is left/);
  });
});

describe("type rules", () => {
  const half = input("h", { dtype: "float16", shape: [8, 64] });
  const flag = input("b", { dtype: "bool", shape: [8, 64] });
  const picture = input("p", { dtype: "float32", shape: [1, 4, 2, 2] });
  const kernel = input("k", { dtype: "float32", shape: [3, 4, 3, 3] });
  const row = input("row", { dtype: "float32", shape: [5] });
  const refused: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "arithmetic on float32 and float16": [
      () => emit("Add", [x, half], {}),
      /Add: expected 2 float32 inputs, got .*float16\[8,64\]/,
    ],
    "a sum in float16": [
      () => emit("ReduceSum", [half], { axes: [1], keepdims: true }),
      /ReduceSum: expected 1 float32 inputs, got float16\[8,64\]/,
    ],
    "shapes that do not broadcast": [() => emit("Mul", [x, row], {}), /\[8,64\] does not broadcast with \[5\]/],
    "a condition that is no bool": [() => emit("Where", [x, x, x], {}), /Where: expected bool, float32, float32/],
    "a branch that is no float": [() => emit("Where", [flag, flag, x], {}), /Where: expected bool, float32, float32/],
    "unequal inner lengths": [() => emit("MatMul", [x, x], {}), /MatMul: expected \[..,M,K\] and \[..,K,N\]/],
    "a C that does not broadcast": [
      () => emit("Gemm", [x, x, row], { transA: false, transB: true, alpha: 1 }),
      /does not broadcast/,
    ],
    "a kernel larger than its picture": [
      () => emit("Conv", [picture, kernel], { strides: [1, 1], pads: [0, 0, 0, 0] }),
      /kernel inside the padded picture/,
    ],
    "another number of channels": [
      () =>
        emit("Conv", [picture, input("k", { dtype: "float32", shape: [3, 5, 1, 1] })], {
          strides: [1, 1],
          pads: [0, 0, 0, 0],
        }),
      /Conv: expected x \[N,I,H,W\]/,
    ],
    "a reshape to another size": [() => emit("Reshape", [x], { shape: [8, 63] }), /as many elements/],
    "a permutation with a repeated axis": [() => emit("Transpose", [x], { perm: [0, 0] }), /Transpose/],
    "an axis that is not there": [
      () => emit("ReduceSum", [x], { axes: [2], keepdims: true }),
      /axes 2 within the rank/,
    ],
    "a concatenation of unlike parts": [() => emit("Concat", [x, row], { axis: 0 }), /equal shapes but for axis 0/],
    "an empty slice": [() => emit("Slice", [x], { axes: [1], starts: [3], ends: [3], steps: [1] }), /non-empty range/],
    "a negative step from within the axis": [
      () => emit("Slice", [x], { axes: [1], starts: [62], ends: [-1], steps: [-1] }),
      /negative step to begin at the axis's end/,
    ],
    "heads that do not divide the width": [
      () =>
        emit("Attention", [input("q", { dtype: "float32", shape: [1, 2, 4] }), picture, picture], {
          heads: 3,
          scale: 1,
        }),
      /divisible by 3 heads/,
    ],
    "a scale of another length": [
      () => emit("LayerNormalization", [x, row], { epsilon: 1e-5 }),
      /scale and bias of the last length/,
    ],
  };
  it.each(Object.entries(refused))("refuse %s", (_name, [call, message]) => expect(call).toThrow(message));
});
