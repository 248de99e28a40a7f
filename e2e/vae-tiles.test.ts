/** @file The VAE in tiles against diffusers' `enable_tiling`: pictures that divide in tiles and others, within 1e-4. On the backend `node`. */
import { afterAll, describe, expect, it } from "vitest";
import { readUNetConfig, readVaeConfig } from "../src/models/config.ts";
import { compile } from "../src/plan/compile.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { PlanVae } from "../src/studio/plan-vae.ts";
import { executorOf, loadSeeded, relative } from "./agreement.ts";
import { type Golden, readConfig, readGolden } from "./goldens.ts";

const backend = nodeBackend();
afterAll(() => backend.dispose());

/** Moments and picture of a golden's picture and latents. */
async function pass(golden: Golden, vaeTile: number | null, cut: "whole" | "block") {
  const vae = readVaeConfig(readConfig(`${golden.metadata.get("vae")}/vae`));
  const [, , height, width] = golden.shape("latents") as [number, number, number, number];
  const options = { height, width, vaeTile, samples: 1, tokens: 2, cut, weights: "float32" } as const;
  const compiled = compile(
    { unet: readUNetConfig(readConfig("two-levels/unet")), vae },
    { ...options, training: { kind: "full" } },
  );
  const { executor, set } = executorOf(backend, compiled);
  await loadSeeded(executor, set);
  const through = new PlanVae(executor, vae, { height, width, vaeTile });
  const moments = await through.encode(golden.floats("picture"));
  const decoded = await through.decode(golden.floats("latents"));
  await executor.dispose();
  return { moments, decoded, plans: Object.keys(set.plans) };
}

describe.each([
  ["two-levels-16x16", ["8x8", "8x4", "4x8", "4x4"]],
  ["two-levels-20x11", ["8x8", "8x5", "2x8", "2x5"]],
  ["two-levels-8x17", ["8x8", "8x5", "2x8", "2x5"]],
  ["four-levels-6x5", ["4x4", "4x2", "3x4", "3x2"]],
])("%s", (file, sizes) => {
  const golden = readGolden(`vae-tiled/${file}`);
  const tile = Number(golden.metadata.get("tile"));
  it.each(["whole", "block"] as const)("as diffusers, cut %s", async (cut) => {
    const { moments, decoded, plans } = await pass(golden, tile, cut);
    expect(relative(moments, golden.floats("moments"))).toBeLessThan(1e-4);
    expect(relative(decoded, golden.floats("decoded"))).toBeLessThan(1e-4);
    expect(plans.filter((plan) => plan.startsWith("decode"))).toEqual(sizes.map((size) => `decode.${size}`));
  });

  it("is not what whole pictures give", async () => {
    const { moments, decoded } = await pass(golden, null, "whole");
    expect(relative(moments, golden.floats("moments"))).toBeGreaterThan(1e-2);
    expect(relative(decoded, golden.floats("decoded"))).toBeGreaterThan(1e-2);
  });
});
