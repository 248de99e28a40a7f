/** @file The LoRA pass computes W + alpha / r B A, on linears and on convolutions, and touches nothing else. */
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../lib/tensor.ts";
import { add, gemm } from "../functions.ts";
import { interpret } from "../interpret.ts";
import type { Tensor } from "../ir.ts";
import { emit, graphOf, input, inputName } from "../ir.ts";
import { print } from "../print.ts";
import type { Outputs } from "../rewrite.ts";
import { random } from "../test-support.ts";
import { verify } from "../verify.ts";
import { storeHalf } from "./cast.ts";
import { applyLora, loraShapes } from "./lora.ts";

const every = (rank: number, alpha: number) => () => ({ rank, alpha });
const weight = (name: string, ...shape: number[]): Tensor => input(name, { dtype: "float32", shape }, "weight");

function values(outputs: Outputs, seed: number): Record<string, Float64Array> {
  const u = random(seed);
  return Object.fromEntries(
    graphOf(outputs).inputs.map((t) => [inputName(t), new Float64Array(sizeOf(t.shape)).map(() => u())]),
  );
}

/** The base graph with W + alpha / r B A in place of W: A as [r, rest], B as [out, r]. */
function merged(base: Outputs, name: string, shape: readonly number[], rank: number, scale: number, feeds: Feeds) {
  const [a, b] = ["lora_A", "lora_B"].map((part) => feeds[`${name}.${part}.weight`] as Float64Array);
  const rest = sizeOf(shape.slice(1));
  const w = (feeds[`${name}.weight`] as Float64Array).map((v, i) => {
    const [row, column] = [Math.floor(i / rest), i % rest];
    let delta = 0;
    for (let r = 0; r < rank; r++)
      delta += ((b as Float64Array)[row * rank + r] as number) * ((a as Float64Array)[r * rest + column] as number);
    return v + scale * delta;
  });
  return interpret(graphOf(base), { ...feeds, [`${name}.weight`]: w })["out"]?.data as Float64Array;
}
type Feeds = Record<string, Float64Array>;

const x = input("x", { dtype: "float32", shape: [5, 4] });
const picture = input("x", { dtype: "float32", shape: [2, 3, 5, 6] });
const cases = {
  linear: { shape: [6, 4], build: (w: Tensor) => gemm(x, w, weight("m.bias", 6), { transB: true }) },
  "linear without bias": { shape: [6, 4], build: (w: Tensor) => gemm(x, w, null, { transB: true }) },
  convolution: {
    shape: [4, 3, 3, 3],
    build: (w: Tensor) => emit("Conv", [picture, w, weight("m.bias", 4)], { strides: [2, 2], pads: [0, 0, 1, 1] }),
  },
  "1x1 convolution": {
    shape: [4, 3, 1, 1],
    build: (w: Tensor) => emit("Conv", [picture, w], { strides: [1, 1], pads: [0, 0, 0, 0] }),
  },
};

describe("applyLora", () => {
  for (const [name, { shape, build }] of Object.entries(cases)) {
    for (const [rank, alpha] of [
      [2, 2],
      [3, 6],
    ] as const) {
      it(`is W + ${alpha}/${rank} B A on a ${name}`, () => {
        const base = { out: build(weight("m.weight", ...shape)) };
        const adapted = applyLora(base, every(rank, alpha));
        verify(graphOf(adapted));
        const feeds = values(adapted, 11);
        const expected = merged(base, "m", shape, rank, alpha / rank, feeds);
        const got = interpret(graphOf(adapted), feeds)["out"]?.data as Float64Array;
        got.forEach((v, i) => expect(v).toBeCloseTo(expected[i] as number, 11));
      });
    }
  }

  it("reads like PEFT: two products on top of the base", () => {
    const base = { out: gemm(x, weight("to_q.weight", 6, 4), null, { transB: true }) };
    expect(print(graphOf(applyLora(base, every(2, 4))))).toMatchInlineSnapshot(`
      "graph(x: float32[5,4], to_q.lora_A.weight: float32[2,4], to_q.lora_B.weight: float32[6,2], to_q.weight: float32[6,4]) {
        %0 = Gemm(x, to_q.lora_A.weight) {transA=false, transB=true, alpha=1} : float32[5,2]
        %1 = Gemm(x, to_q.weight) {transA=false, transB=true, alpha=1} : float32[5,6]
        %2 = Gemm(%0, to_q.lora_B.weight, %1) {transA=false, transB=true, alpha=2} : float32[5,6]
        return out=%2
      }"
    `);
  });

  it("gives a module only what its targets say, by its name and shape", () => {
    const seen: string[] = [];
    const out = gemm(gemm(x, weight("a.weight", 6, 4), null, { transB: true }), weight("b.weight", 2, 6), null, {
      transB: true,
    });
    const adapted = applyLora({ out }, (module, shape) => {
      seen.push(`${module} ${shape.join("x")}`);
      return module === "b" ? { rank: 1, alpha: 1 } : null;
    });
    expect(seen).toEqual(["a 6x4", "b 2x6"]);
    expect(graphOf(adapted).inputs.map(inputName).sort()).toEqual(
      ["a.weight", "b.lora_A.weight", "b.lora_B.weight", "b.weight", "x"].sort(),
    );
  });

  it("adapts a module once for both of its uses, and a product of two values not at all", () => {
    const w = weight("m.weight", 4, 4);
    const once = gemm(x, w, null, { transB: true });
    const adapted = graphOf(applyLora({ out: gemm(once, w, null, { transB: true }) }, every(2, 2)));
    expect(adapted.inputs.filter((t) => inputName(t) === "m.lora_A.weight")).toHaveLength(1);
    const values = { out: gemm(x, input("w", { dtype: "float32", shape: [6, 4] }), null, { transB: true }) };
    expect(applyLora(values, every(2, 2))).toEqual(values);
  });

  it("finds a weight behind the cast from its storage", () => {
    const base = storeHalf({ out: gemm(x, weight("m.weight", 6, 4), null, { transB: true }) }, () => true);
    const names = graphOf(applyLora(base, every(2, 2))).inputs.map((t) => `${inputName(t)} ${t.dtype}`);
    expect(names).toEqual(expect.arrayContaining(["m.weight float16", "m.lora_A.weight float32"]));
  });

  it("leaves biases and norms alone", () => {
    const out = add(emit("LayerNormalization", [x, weight("norm.weight", 4)], { epsilon: 1e-5 }), weight("m.bias", 4));
    expect(applyLora({ out }, every(2, 2))).toEqual({ out });
  });
});

it("shapes of A and B are PEFT's", () => {
  expect(loraShapes([6, 4], 2)).toEqual({ a: [2, 4], b: [6, 2] });
  expect(loraShapes([6, 4, 3, 3], 2)).toEqual({ a: [2, 4, 3, 3], b: [6, 2, 1, 1] });
});
