/** @file The order of a run, and the bytes that it takes: checked by hand on small graphs. That they are onnxruntime's: e2e/step, e2e/execution-order.test.ts. */
import { describe, expect, test } from "vitest";
import { add, exp, mul, neg, reshape, slice } from "../graph/functions.ts";
import { constant, emit, graphOf, input, type Tensor } from "../graph/ir.ts";
import { executionOrder } from "./execution-order.ts";
import { constantBytes, scratchBytes } from "./scratch.ts";

const x = input("x", { dtype: "float32", shape: [1024] });
const bytes = (out: Tensor): number => scratchBytes(graphOf({ out }));
const chain = (tensor: Tensor, times: number): Tensor => (times === 0 ? tensor : chain(neg(tensor), times - 1));

test("the last input of a node runs first", () => {
  const out = add(exp(x), mul(neg(x), 2));
  expect(executionOrder(graphOf({ out })).map(({ op }) => op)).toEqual(["Neg", "Mul", "Exp", "Add"]);
});

describe("scratch", () => {
  test("inputs, outputs and views cost nothing", () => {
    expect(bytes(neg(x))).toBe(0);
    expect(bytes(neg(reshape(x, [32, 32])))).toBe(0);
  });

  test("a chain of equal sizes goes to and fro between two buffers", () => {
    expect(bytes(chain(x, 40))).toBe(2 * 4096);
  });

  test("a buffer of a size that does not come again lives until the next submit", () => {
    const shrinking = (tensor: Tensor, times: number): Tensor =>
      times === 0 ? tensor : shrinking(slice(tensor, 0, 0, (tensor.shape[0] as number) - 4), times - 1);
    expect(bytes(shrinking(x, 4))).toBe(4 * (1020 + 1016 + 1012));
    expect(bytes(shrinking(x, 64))).toBeLessThan(4 * 1024 * 33);
  });

  test("a buffer of another shape is not taken over, though it has the same size", () => {
    expect(bytes(neg(neg(reshape(neg(neg(x)), [32, 32]))))).toBe(3 * 4096);
  });

  test.each([
    { side: 3, pads: 1, weight: 4 * 4 * 9 * 4 },
    { side: 1, pads: 0, weight: 0 },
  ])("a convolution with a kernel of $side turns its weight around first", ({ side, pads, weight }) => {
    const picture = input("picture", { dtype: "float32", shape: [1, 4, 8, 8] });
    const kernel = input("kernel", { dtype: "float32", shape: [4, 4, side, side] });
    expect(bytes(emit("Conv", [picture, kernel], { strides: [1, 1], pads: [pads, pads, pads, pads] }))).toBe(weight);
  });

  test("constants are held beside it, once each", () => {
    const ones = constant(1, { dtype: "float32", shape: [1024] });
    expect(constantBytes(graphOf({ out: add(mul(x, ones), ones) }))).toBe(4096);
  });
});
