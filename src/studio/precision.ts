/** @file How far the numbers of a training step can be trusted on a device: measured with a nano network, whose truth a float64 interpreter knows. */
import type { Backend } from "../runtime/backend.ts";
import type { Precision } from "./model-api.ts";
import { nanoUNet, seededFolder } from "./seeded-model.ts";
import { differentBits, exactErrorsOf, logitNoise, onBench, unlikeStep } from "./verify-bench.ts";

/** Few tokens: the interpreter works for each of them. */
const options = { train: "lora", weights: "float32", latents: [6, 6], tokens: 8 } as const;

/** Takes seconds, most of them the compilation of the network's programs; leaves nothing on the device. */
export async function measurePrecision(backend: Backend): Promise<Precision> {
  const folder = seededFolder(nanoUNet);
  return onBench(backend, folder, options, "whole", async (bench) => {
    const repeats = differentBits(await unlikeStep(bench), await unlikeStep(bench)) === 0;
    return { logitNoise: await logitNoise(bench, await exactErrorsOf(bench, folder, options)), repeats };
  });
}
