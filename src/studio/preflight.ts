/** @file Which backend is fastest here: each runs the same small network, and the figures decide. A GPU in software loses to wasm. */
import { buildArtifactSet } from "../artifacts/artifact-set.ts";
import { seededTensor } from "../artifacts/seeded.ts";
import { sizeOf } from "../lib/tensor.ts";
import { readUNetConfig } from "../models/config.ts";
import { compile } from "../plan/compile.ts";
import type { Backend, BackendName } from "../runtime/backend.ts";
import { Executor } from "../runtime/executor.ts";
import type { Measured, Preflight } from "./api.ts";

/** Of pocket's kind and cost, with weights by rule. */
const probe = {
  block_out_channels: [32, 64, 64],
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 4,
  cross_attention_dim: 64,
  norm_num_groups: 8,
  sample_size: 16,
};
const ROWS = 4;
const RUNS = 3;
const TOKENS = 16;

const words: { readonly [B in BackendName]: string } = {
  webgpu: "the GPU (WebGPU)",
  wasm: "the processor (WebAssembly)",
  node: "the processor (Node)",
  "node-webgpu": "the GPU (Node)",
};

/** What makes each backend that this place could have, best guess first. */
export type Factories = Readonly<Partial<Record<BackendName, () => Promise<Backend>>>>;

async function measure(name: BackendName, create: () => Promise<Backend>): Promise<Measured> {
  let backend: Backend | null = null;
  try {
    backend = await create();
    const options = {
      height: 16,
      width: 16,
      samples: ROWS,
      tokens: TOKENS,
      training: { kind: "full" },
      cut: "whole",
      weights: "float32",
    } as const;
    const built = await buildArtifactSet(compile({ unet: readUNetConfig(probe) }, options), {
      configs: {},
      rank: 1,
      alpha: 1,
      targets: "",
      train: "full",
      drawSamples: ROWS,
      ...options,
    });
    const { set } = built.artifact;
    const executor = new Executor(backend, set, built.loadProgram);
    executor.createAdapter("probe");
    const vector = new Float32Array(executor.length);
    for (const { name: tensor, shape, offset } of set.layout) vector.set(seededTensor(tensor, shape), offset);
    await executor.writeAdapter("probe", vector);
    const inputs = Object.fromEntries(
      (set.plans["predict"]?.inputs ?? []).map((tensor) => [
        tensor,
        new Float32Array(sizeOf(set.tensors[tensor]?.shape ?? [])),
      ]),
    );
    const run = async (): Promise<number> => {
      const start = performance.now();
      await executor.run("predict", inputs, "probe");
      await executor.read("eps"); // only what was read back has happened
      return performance.now() - start;
    };
    await run(); // compiles kernels
    let best = Infinity;
    for (let i = 0; i < RUNS; i++) best = Math.min(best, await run());
    const { description, float16 } = backend;
    await executor.dispose();
    return { backend: name, description, forwardMs: best, problem: null, float16 };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { backend: name, description: backend?.description ?? words[name], forwardMs: null, problem, float16: null };
  } finally {
    await backend?.dispose();
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `others` are sorted by time. */
function reasonFor(chosen: Measured, [next]: readonly Measured[]): string {
  if (!next) return `Only ${words[chosen.backend]} is available here.`;
  if (next.forwardMs === null || chosen.forwardMs === null) {
    return `${capital(words[next.backend])} is not available here, so ${words[chosen.backend]} does the work.`;
  }
  const times = (next.forwardMs / chosen.forwardMs).toFixed(1);
  return `Measured here: ${words[chosen.backend]} is ${times} times as fast as ${words[next.backend]}.`;
}

/** What was measured before, by backend. */
export type Known = Partial<Record<BackendName, Measured>>;

/**
 * The backend that was asked for, or else the fastest; measures what is not known yet. One that fails is listed with its
 * problem; where the one asked for fails, the others are tried too.
 */
export async function measureBackends(
  factories: Factories,
  force: BackendName | null,
  known: Known = {},
): Promise<Preflight> {
  const measured: Measured[] = [];
  const one = async (name: BackendName, create: () => Promise<Backend>): Promise<Measured> => {
    const result = known[name] ?? (await measure(name, create));
    measured.push(result);
    return result;
  };
  const asked = force && factories[force];
  if (asked && (await one(force, asked)).forwardMs !== null)
    return { chosen: force, reason: `You chose ${words[force]}.`, measured };
  for (const [name, create] of Object.entries(factories) as [BackendName, () => Promise<Backend>][]) {
    if (name !== force) await one(name, create);
  }
  const [chosen, ...others] = [...measured].sort((a, b) => (a.forwardMs ?? Infinity) - (b.forwardMs ?? Infinity));
  if (!chosen) return { chosen: "wasm", reason: "Nothing could be measured here.", measured };
  const note = force ? `${capital(words[force])} does not work here. ` : "";
  return { chosen: chosen.backend, reason: note + reasonFor(chosen, others), measured };
}
