/** @file The order of a run, and the bytes that it takes: checked by hand on small graphs. That they are onnxruntime's: e2e/step, e2e/execution-order.test.ts. */
import { describe, expect, test } from "vitest";
import { add, exp, mul, neg, reshape, slice } from "../graph/functions.ts";
import { graphOf, input, type Tensor } from "../graph/ir.ts";
import { executionOrder } from "./execution-order.ts";
import { scratchBytes } from "./scratch.ts";

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
});
