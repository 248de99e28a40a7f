/**
 * @file The gradient of every one of the UNet's weights, on `node`, against diffusers' norms and projections. About 13 GB: the
 * weights in fp32, the accumulators twice. Groups pass one at a time, so that no flat vector of 3.4 GB lies beside them.
 */
import path from "node:path";
import { buildArtifactSet } from "../../src/artifacts/artifact-set.ts";
import { openModel } from "../../src/artifacts/model-folder.ts";
import { folderFiles } from "../../src/cli/files.ts";
import { sizeOf } from "../../src/lib/tensor.ts";
import { readUNetConfig } from "../../src/models/config.ts";
import { compile } from "../../src/plan/compile.ts";
import { Executor } from "../../src/runtime/executor.ts";
import { nodeBackend } from "../../src/runtime/node.ts";
import { spinStep } from "../../src/spin/step.ts";
import { PlanDenoiser } from "../../src/studio/denoiser.ts";
import { weightsVector } from "../../src/studio/player.ts";
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
  const compiled = compile({ unet }, { ...options, training: { kind: "full" } });
  const choices = { ...options, configs, train: "full", rank: 0, alpha: 0, targets: "" } as const;
  const { artifact, loadProgram } = await buildArtifactSet(compiled, choices);
  const { set } = artifact;
  const backend = nodeBackend();
  const executor = new Executor(backend, set, loadProgram);
  try {
    const model = await openModel(folderFiles(path.join(folder, "model")), ["unet"]);
    const net = new PlanDenoiser(executor, set, unet);
    // the only time that all weights lie in one array
    await net.update(base, await weightsVector(set.layout, model, "The UNet"));
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
    if (!outcome) throw new Error("internal: the batch has no pair");
    return [...judgeErrors(outcome, goldenErrors(golden), 1e-4), judge.verdict()];
  } finally {
    await executor.dispose();
    await backend.dispose();
  }
}
