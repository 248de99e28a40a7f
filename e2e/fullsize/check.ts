/** @file The check on `node`: SD-1.5's own configuration against diffusers' goldens, and what the browser is compared with. */
import type { FileTensor } from "../../src/artifacts/safetensors.ts";
import { folderFiles } from "../../src/cli/files.ts";
import { nodeBackend } from "../../src/runtime/node.ts";
import { beta, folder } from "./files.ts";
import { readGolden } from "./goldens.ts";
import { GradientJudge, goldenErrors, judgeErrors, judgeGradients, judgeValues, type Verdict } from "./judge.ts";
import { type Outcome, play } from "./scene.ts";

export async function playOnNode(tell: (line: string) => void): Promise<Outcome> {
  const backend = nodeBackend();
  try {
    return await play(backend, folderFiles(folder), beta, tell);
  } finally {
    await backend.dispose();
  }
}

/** Forward values and errors within 1e-4, the logit within its allowed noise, gradients by their summaries. */
export async function judgeByGoldens(outcome: Outcome): Promise<Verdict[]> {
  const [values, lora] = [await readGolden("values"), await readGolden("lora")];
  const floats = (tensors: ReadonlyMap<string, FileTensor>) =>
    Object.fromEntries([...tensors].map(([name, { data }]) => [name, data as Float32Array]));
  const inside = Math.abs(outcome.step.inside - Number(lora.get("inside")?.data[0]));
  return [
    ...judgeValues(outcome.values, floats(values), 1e-4),
    ...judgeErrors(outcome.step, goldenErrors(lora), 1e-4),
    { what: "inside", share: inside / 0.01, seen: `off by ${inside.toExponential(1)}, 0.01 allowed` },
    judgeGradients(GradientJudge.ofGolden("LoRA gradients", lora), outcome),
  ];
}
