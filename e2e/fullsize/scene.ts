/**
 * @file What is done with the full-size model, the same on every backend: load it from an artifact set and a folder, encode text
 * and a picture, decode, draw with guidance, and play one pair of SPIN twice. Pure: it runs in Node and in the page's worker.
 */
import { openArtifactSet } from "../../src/artifacts/artifact-set.ts";
import { readLora } from "../../src/artifacts/lora-read.ts";
import { type FileSystem, openModel } from "../../src/artifacts/model-folder.ts";
import { readWhole } from "../../src/artifacts/random-access.ts";
import { openSafetensors, parseSafetensors } from "../../src/artifacts/safetensors.ts";
import { sizeOf } from "../../src/lib/tensor.ts";
import { scaledLinear } from "../../src/diffusion/noise-schedule.ts";
import type { UNetConfig } from "../../src/models/config.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import type { LedgerEntry } from "../../src/runtime/ledger.ts";
import { type PairBatch, pairBatch } from "../../src/spin/pair.ts";
import { sample } from "../../src/spin/sampling.ts";
import { type PairOutcome, spinStep } from "../../src/spin/step.ts";
import { initialLora } from "../../src/studio/initial-lora.ts";
import { loadModel, type Model } from "../../src/studio/model.ts";
import { loraVector } from "../../src/studio/player.ts";
import { readStepBatch } from "../../src/studio/step-batch.ts";

export interface Outcome {
  readonly description: string;
  /** stage -> seconds, in the order of the stages */
  readonly seconds: Readonly<Record<string, number>>;
  readonly sessions: number;
  /** making the sessions, a part of the stages' seconds */
  readonly sessionSeconds: number;
  /** last_hidden_state, moments, decoded, eps (as the goldens name them), latents and picture (drawn by the policy) */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly step: PairOutcome;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** whether the second step gave the bits of the first */
  readonly repeated: boolean;
  readonly bytes: {
    /** all that a step has alive, what onnxruntime takes for itself among it */
    readonly predicted: number;
    readonly scratch: number;
    readonly peak: number;
    /** after each step: equal when nothing leaks */
    readonly live: readonly number[];
    readonly kinds: Readonly<Record<string, LedgerEntry>>;
  };
}

export const drawing = { steps: 3, scale: 7.5, seed: 1 } as const;

const policy = { id: "policy" };
const opponent = { id: "opponent" };
const base = { id: "base" };

/** The part of a folder below `path`. */
function below(files: FileSystem, path: string): FileSystem {
  const start = `${path}/`;
  return {
    list: async () =>
      (await files.list()).filter((file) => file.startsWith(start)).map((file) => file.slice(start.length)),
    open: (file) => files.open(start + file),
  };
}

class Clock {
  readonly seconds: Record<string, number> = {};
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  async time<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    const taken = (performance.now() - start) / 1000;
    this.seconds[stage] = taken;
    this.#tell(`${stage}: ${taken.toFixed(1)} s`);
    return result;
  }
}

/** Seconds of each session that the backend makes from now on, told every tenth time. */
function watchSessions(backend: Backend, tell: (line: string) => void): { readonly sessions: readonly number[] } {
  const compile = backend.compile.bind(backend);
  const sessions: number[] = [];
  backend.compile = async (name, onnx) => {
    const start = performance.now();
    const session = await compile(name, onnx);
    sessions.push((performance.now() - start) / 1000);
    if (sessions.length % 10 === 0) tell(`${sessions.length} sessions, the last is ${name}`);
    return session;
  };
  return { sessions };
}

/** `files`: the folder that files.ts writes. */
export async function play(
  backend: Backend,
  files: FileSystem,
  beta: number,
  tell: (line: string) => void,
): Promise<Outcome> {
  const clock = new Clock(tell);
  const { sessions } = watchSessions(backend, tell);
  const set = await openArtifactSet(below(files, "set"));
  const folder = await openModel(below(files, "model"));
  const model = await clock.time("load", () => loadModel(backend, set, folder, initialLora(0)));
  try {
    for (const adapter of [policy, opponent]) {
      const path = `${adapter.id}-adapter.safetensors`;
      const lora = await readLora(await openSafetensors(await files.open(path), path));
      await model.denoiser.update(adapter, loraVector(model.set.layout, lora, path));
    }
    const values = await see(model, files, clock);
    const pair = await readPair(files, model.unet);
    const once = async () => {
      const [outcome] = await spinStep(model.denoiser, policy, opponent, pair.batch, pair.text, {
        beta,
        loss: "logistic",
        accumulation: 1,
      });
      return { outcome: outcome as PairOutcome, vector: await model.denoiser.gradients() };
    };
    const first = await clock.time("SPIN step, first", once);
    const live = [backend.ledger.live];
    const second = await clock.time("SPIN step, second", once);
    live.push(backend.ledger.live);
    const { weights, trainable, gradients, slots, scratch } = model.set.bytes;
    return {
      description: backend.description,
      seconds: clock.seconds,
      sessions: sessions.length,
      sessionSeconds: sessions.reduce((sum, seconds) => sum + seconds, 0),
      values: { ...values, eps: await predictByBase(model, pair) },
      step: first.outcome,
      gradients: new Map(
        model.set.layout.map(({ name, shape, offset }) => [name, first.vector.slice(offset, offset + sizeOf(shape))]),
      ),
      repeated: first.vector.every((g, i) => g === second.vector[i]),
      bytes: {
        predicted: weights + 2 * trainable + gradients + slots + scratch,
        scratch,
        peak: backend.ledger.peak,
        live,
        kinds: backend.ledger.byKind(),
      },
    };
  } finally {
    await model.dispose();
  }
}

/** Text, VAE both ways, and a picture of the goldens' tokens, unlike those of the empty prompt. */
async function see(model: Model, files: FileSystem, clock: Clock): Promise<Record<string, Float32Array>> {
  const { tensors } = parseSafetensors(await readWhole(await files.open("inputs.safetensors")));
  const floats = (name: string) => tensors.get(name)?.data as Float32Array;
  const ids = Array.from(tensors.get("input_ids")?.data ?? [], Number);
  const [start, end] = [ids[0] as number, ids.at(-1) as number];
  const empty = ids.map((_, i) => (i === 0 ? start : end));

  const hidden = await clock.time("encode text, first", () => model.encodeTokens(ids));
  const negative = await clock.time("encode text, second", () => model.encodeTokens(empty));
  const moments = await clock.time("encode picture", () => model.encodePixels(floats("picture")));
  const decoded = await clock.time("decode, first", () => model.decodePixels(floats("latents")));
  const prompt = { shape: [1, ...model.textShape], hidden } as const;
  const draw = (steps: number) =>
    sample(model.denoiser, policy, prompt, negative, {
      sampler: model.sampler("ddim", steps),
      latents: model.latents,
      scale: drawing.scale,
      seeds: [drawing.seed],
    });
  await clock.time("draw, first UNet run", () => draw(1));
  const latents = await clock.time(`draw, ${drawing.steps} steps`, () => draw(drawing.steps));
  const rgba = await clock.time("decode, second", () => model.decode(latents));
  return { last_hidden_state: hidden, moments, decoded, latents, picture: Float32Array.from(rgba) };
}

/** The rows of the goldens' one pair. */
export async function readPair(files: FileSystem, unet: UNetConfig): Promise<PairBatch> {
  const { tensors } = parseSafetensors(await readWhole(await files.open("batch.safetensors")));
  const noise = scaledLinear();
  const { shape, pairs } = readStepBatch(tensors, { unet, timesteps: noise.alphasCumprod.length });
  const met = pairs.map(({ winner, loser, text }) => {
    const { x0, t, eps: noisePrime } = loser ?? winner;
    const pair = { x0: winner.x0, x0Prime: x0, c: text, empty: text };
    return { pair, draw: { t: winner.t, eps: winner.eps, tPrime: t, epsPrime: noisePrime, dropCaption: false } };
  });
  return pairBatch(noise, shape, met);
}

/** The base model's prediction for the noised winner. */
async function predictByBase({ denoiser, base: vector }: Model, { batch, text }: PairBatch): Promise<Float32Array> {
  await denoiser.update(base, vector);
  const both = await denoiser.predict(base, batch, text);
  denoiser.forget(base);
  return both.slice(0, both.length / 2);
}
