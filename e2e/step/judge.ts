/** @file What a step must be to be the same step: against `node`'s, and against its own plan. */
import { nodeBackend } from "../../src/runtime/node.ts";
import type { BackendName } from "../../src/runtime/backend.ts";
import type { Bytes } from "../../src/plan/types.ts";
import { wrongGradients } from "../agreement.ts";
import { type StepFiles, type StepReport, type StepRequest, stepOn } from "./step.ts";

/** `node`'s step, whole. */
export async function reference(files: StepFiles, weights: StepRequest["weights"]): Promise<StepReport> {
  const backend = nodeBackend();
  const report = await stepOn(backend, files, { weights, cut: "whole", steps: 2 });
  await backend.dispose();
  return report;
}

/** The buffer through which a page reads, which no plan knows. */
const STAGING = 65536;

/** Two adapters; only `webgpu` can count what the runtime takes for itself. */
function predictedBytes({ weights, trainable, gradients, slots, scratch }: Bytes, backend: BackendName): number {
  return weights + 2 * trainable + gradients + slots + (backend === "webgpu" ? scratch + STAGING : 0);
}

/** In words, or nothing. */
export function stepFaults(got: StepReport, node: StepReport, backend: BackendName): string[] {
  const faults: string[] = [];
  got.errors.forEach((error, i) => {
    const expected = node.errors[i] as number;
    if (!(Math.abs(error - expected) <= 1e-5 * expected)) faults.push(`error ${i} is ${error}, on node ${expected}`);
  });
  if (got.errors.length !== node.errors.length || new Set(got.errors).size < got.errors.length)
    faults.push(`the errors are not ${node.errors.length} different numbers`);
  faults.push(...wrongGradients(new Map(Object.entries(got.gradients)), new Map(Object.entries(node.gradients))));
  if (got.different > 0) faults.push(`${got.different} repetitions had other bits`);
  if (got.live.length > 1) faults.push(`live bytes changed between steps: ${got.live.join(", ")}`);
  if (got.leftover > 0) faults.push(`${got.leftover} bytes were left when all was given back`);
  const predicted = predictedBytes(got.predicted, backend);
  if (!(Math.abs(got.peak / predicted - 1) <= 0.1))
    faults.push(`the most bytes at once were ${got.peak}, and ${predicted} were predicted`);
  return faults;
}
