/** @file What forward keeps for backward, and which outputs of a call nobody reads. */
import { describe, expect, test } from "vitest";
import { vjp } from "../graph/autodiff.ts";
import { add, matMul, mul, reshape } from "../graph/functions.ts";
import { interpret } from "../graph/interpret.ts";
import { emit, graphOf, input, inputName, type Tensor } from "../graph/ir.ts";
import type { Outputs } from "../graph/rewrite.ts";
import { random } from "../graph/test-support.ts";
import { readUNetConfig } from "../models/config.ts";
import { compile } from "./compile.ts";
import { splitSaved } from "./split.ts";

const f32 = (name: string, ...shape: number[]): Tensor => input(name, { dtype: "float32", shape });
const silu = (x: Tensor): Tensor => emit("QuickGelu", [x], { alpha: 1 });

/** A product, scaled, shifted, through SiLU and a second product. */
function network() {
  const [x, w, scale, v] = [f32("x", 3, 4), f32("w", 4, 5), f32("scale", 5), f32("v", 5, 2)];
  const first = matMul(x, w);
  const hidden = silu(add(mul(reshape(first, [3, 1, 5]), scale), 1));
  const out = matMul(reshape(hidden, [3, 5]), v);
  return { first, leaves: [x, w, scale, v], forward: { out } };
}

describe("splitSaved", () => {
  const { first, leaves, forward } = network();
  const d = f32("d", 3, 2);
  const gradients = Object.fromEntries(
    vjp([{ output: forward.out, cotangent: d }], leaves).map((g, i) => [`g${i}`, g as Tensor]),
  );
  const halves = splitSaved(forward, gradients);

  test("keeps the product, and nothing that one pass over it gives again", () => {
    expect(Object.values(halves.saved)).toEqual([first]);
  });

  test("its halves together are the gradients", () => {
    const u = random(3);
    const feeds: Record<string, Float64Array> = {};
    for (const t of [...leaves, d])
      feeds[inputName(t)] = Float64Array.from({ length: 20 }, u).subarray(
        0,
        t.shape.reduce((a, b) => a * b),
      );
    const run = (outputs: Outputs, more: Record<string, Float64Array> = {}) =>
      interpret(graphOf(outputs), { ...feeds, ...more });
    const saved = Object.fromEntries(
      Object.entries(run(halves.saved)).map(([name, { data }]) => [name, data as Float64Array]),
    );
    const [whole, parts] = [run(gradients), run(halves.backward, saved)];
    for (const name of Object.keys(gradients)) expect(parts[name]?.data).toEqual(whole[name]?.data);
  });

  test("saves nothing that the leaves give in one pass", () => {
    const x = f32("x", 4);
    const y = silu(mul(x, 2));
    const [g] = vjp([{ output: y, cotangent: f32("d", 4) }], [x]);
    expect(splitSaved({ y }, { g: g as Tensor }).saved).toEqual({});
  });
});

const tiny = {
  _class_name: "UNet2DConditionModel",
  sample_size: 6,
  block_out_channels: [4, 8],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 2,
  cross_attention_dim: 12,
  norm_num_groups: 2,
};

test("the opponent's errors leave what backward would read unread", () => {
  const options = { height: 6, width: 6, samples: 2, tokens: 5, cut: "whole", weights: "float32" } as const;
  const { set } = compile({ unet: readUNetConfig(tiny) }, { ...options, training: { kind: "full" } });
  const unread = (plan: string) => set.plans[plan]?.calls.flatMap((call) => call.unread ?? []);
  const saved = set.plans["forward"]?.calls.flatMap(({ outputs }) =>
    Object.keys(outputs).filter((port) => port.startsWith("saved.")),
  );
  expect(saved?.length).toBeGreaterThan(0);
  expect(unread("errors")).toEqual(saved);
  expect(unread("forward")).toEqual([]);
  expect(unread("backward")).toEqual([]);
  expect(unread("predict")).toEqual([]);
});
