/** @file The executor beyond the conformance check: layout, stored types, and failures in the middle. */
import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import type { PlanSet } from "../plan/types.ts";
import { smallSet } from "./conformance-executor.ts";
import { Executor } from "./executor.ts";
import { nodeBackend } from "./node.ts";

const backend = nodeBackend();
afterAll(() => backend.dispose());
const load = (_: string, { hash }: { hash: string }): Promise<Uint8Array> =>
  readFile(new URL(`../../e2e/goldens/runtime/${hash}.onnx`, import.meta.url));

const x = Float32Array.of(1, 2, 3, 4, 5);
const ones = new Float32Array(5).fill(1);

async function ready(set: PlanSet, loader = load): Promise<Executor> {
  const executor = new Executor(backend, set, loader);
  await executor.loadWeight("bias", ones);
  executor.createAdapter("theta");
  await executor.writeAdapter("theta", new Float32Array(executor.length).fill(2));
  return executor;
}

test("the flat vector is cut by the layout's offsets, and gradients go to their group's place", async () => {
  const set: PlanSet = {
    ...smallSet,
    tensors: {
      ...smallSet.tensors,
      other: { dtype: "float32", shape: [2, 2], kind: "trainable" },
      rest: { dtype: "float32", shape: [4], kind: "gradient" },
    },
    layout: [
      { name: "other", shape: [2, 2], offset: 0, group: "rest" },
      { name: "theta", shape: [5], offset: 4, group: "all" },
    ],
    groups: {
      rest: { tensor: "rest", offset: 0, length: 4 },
      all: { tensor: "g", offset: 4, length: 5 },
    },
  };
  const executor = await ready(set);
  const vector = Float32Array.of(10, 20, 30, 40, 1, 2, 3, 4, 5);
  await executor.writeAdapter("theta", vector);
  expect(await executor.readAdapter("theta")).toEqual(vector);
  await executor.run("forward", { x }, "theta");
  expect(await executor.read("product")).toEqual(Float32Array.of(2, 6, 12, 20, 30));
  await executor.run("backward", { seed: Float32Array.of(1) });
  expect(await executor.gradients()).toEqual(Float32Array.of(0, 0, 0, 0, 2, 6, 12, 20, 30));
  await expect(executor.writeAdapter("theta", new Float32Array(8))).rejects.toThrow("an adapter has 9 numbers");
  await executor.dispose();
});

test("a weight is stored in the plan's type, whatever float it comes in", async () => {
  const set = (dtype: "float16" | "float32"): PlanSet => ({
    ...smallSet,
    tensors: { ...smallSet.tensors, bias: { dtype, shape: [5], kind: "weight" } },
  });
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0, 0x7bff);
  const floats = Float32Array.of(1, -2, 0.5, 0, 65504);
  const half = new Executor(backend, set("float16"), load);
  await half.loadWeight("bias", floats);
  expect(await half.read("bias")).toEqual(halves);
  const single = new Executor(backend, set("float32"), load);
  await single.loadWeight("bias", halves);
  expect(await single.read("bias")).toEqual(floats);
  await expect(single.loadWeight("bias", new Int32Array(5))).rejects.toMatchObject({ code: "weight" });
  for (const executor of [half, single]) await executor.dispose();
});

test("a plan that fails midway leaves the accumulators as they were", async () => {
  const broken: PlanSet = {
    ...smallSet,
    plans: {
      ...smallSet.plans,
      broken: {
        inputs: ["seed"],
        outputs: [],
        calls: [
          ...(smallSet.plans["backward"]?.calls ?? []),
          { program: "two", inputs: { a: "x", b: "x" }, outputs: { sum: "x", product: "unused" } },
        ],
        swaps: [["g", "gNext"]],
      },
    },
  };
  const executor = await ready(broken);
  await executor.run("forward", { x }, "theta");
  await executor.run("backward", { seed: Float32Array.of(1) });
  await expect(executor.run("broken", { seed: Float32Array.of(100) })).rejects.toThrow(/would write its output "sum"/);
  expect(await executor.gradients()).toEqual(Float32Array.of(4, 6, 8, 10, 12));
  await executor.dispose();
});

test("a program that could not be loaded is asked for again", async () => {
  let failures = 1;
  const executor = await ready(smallSet, (name, spec) =>
    failures-- > 0 ? Promise.reject(new Error("no such file")) : load(name, spec),
  );
  await expect(executor.run("forward", { x }, "theta")).rejects.toThrow("no such file");
  await executor.run("forward", { x }, "theta");
  expect(await executor.read("sum")).toEqual(Float32Array.of(4, 5, 6, 7, 8));
  await executor.dispose();
});

test("a plan set that does not hold together is refused at once", () => {
  const build = (change: Partial<PlanSet>) => () => new Executor(backend, { ...smallSet, ...change }, load);
  expect(build({ slots: { ...smallSet.slots, b: 16 } })).toThrow(/"product" \(20 bytes\) does not fit its slot "b"/);
  expect(build({ plans: { p: { inputs: [], outputs: [], calls: [], swaps: [["g", "sum"]] } } })).toThrow(
    /"g" and "sum" change places/,
  );
  expect(build({ layout: [{ name: "bias", shape: [5], offset: 0, group: "all" }] })).toThrow(
    /"bias" is not a trainable/,
  );
});
