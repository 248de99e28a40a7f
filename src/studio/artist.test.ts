/** @file Pictures in float16, on a device that computes in it: close to those of float32; and the logit is left alone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { openModel } from "../artifacts/model-folder.ts";
import { normals } from "../diffusion/philox.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { Backend } from "../runtime/backend.ts";
import { nodeWebgpuBackend } from "../runtime/node-webgpu.ts";
import type { Noised } from "../spin/denoiser.ts";
import { initialLora } from "./initial-lora.ts";
import { loadModel, makeArtifacts } from "./model.ts";

const adapter = process.env["SPIN_WEBGPU"] ?? "none";
const missing = adapter === "none" || adapter === "swiftshader";
const choices = {
  samples: 2,
  drawSamples: 2,
  train: "lora",
  rank: 2,
  targets: "attention",
  cut: "whole",
  weights: "float16",
} as const;
const player = { id: "player" };

describe.skipIf(missing)(missing ? `skipped: float16 is not computed on ${adapter}` : `on ${adapter}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await nodeWebgpuBackend();
  });
  afterAll(() => backend.dispose());

  test("the artist's noise is within a hundredth of the denoiser's", async () => {
    const folder = await openModel(nanoModel());
    const set = await makeArtifacts(folder, { ...choices, drawing: "float16" });
    const model = await loadModel(backend, set, folder, initialLora(0));
    const { denoiser, latents } = model;
    await denoiser.update(player, model.base);
    const xt = normals({ key: [0, 1], place: [0, 0, 0] }, 2 * sizeOf(latents));
    const batch: Noised = { shape: [2, ...latents], xt, t: [9, 500], target: xt };
    const text = await model.encodeTexts(["a cat", ""]);
    const sketch = await denoiser.artist.predict(player, batch, text);
    const exact = await denoiser.predict(player, batch, text);
    const largest = Math.max(...exact.map(Math.abs));
    const away = Math.max(...sketch.map((v, i) => Math.abs(v - (exact[i] as number)))) / largest;
    expect(away).toBeGreaterThan(1e-5);
    expect(away).toBeLessThan(1e-2);
    await model.dispose();
  }, 300_000);
});

test("the plans whose numbers enter the logit are the same with an artist and without", async () => {
  const folder = await openModel(nanoModel());
  const plansOf = async (drawing: "float32" | "float16") => {
    const { plans, programs } = (await makeArtifacts(folder, { ...choices, drawing })).artifact.set;
    return ["predict", "errors", "forward", "backward"].map((name) =>
      plans[name]?.calls.map(({ program }) => programs[program]?.hash),
    );
  };
  expect(await plansOf("float16")).toEqual(await plansOf("float32"));
});
