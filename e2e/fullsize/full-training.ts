/**
 * @file The gradient of every one of the UNet's weights, on `node`, against diffusers' norms and projections, and then a step of the
 * device's AdamW from it against the host's. Weights and gradient lie there in fp32; what else there is passes a group at a time,
 * the moments too.
 */
import path from "node:path";
import { buildArtifactSet } from "../../src/artifacts/artifact-set.ts";
import { partsOfWeights } from "../../src/artifacts/checkpoint-parts.ts";
import { openModel } from "../../src/artifacts/model-folder.ts";
import { folderFiles } from "../../src/cli/files.ts";
import { required } from "../../src/lib/errors.ts";
import { sizeOf } from "../../src/lib/tensor.ts";
import { readUNetConfig } from "../../src/models/config.ts";
import { compile } from "../../src/plan/compile.ts";
import { momentsOf, ratesOf } from "../../src/plan/optimizer-plans.ts";
import type { Bytes } from "../../src/plan/types.ts";
import { Executor } from "../../src/runtime/executor.ts";
import { nodeBackend } from "../../src/runtime/node.ts";
import { adamW, adamWDefaults, freshState } from "../../src/spin/adamw.ts";
import { clipScale } from "../../src/spin/clip.ts";
import { spinStep } from "../../src/spin/step.ts";
import { PlanDenoiser } from "../../src/studio/denoiser.ts";
import { asFloat32 } from "../../src/studio/model.ts";
import { judgeErrors, GradientJudge, goldenErrors, type Verdict } from "./judge.ts";
import { beta, folder } from "./files.ts";
import { readGolden } from "./goldens.ts";
import { readPair } from "./scene.ts";
import { readConfigs } from "./weights.ts";

const base = { id: "base" };

export async function checkFull(tell: (line: string) => void): Promise<Verdict[]> {
  const configs = await readConfigs();
  const unet = readUNetConfig(configs.unet);
  const options = {
    height: 8,
    width: 8,
    samples: 2,
    drawSamples: 2,
    tokens: 77,
    cut: "block",
    weights: "float16",
  } as const;
  const compiled = compile({ unet }, { ...options, training: { kind: "full", optimizer: adamWDefaults } });
  const choices = { ...options, configs, train: "full", rank: 0, alpha: 0, targets: "", optimizer: "device" } as const;
  const { artifact, loadProgram } = await buildArtifactSet(compiled, choices);
  const { set } = artifact;
  // every session of the optimizer would keep its scratch, four times a group of weights
  const backend = nodeBackend({ arena: false });
  const executor = new Executor(backend, set, loadProgram);
  try {
    const model = await openModel(folderFiles(path.join(folder, "model")), ["unet"]);
    const net = new PlanDenoiser(executor, set, unet);
    const read = async (name: string) => asFloat32(await required(model.tensors.unet?.get(name), name).read());
    await net.lay(base, partsOfWeights(set.layout, read));
    tell("full training: weights are there");
    const { batch, text } = await readPair(folderFiles(folder), unet);
    const given = { beta, loss: "logistic", accumulation: 1 } as const;
    // the opponent is the base itself
    const [outcome] = await spinStep(net, base, base, batch, text, given);
    tell("full training: one step");
    const golden = await readGolden("full");
    const judge = GradientJudge.ofGolden("gradients", golden);
    for (const [name, { tensor, offset }] of Object.entries(set.groups)) {
      const part = (await executor.read(tensor)) as Float32Array;
      for (const entry of set.layout.filter(({ group }) => group === name))
        judge.add(entry.name, part.subarray(entry.offset - offset, entry.offset - offset + sizeOf(entry.shape)));
    }
    tell("full training: gradients judged");
    const update = await checkUpdate(executor);
    tell("full training: a step of AdamW");
    if (!outcome) throw new Error("internal: the batch has no pair");
    return [
      ...judgeErrors(outcome, goldenErrors(golden), 1e-4),
      judge.verdict(),
      ...update,
      judgePeak(backend.ledger.peak, set.bytes),
    ];
  } finally {
    await executor.dispose();
    await backend.dispose();
  }
}

const RATE = 1e-5;
const MAX_NORM = 1;

/** The device's first step of AdamW in place, a group at a time, and how far it is from the host's as a share of what it moved. */
async function checkUpdate(executor: Executor): Promise<Verdict[]> {
  let squares = 0;
  let exact = 0;
  for (const group of executor.groups) {
    await executor.run(`norm/${group}`, {});
    for (const sum of (await executor.read(`norm/${group}/squares`)) as Float32Array) squares += sum;
    exact += sumOf(await gradientOf(executor, group), (g) => g * g);
  }
  const { norm, scale } = clipScale(squares, MAX_NORM);
  const { betas, weightDecay } = adamWDefaults;
  const stepSize = RATE / (1 - betas[0]);
  const correction2 = Math.sqrt(1 - betas[1]);
  const rates = ratesOf({ clip: scale, decay: 1 - RATE * weightDecay, stepSize, correction2 });
  let [off, moved] = [0, 0];
  for (const group of executor.groups) {
    const [before, gradient] = [await executor.readGroup(base.id, group), await gradientOf(executor, group)];
    await executor.run(`adamw/${group}`, { "adamw.rates": rates }, base.id);
    const after = await executor.readGroup(base.id, group);
    const host = freshState(before);
    adamW(
      host,
      gradient.map((g) => g * scale),
      RATE,
      adamWDefaults,
    );
    off += sumOf(after, (x, i) => (x - (host.vector[i] as number)) ** 2);
    moved += sumOf(after, (x, i) => (x - (before[i] as number)) ** 2);
    const { m, v } = momentsOf(group);
    executor.forget(m);
    executor.forget(v);
  }
  const [apart, normOff] = [Math.sqrt(off / moved), Math.abs(norm / Math.sqrt(exact) - 1)];
  return [
    { what: "gradient norm on the device", share: normOff / 1e-6, seen: `${normOff.toExponential(1)} (1e-6)` },
    { what: "AdamW on the device", share: apart / 1e-2, seen: `${apart.toExponential(1)} of the change (1e-2)` },
  ];
}

/** In float64; an iterator takes ten times as long. */
function sumOf(values: Float32Array, of: (x: number, i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(values[i] as number, i);
  return sum;
}

const gradientOf = async (executor: Executor, group: string): Promise<Float32Array> =>
  (await executor.read(`gradient/${group}`)) as Float32Array;

/** One adapter lies there, and a group's moments at a time. */
function judgePeak(peak: number, { trainable, gradients, slots }: Bytes): Verdict {
  const most = trainable + gradients + slots;
  const seen = `${(peak / 1e9).toFixed(2)} GB, of which ${(most / 1e9).toFixed(2)} GB by plan`;
  return { what: "ledger's peak", share: peak / (1.1 * most), seen };
}
