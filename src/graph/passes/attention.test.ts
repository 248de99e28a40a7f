/** @file AttentionGrad written out is the gradient that the interpreter knows, in one piece and in carried query blocks. */
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../lib/tensor.ts";
import { vjp } from "../autodiff.ts";
import { concat, slice } from "../functions.ts";
import type { Tensor } from "../ir.ts";
import { emit, emitAll, graphOf, input, inputName } from "../ir.ts";
import { interpret } from "../interpret.ts";
import { print } from "../print.ts";
import { difference } from "../random-graph.ts";
import type { Outputs } from "../rewrite.ts";
import { random } from "../test-support.ts";
import { verify } from "../verify.ts";
import { attentionBlock, lowerAttention } from "./attention.ts";

type Five = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
const names = ["q", "k", "v"] as const;
const attrs = (heads: number) => ({ heads, scale: 0.6 });

/** q [n,t,c], k and v [n,s,c], the attention of them, and a cotangent. */
function tensors(n: number, t: number, s: number, c: number, heads: number): Five {
  const [q, k, v] = names.map((name, i) => input(name, { dtype: "float32", shape: [n, i === 0 ? t : s, c] }));
  const o = emit("Attention", [q, k, v] as Tensor[], attrs(heads));
  return [q, k, v, o, input("dO", o)] as unknown as Five;
}

function feeds(outputs: Outputs): Record<string, Float64Array> {
  const u = random(9);
  return Object.fromEntries(
    graphOf(outputs).inputs.map((t) => [inputName(t), new Float64Array(sizeOf(t.shape)).map(() => u())]),
  );
}

const gradOf = (five: Five, heads: number): Outputs =>
  Object.fromEntries(emitAll("AttentionGrad", five, attrs(heads)).map((t, i) => [["dQ", "dK", "dV"][i] as string, t]));

describe("attention's gradient", () => {
  for (const [n, t, s, c, heads] of [
    [2, 3, 5, 4, 2],
    [1, 4, 4, 6, 1],
    [1, 1, 7, 6, 3],
    [2, 5, 1, 4, 4],
  ] as const) {
    it(`written out equals the interpreter's: [${n},${t},${c}] over ${s} tokens, ${heads} heads`, () => {
      const composite = gradOf(tensors(n, t, s, c, heads), heads);
      const lowered = lowerAttention(composite);
      verify(graphOf(lowered), { lowered: true });
      expect(difference(composite, lowered, feeds(composite))).toBeLessThan(1e-12);
    });
  }

  it("is what differentiation asks for: Attention's own, whichever inputs are wanted", () => {
    const five = tensors(1, 3, 4, 4, 2);
    const [q, k, v, o, dO] = five;
    const found = vjp([{ output: o, cotangent: dO }], [q, k, v]);
    const lowered = lowerAttention(Object.fromEntries(found.map((g, i) => [["dQ", "dK", "dV"][i], g as Tensor])));
    expect(difference(gradOf(five, 2), lowered, feeds(lowered))).toBeLessThan(1e-12);
  });

  it("comes out the same from query blocks that carry dK and dV", () => {
    const [n, t, s, c, heads] = [2, 7, 5, 4, 2];
    const five = tensors(n, t, s, c, heads);
    const [q, k, v, o, dO] = five;
    const dQ: Tensor[] = [];
    let carried: { dK: Tensor; dV: Tensor } | null = null;
    for (const [from, to] of [
      [0, 3],
      [3, 6],
      [6, 7],
    ] as const) {
      const part = (x: Tensor): Tensor => slice(x, 1, from, to);
      const block: { dQ: Tensor; dK: Tensor; dV: Tensor } = attentionBlock(
        [part(q), k, v, part(o), part(dO)],
        carried,
        attrs(heads),
      );
      dQ.push(block.dQ);
      carried = block;
    }
    const { dK, dV } = carried as unknown as { dK: Tensor; dV: Tensor };
    const whole = gradOf(five, heads);
    expect(difference(whole, { dQ: concat(dQ, 1), dK, dV }, feeds(whole))).toBeLessThan(1e-12);
  });

  it("makes the score matrix twice and transposes only narrow matrices", () => {
    const graph = graphOf(lowerAttention(gradOf(tensors(1, 8, 8, 2, 1), 1)));
    const square = graph.nodes.filter((node) => node.outputs[0]?.shape.join() === "1,1,8,8");
    expect(square.map((node) => node.op)).toEqual(["MatMul", "Softmax", "MatMul", "Sub", "Mul"]);
  });

  it("of one key, gives exactly no gradient to queries and keys", () => {
    const lowered = lowerAttention(gradOf(tensors(2, 3, 1, 6, 2), 2));
    const { dQ, dK } = interpret(graphOf(lowered), feeds(lowered));
    for (const gradient of [dQ, dK])
      expect(Array.from(gradient as unknown as Float64Array).some((g) => g !== 0)).toBe(false);
  });

  it("reads as the formula", () => {
    expect(
      print(graphOf(lowerAttention({ dQ: gradOf(tensors(1, 3, 3, 2, 1), 1)["dQ"] as Tensor }))),
    ).toMatchInlineSnapshot(`
      "graph(q: float32[1,3,2], k: float32[1,3,2], dO: float32[1,3,2], v: float32[1,3,2]) {
        %0 = Reshape(q) {shape=[1,3,1,2]} : float32[1,3,1,2]
        %1 = Transpose(%0) {perm=[0,2,1,3]} : float32[1,1,3,2]
        %2 = Mul(%1, 0.6) : float32[1,1,3,2]
        %3 = Reshape(k) {shape=[1,3,1,2]} : float32[1,3,1,2]
        %4 = Transpose(%3) {perm=[0,2,3,1]} : float32[1,1,2,3]
        %5 = MatMul(%2, %4) : float32[1,1,3,3]
        %6 = Softmax(%5) : float32[1,1,3,3]
        %7 = Reshape(dO) {shape=[1,3,1,2]} : float32[1,3,1,2]
        %8 = Transpose(%7) {perm=[0,2,1,3]} : float32[1,1,3,2]
        %9 = Reshape(v) {shape=[1,3,1,2]} : float32[1,3,1,2]
        %10 = Transpose(%9) {perm=[0,2,3,1]} : float32[1,1,2,3]
        %11 = MatMul(%8, %10) : float32[1,1,3,3]
        %12 = Attention(q, k, v) {heads=1, scale=0.6} : float32[1,3,2]
        %13 = Mul(dO, %12) : float32[1,3,2]
        %14 = Reshape(%13) {shape=[1,3,1,2]} : float32[1,3,1,2]
        %15 = ReduceSum(%14) {axes=[3], keepdims=true} : float32[1,3,1,1]
        %16 = Transpose(%15) {perm=[0,2,1,3]} : float32[1,1,3,1]
        %17 = Sub(%11, %16) : float32[1,1,3,3]
        %18 = Mul(%6, %17) : float32[1,1,3,3]
        %19 = Reshape(k) {shape=[1,3,1,2]} : float32[1,3,1,2]
        %20 = Transpose(%19) {perm=[0,2,1,3]} : float32[1,1,3,2]
        %21 = MatMul(%18, %20) : float32[1,1,3,2]
        %22 = Mul(%21, 0.6) : float32[1,1,3,2]
        %23 = Transpose(%22) {perm=[0,2,1,3]} : float32[1,3,1,2]
        %24 = Reshape(%23) {shape=[1,3,2]} : float32[1,3,2]
        return dQ=%24
      }"
    `);
  });
});
