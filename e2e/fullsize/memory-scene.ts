/**
 * @file Every work of SD-1.5 on a device, one after the other, and the bytes that each takes beside those that the plan predicted. The
 * weights are zeros: what a program takes does not depend on its numbers.
 */
import type { ModelFolder, ModelTensor } from "../../src/artifacts/model-folder.ts";
import { sd15Config } from "../../src/artifacts/sd15-config.ts";
import { emptyOf, sizeOf } from "../../src/lib/tensor.ts";
import { predictedPeak } from "../../src/plan/peak.ts";
import type { PlanSet } from "../../src/plan/types.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import type { Noised, Text } from "../../src/spin/denoiser.ts";
import { spinStep } from "../../src/spin/step.ts";
import { loadModel, makeArtifacts, type Model, type ModelChoices } from "../../src/studio/model.ts";

/** What onnxruntime takes for itself, in bytes. */
export interface Taken {
  readonly name: string;
  readonly predicted: number;
  readonly measured: number;
}

export interface MemoryReport {
  readonly works: readonly (Taken & { readonly seconds: number })[];
  /** all that is alive at once, the weights among it */
  readonly all: Omit<Taken, "name">;
  readonly programs: readonly Taken[];
  readonly kinds: ReturnType<Backend["ledger"]["byKind"]>;
}

const [policy, opponent] = [{ id: "policy" }, { id: "opponent" }];

function zeroFolder({ tensors }: PlanSet): ModelFolder {
  const all = new Map<string, ModelTensor>();
  for (const [name, spec] of Object.entries(tensors))
    if (spec.kind === "weight") all.set(name, { ...spec, read: async () => emptyOf(spec) });
  const token = "text_model.embeddings.token_embedding.weight";
  const shape = [2, Number(sd15Config.text_encoder["hidden_size"])];
  const table: ModelTensor = { dtype: "float32", shape, read: async () => new Float32Array(sizeOf(shape)) };
  return {
    configs: sd15Config,
    tensors: { unet: all, vae: all, text_encoder: new Map([...all, [token, table]]) },
    tokenizer: null,
  };
}

const RUNTIME = "onnxruntime";

/** Sees each program that runs: what its session holds, and the most that a run of it takes. */
class Watch {
  readonly programs = new Map<string, Taken>();
  readonly #plans: PlanSet;
  readonly #ledger: Backend["ledger"];
  #peak = 0;
  #now: Taken[] = [];

  constructor(backend: Backend, plans: PlanSet) {
    this.#plans = plans;
    this.#ledger = backend.ledger;
    const run = backend.run.bind(backend);
    backend.run = async (session, ...rest) => {
      this.#turn();
      await run(session, ...rest);
      this.#ran(session.name);
    };
  }

  /** The most bytes that were ever alive. */
  get peak(): number {
    return Math.max(this.#peak, this.#ledger.peak);
  }

  async of(name: string, work: () => Promise<unknown>): Promise<Taken> {
    this.#now = [];
    await work();
    const most = (pick: (taken: Taken) => number): number => Math.max(...this.#now.map(pick));
    return { name, predicted: most(({ predicted }) => predicted), measured: most(({ measured }) => measured) };
  }

  #turn(): void {
    this.#peak = this.peak;
    this.#ledger.restartPeak();
  }

  #ran(name: string): void {
    const { scratchBytes = NaN } = this.#plans.programs[name] ?? {};
    const made = new Set([...this.programs.keys(), name]);
    const constants = [...made].reduce((sum, each) => sum + (this.#plans.programs[each]?.constantBytes ?? NaN), 0);
    const measured = this.#ledger.byKind()[RUNTIME]?.peak ?? 0;
    const taken = { name, predicted: constants + scratchBytes, measured };
    this.programs.set(name, taken);
    this.#now.push(taken);
  }
}

function worksOf(model: Model, pairs: number): Readonly<Record<string, () => Promise<unknown>>> {
  const [channels, height, width] = model.latents;
  const [tokens, size] = model.textShape;
  const zeros = (...shape: number[]): Float32Array => new Float32Array(sizeOf(shape));
  const noised = (rows: number): Noised => {
    const shape = [rows, channels, height, width] as const;
    return { shape, xt: zeros(...shape), t: new Array<number>(rows).fill(500), target: zeros(...shape) };
  };
  const text = (rows: number): Text => ({ shape: [rows, tokens, size], hidden: zeros(rows, tokens, size) });
  const { side, denoiser } = model;
  const options = { beta: 500, loss: "logistic", accumulation: 1 } as const;
  return {
    "encode text": () => model.encodeTokens(new Array<number>(tokens).fill(1)),
    "encode a picture": () => model.encodePixels(zeros(3, side, side)),
    decode: () => model.decodePixels(zeros(channels, height, width)),
    predict: () => denoiser.predict(policy, noised(2), text(2)),
    "SPIN step": async () => {
      await spinStep(denoiser, policy, opponent, noised(2 * pairs), text(2 * pairs), options);
      await denoiser.gradients();
    },
  };
}

/** Each work once; a work finds the slots and sessions that those before it left. */
export async function measureMemory(
  backend: Backend,
  choices: ModelChoices,
  tell: (line: string) => void,
): Promise<MemoryReport> {
  const set = await makeArtifacts({ configs: sd15Config }, choices);
  const plans = set.artifact.set;
  const model = await loadModel(backend, set, zeroFolder(plans), (_, shape) => new Float32Array(sizeOf(shape)));
  try {
    for (const player of [policy, opponent]) await model.denoiser.update(player, model.base);
    tell("loaded");
    const watch = new Watch(backend, plans);
    const works: MemoryReport["works"][number][] = [];
    for (const [name, work] of Object.entries(worksOf(model, choices.samples / 2))) {
      const start = performance.now();
      const taken = await watch.of(name, work);
      works.push({ ...taken, seconds: (performance.now() - start) / 1000 });
      tell(`${name}: done`);
    }
    return {
      works,
      all: { predicted: predictedPeak(plans.bytes), measured: watch.peak },
      programs: [...watch.programs.values()],
      kinds: backend.ledger.byKind(),
    };
  } finally {
    await model.dispose();
  }
}
