/** @file Ten optimizer steps of self-play end to end against torch: same draws, same losses, the same change of every weight. */
import { describe, expect, it } from "vitest";
import { readLora } from "../src/artifacts/lora-read.ts";
import { openModel } from "../src/artifacts/model-folder.ts";
import { openSafetensors, parseSafetensors } from "../src/artifacts/safetensors.ts";
import { folderFiles, openFile, readBytes } from "../src/cli/files.ts";
import { required } from "../src/lib/errors.ts";
import { sizeOf } from "../src/lib/tensor.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { adamWDefaults, freshState } from "../src/spin/adamw.ts";
import { learningRateAt } from "../src/spin/lr.ts";
import { HostOptimizer } from "../src/spin/optimizer.ts";
import { pairBatch } from "../src/spin/pair.ts";
import { spinStep } from "../src/spin/step.ts";
import { initialLora } from "../src/studio/initial-lora.ts";
import { loadNetwork, loraVector, targetsOf, weightsVector } from "../src/studio/player.ts";
import { freshFrom } from "../src/studio/trained.ts";
import type { StateInParts } from "../src/artifacts/checkpoint-parts.ts";

const goldens = `${import.meta.dirname}/goldens/models`;
const floats = (tensors: ReturnType<typeof parseSafetensors>["tensors"], name: string): Float32Array =>
  required(tensors.get(name), name).data as Float32Array;

async function train(kind: "lora" | "full", { onDevice = false } = {}) {
  const batch = parseSafetensors(await readBytes(`${goldens}/step/batch.safetensors`)).tensors;
  const draws = parseSafetensors(await readBytes(`${goldens}/training/draws.safetensors`)).tensors;
  const { tensors: expected, metadata } = parseSafetensors(await readBytes(`${goldens}/training/${kind}.safetensors`));
  const option = (name: string): number => Number(required(metadata.get(name), name));
  const [steps, warmupSteps, beta, learningRate] = [option("steps"), option("warmup"), option("beta"), option("rate")];
  const [count, ...latents] = required(batch.get("x0"), "x0").shape as [number, number, number, number];
  const text = required(batch.get("encoder_hidden_states"), "text").shape.slice(1) as [number, number];
  const shape = { latents, text } as const;
  const row = (data: Float32Array, i: number, width: number): Float32Array => data.subarray(i * width, (i + 1) * width);
  const size = sizeOf(latents);

  const folder = await openModel(folderFiles(`${goldens}/step/policy`), ["unet"]);
  const lora = await readLora(await openSafetensors(await openFile(`${goldens}/step/policy-adapter.safetensors`)));
  const backend = nodeBackend({ threads: 1 });
  const options = {
    shape,
    samples: 2 * count,
    train: kind,
    targets: targetsOf(lora),
    initial: initialLora(0),
    cut: kind === "full" ? "block" : "whole",
    weights: "float32",
    ...(onDevice ? { optimizer: "device" as const } : {}),
  } as const;
  const model = await loadNetwork(backend, folder, options);
  const start =
    kind === "lora"
      ? loraVector(model.set.layout, lora, "The adapter")
      : await weightsVector(model.set.layout, folder, "The UNet");
  const [net, theta, thetaK] = [model.denoiser, { id: "theta" }, { id: "theta_k" }];
  await net.update(thetaK, start);
  const state = freshState(start);
  const rules = { ...adamWDefaults, maxGradNorm: 1 };
  const optimizer = onDevice
    ? await model.optimizer(theta, freshFrom(model.start, 0) as StateInParts, rules)
    : new HostOptimizer(net, theta, state, rules);
  await optimizer.begin();
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const met = Array.from({ length: count }, (_, b) => {
      const t = Number(required(draws.get("timesteps"), "t").data[i * count + b]);
      const eps = row(floats(draws, "noise"), i * count + b, size);
      const c = row(floats(batch, "encoder_hidden_states"), b, sizeOf(text));
      const pair = {
        x0: row(floats(batch, "x0"), b, size),
        x0Prime: row(floats(batch, "x0_opponent"), b, size),
        c,
        empty: c,
      };
      return { pair, draw: { t, eps, tPrime: t, epsPrime: eps, dropCaption: false } };
    });
    const noised = pairBatch(model.noise, shape, met);
    const outcomes = await spinStep(net, theta, thetaK, noised.batch, noised.text, {
      beta,
      loss: "logistic",
      accumulation: 1,
    });
    losses.push(outcomes.reduce((sum, o) => sum + o.value, 0) / count);
    const lr = learningRateAt(i, steps, { learningRate, warmupSteps, schedule: "linear" });
    await optimizer.apply(lr);
  }
  const end = await net.parameters(theta);
  const changes = model.set.layout.map(({ name, shape: own, offset }) => {
    const want = floats(expected, name);
    const got = want.map((_, k) => (end[offset + k] as number) - (start[offset + k] as number));
    const norm = (v: Float32Array): number => Math.sqrt(v.reduce((s, x) => s + x * x, 0));
    return { name, size: sizeOf(own), relative: norm(got.map((v, k) => v - (want[k] as number))) / norm(want) };
  });
  await model.dispose();
  await backend.dispose();
  return { losses, expected: [...floats(expected, "loss")], changes, start, end };
}

/** How far two ends are apart, as a share of how far the first one has come. */
function apart(
  { start, end }: { readonly start: Float32Array; readonly end: Float32Array },
  other: Float32Array,
): number {
  const distance = (from: Float32Array): number =>
    Math.sqrt(end.reduce((sum, x, i) => sum + (x - (from[i] as number)) ** 2, 0));
  return distance(other) / distance(start);
}

describe("ten steps of self-play end to end", () => {
  const judge = ({ losses, expected, changes }: Awaited<ReturnType<typeof train>>): void => {
    expect(losses[0]).toBe(Math.LN2);
    losses.forEach((loss, i) => expect(Math.abs(loss - (expected[i] as number))).toBeLessThan(1e-3));
    expect(changes.filter(({ relative }) => !(relative < 1e-2))).toEqual([]);
  };

  it("lora: every weight's change is within 1e-2 of torch's", async () => judge(await train("lora")));

  it("full: every weight's change is within 1e-2 of torch's, by the host's AdamW and by the device's, which agree", async () => {
    const host = await train("full");
    judge(host);
    const device = await train("full", { onDevice: true });
    judge(device);
    expect(apart(host, device.end)).toBeLessThan(1e-4);
  });
});
