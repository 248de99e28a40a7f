/** @file The Denoiser over plans: a single picture has programs of its own, and they compute what those of many compute. */
import { expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { openModel } from "../artifacts/model-folder.ts";
import { keyOf, normals } from "../diffusion/philox.ts";
import { nodeBackend } from "../runtime/node.ts";
import { loadModel, makeArtifacts } from "./model.ts";

test("two rows go through predictOne, eight through predict, to the same noise", async () => {
  const folder = await openModel(nanoModel());
  const choices = { samples: 4, drawSamples: 8, train: "full", rank: 1, targets: "attention", cut: "whole" } as const;
  const set = await makeArtifacts(folder, { ...choices, weights: "float32" });
  expect(set.artifact.set.plans["predictOne"]?.calls).toHaveLength(1);
  const backend = nodeBackend();
  const model = await loadModel(backend, set, folder, () => new Float32Array());
  const base = { id: "base" };
  await model.denoiser.update(base, model.base);
  const size = model.latents.reduce((a, b) => a * b);
  const predict = async (rows: number) => {
    const some = <T>(all: readonly T[]): T[] => all.slice(0, rows);
    const xt = normals({ key: keyOf(1), place: [0, 0, 0] }, 8 * size).slice(0, rows * size);
    const batch = { shape: [rows, ...model.latents], xt, t: some([9, 500, 1, 2, 3, 4, 5, 6]), target: xt } as const;
    const texts = await model.encodeTexts(some(["a cat", "", "c", "d", "e", "f", "g", "h"]));
    return (await model.denoiser.predict(base, batch, texts)).slice(0, 2 * size);
  };
  const [one, many] = [await predict(2), await predict(8)];
  one.forEach((value, i) => expect(value).toBeCloseTo(many[i] as number, 5));
  await model.dispose();
  await backend.dispose();
});
