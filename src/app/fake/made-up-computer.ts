/** @file The computer that the pretended engine runs on. */
import type { Measured, Precision, Preflight } from "../../studio/api.ts";
import type { BackendName } from "../state/studio-state.ts";
import type { FakeOptions } from "./fake-options.ts";

const WASM: Measured = {
  backend: "wasm",
  description: "8 threads of the processor",
  forwardMs: 41,
  problem: null,
  float16: "stored",
};
const GPU: Measured = {
  backend: "webgpu",
  description: "a made-up GPU, half precision",
  forwardMs: 9,
  problem: null,
  float16: "computed",
};
const NO_GPU: Measured = {
  backend: "webgpu",
  description: "WebGPU",
  forwardMs: null,
  problem: "this browser gives pages no WebGPU",
  float16: null,
};

export function madeUpPreflight({ noGpu }: FakeOptions, force: Preflight["chosen"] | null): Preflight {
  if (force === "webgpu" && noGpu) throw new Error("WebGPU was asked for, but this browser gives pages no WebGPU.");
  const chosen = force ?? (noGpu ? "wasm" : "webgpu");
  return { chosen, reason: reasonFor(force as BackendName | null, noGpu), measured: [noGpu ? NO_GPU : GPU, WASM] };
}

function reasonFor(force: BackendName | null, noGpu: boolean): string {
  if (force !== null) return `${force === "wasm" ? "WebAssembly" : "WebGPU"} runs because you chose it.`;
  if (noGpu) return "WebAssembly runs the model, because this browser gives pages no WebGPU.";
  return "WebGPU runs the model: it was 4.6 times as fast as WebAssembly.";
}

export const madeUpPrecision = ({ noisy = false }: FakeOptions): Precision =>
  noisy ? { logitNoise: 0.21, repeats: false } : { logitNoise: 0.0014, repeats: true };
