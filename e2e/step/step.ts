/**
 * @file One SPIN step of a nano model on a backend, again and again: its errors and gradients for the comparison between backends, and
 * the bytes that it holds beside those that the plan predicted. Pure: runs in Node and in the page's worker.
 * Files: e2e/goldens/models/step. That the step is PyTorch's: src/cli/step.test.ts.
 */
import type { Lora } from "../../src/artifacts/lora-names.ts";
import { readLora } from "../../src/artifacts/lora-read.ts";
import { type ModelFolder, openModel } from "../../src/artifacts/model-folder.ts";
import { bytesAccess } from "../../src/artifacts/random-access.ts";
import { openSafetensors, parseSafetensors } from "../../src/artifacts/safetensors.ts";
import { readUNetConfig } from "../../src/models/config.ts";
import type { Bytes } from "../../src/plan/types.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import type { PairBatch } from "../../src/spin/pair.ts";
import { pairBatch } from "../../src/spin/pair.ts";
import { type PairOutcome, spinStep } from "../../src/spin/step.ts";
import type { Model } from "../../src/studio/model.ts";
import { loadNetwork, loraVector, targetsOf } from "../../src/studio/player.ts";
import { readStepBatch } from "../../src/studio/step-batch.ts";

/** path below e2e/goldens/models/step -> contents */
export type StepFiles = ReadonlyMap<string, Uint8Array>;

export const stepPaths = [
  "policy/unet/config.json",
  "policy/unet/diffusion_pytorch_model.safetensors",
  "policy-adapter.safetensors",
  "opponent-adapter.safetensors",
  "batch.safetensors",
] as const;

export interface StepRequest {
  readonly weights: "float32" | "float16";
  readonly cut: "whole" | "stage" | "block";
  /** how often the step is made, at least twice */
  readonly steps: number;
}

export interface StepReport {
  readonly description: string;
  /** L_w, L_l, L_w0, L_l0 of every pair */
  readonly errors: readonly number[];
  /** trainable tensor -> gradient of the mean loss */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  /** steps whose errors or gradients had other bits than the first's */
  readonly different: number;
  readonly predicted: Bytes;
  /** live bytes after each step, where they changed */
  readonly live: readonly number[];
  readonly peak: number;
  readonly kinds: ReturnType<Backend["ledger"]["byKind"]>;
  /** live bytes when all was given back, more than at the beginning */
  readonly leftover: number;
}

interface Players {
  readonly folder: ModelFolder;
  readonly policy: Lora;
  readonly opponent: Lora;
  readonly batch: ReturnType<typeof readStepBatch>;
}

async function readPlayers(files: StepFiles): Promise<Players> {
  const bytes = (path: (typeof stepPaths)[number]): Uint8Array => files.get(path) as Uint8Array;
  const below = "policy/";
  const folder = await openModel(
    {
      list: async () => stepPaths.filter((path) => path.startsWith(below)).map((path) => path.slice(below.length)),
      open: async (path) => bytesAccess(files.get(below + path) as Uint8Array),
    },
    ["unet"],
  );
  const lora = async (path: (typeof stepPaths)[number]) => readLora(await openSafetensors(bytesAccess(bytes(path))));
  return {
    folder,
    policy: await lora("policy-adapter.safetensors"),
    opponent: await lora("opponent-adapter.safetensors"),
    batch: readStepBatch(parseSafetensors(bytes("batch.safetensors")).tensors, {
      unet: readUNetConfig(folder.configs.unet ?? {}),
      timesteps: 1000,
    }),
  };
}

const [theta, thetaK] = [{ id: "policy" }, { id: "opponent" }];
const options = { beta: 5000, loss: "logistic", accumulation: 1 } as const;

/** The step of all pairs at once. @returns errors and the flat gradient. */
async function once(
  { denoiser }: Model,
  { batch, text }: PairBatch,
): Promise<{ errors: number[]; vector: Float32Array }> {
  const outcomes = await spinStep(denoiser, theta, thetaK, batch, text, options);
  const errors = outcomes.flatMap(({ Lw, Ll, Lw0, Ll0 }: PairOutcome) => [Lw, Ll, Lw0, Ll0]);
  return { errors, vector: await denoiser.gradients() };
}

/** Leaves the backend as it was, but for its peak. */
export async function stepOn(backend: Backend, files: StepFiles, request: StepRequest): Promise<StepReport> {
  const { folder, policy, opponent, batch } = await readPlayers(files);
  const before = backend.ledger.live;
  backend.ledger.restartPeak();
  const model = await loadNetwork(backend, folder, {
    shape: batch.shape,
    samples: 2 * batch.pairs.length,
    train: "lora",
    targets: targetsOf(policy),
    initial: (_name, shape) => new Float32Array(shape.reduce((product, dim) => product * dim, 1)),
    cut: request.cut,
    weights: request.weights,
  });
  const { layout } = model.set;
  await model.denoiser.update(theta, loraVector(layout, policy, "The policy's adapter"));
  await model.denoiser.update(thetaK, loraVector(layout, opponent, "The opponent's adapter"));
  const met = batch.pairs.map(({ winner, loser, text }) => {
    const { x0, t, eps } = loser ?? winner;
    return {
      pair: { x0: winner.x0, x0Prime: x0, c: text, empty: text },
      draw: { t: winner.t, eps: winner.eps, tPrime: t, epsPrime: eps, dropCaption: false },
    };
  });
  const pairs = pairBatch(model.noise, batch.shape, met);
  const first = await once(model, pairs);
  const live = [backend.ledger.live];
  let different = 0;
  for (let i = 1; i < request.steps; i++) {
    const { errors, vector } = await once(model, pairs);
    const same = errors.every((v, k) => Object.is(v, first.errors[k])) && sameBits(vector, first.vector);
    if (!same) different += 1;
    if (backend.ledger.live !== live.at(-1)) live.push(backend.ledger.live);
  }
  const { peak } = backend.ledger;
  const kinds = backend.ledger.byKind();
  const gradients = layout.map(({ name, shape, offset }) => {
    const length = shape.reduce((product, dim) => product * dim, 1);
    return [name, Array.from(first.vector.subarray(offset, offset + length))] as const;
  });
  await model.dispose();
  return {
    description: backend.description,
    errors: first.errors,
    gradients: Object.fromEntries(gradients),
    different,
    predicted: model.set.bytes,
    live,
    peak,
    kinds,
    leftover: backend.ledger.live - before,
  };
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const [x, y] = [a, b].map((array) => new Uint32Array(array.buffer, array.byteOffset, array.length)) as [
    Uint32Array,
    Uint32Array,
  ];
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}
