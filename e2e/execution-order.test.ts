/** @file The plan's idea of the order in which onnxruntime runs a program is what its own profile says. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { vjp } from "../src/graph/autodiff.ts";
import { concat, reshape } from "../src/graph/functions.ts";
import { graphOf, input, type Node, type Tensor as Value } from "../src/graph/ir.ts";
import { encodeOnnx } from "../src/graph/onnx/encode.ts";
import { simplify } from "../src/graph/simplify.ts";
import { sizeOf } from "../src/lib/tensor.ts";
import { Scope } from "../src/models/layers.ts";
import { resnetBlock } from "../src/models/unet.ts";
import { executionOrder } from "../src/plan/execution-order.ts";

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly args: { readonly op_name: string; readonly output_type_shape: readonly Record<string, readonly number[]>[] };
}

async function profiled(onnx: Uint8Array, inputs: readonly Value[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  try {
    const session = await InferenceSession.create(onnx, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "basic",
      enableProfiling: true,
      profileFilePrefix: join(folder, "p"),
    });
    const feeds = inputs.map((t) => {
      const name = t.source.kind === "input" ? t.source.name : "";
      return [name, new Tensor("float32", new Float32Array(sizeOf(t.shape)), t.shape)] as const;
    });
    await session.run(Object.fromEntries(feeds));
    session.endProfiling();
    const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] as string), "utf8")) as Event[];
    return events
      .filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"))
      .sort((a, b) => a.ts - b.ts)
      .map(({ args }) => `${args.op_name} ${Object.values(args.output_type_shape[0] ?? {})[0]?.join("x")}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a resnet block, forward and backward", async () => {
  const norm = { groups: 2, eps: 1e-5 };
  const [x, temb] = [
    input("x", { dtype: "float32", shape: [2, 4, 6, 6] }),
    input("temb", { dtype: "float32", shape: [2, 8] }),
  ];
  const out = resnetBlock(new Scope(), x, temb, 6, norm);
  const weights = graphOf({ out }).inputs.filter(({ source }) => source.kind === "input" && source.role === "weight");
  const found = vjp([{ output: out, cotangent: input("d", out) }], [x, temb, ...weights]);
  const flat = found.map((g) => reshape(g as Value, [sizeOf((g as Value).shape)]));
  for (const outputs of [{ out }, { gradient: concat(flat, 0) }]) {
    const graph = graphOf(simplify(outputs));
    const told = ({ op, outputs: [first] }: Node): string => `${op} ${first?.shape.join("x")}`;
    expect(await profiled(encodeOnnx(graph, "program"), graph.inputs)).toEqual(executionOrder(graph).map(told));
  }
});
