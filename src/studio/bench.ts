/**
 * @file How fast the studio is on a backend, and beside it a rival that does the same work in the same minutes: turn by turn, the
 * best time of each, because other programs share the machine. One forward, one step of Algorithm 1 from draws to
 * updated weights, one picture from text states to pixels.
 */
import { fnv1a, seededTensor, uniformAt } from "../artifacts/seeded.ts";
import { assert } from "../lib/errors.ts";
import { sizeOf, type Shape } from "../lib/tensor.ts";
import type { Backend } from "../runtime/backend.ts";
import { adamWDefaults, freshState } from "../spin/adamw.ts";
import { trainIteration } from "../spin/algorithm1.ts";
import { sample } from "../spin/sampling.ts";
import { seededFolder, type Setting, type Work } from "./bench-models.ts";
import { loadModel, makeArtifacts, type Model } from "./model.ts";

/** The same work elsewhere. */
export interface RivalModel {
  /** once, and the seconds that it took */
  time(work: Work): Promise<number>;
  /** of the batch that `work` "errors" runs, to see that both compute the same */
  errors(): Promise<readonly number[]>;
  /** bytes, the most that its process had */
  resident(): Promise<number>;
  close(): Promise<void>;
}

export interface Rival {
  /** version and threads */
  readonly description: string;
  open(setting: Setting): Promise<RivalModel>;
}

export interface Timing {
  readonly work: Work;
  /** rows of the UNet in one run */
  readonly rows: number;
  /** the best of the turns */
  readonly seconds: number;
  /** of that turn, the share that was not spent inside the runtime */
  readonly outside: number;
  readonly rival: number | null;
}

export interface Outcome {
  readonly setting: Setting;
  readonly timings: readonly Timing[];
  /** buffers' bytes: the plan's, and the most that were alive */
  readonly predicted: number;
  readonly measured: number;
  /** the largest relative difference of the errors; null without a rival */
  readonly disagreement: number | null;
}

const theta = { id: "theta" };
const thetaK = { id: "theta_k" };

/** Turns of each side: enough for the best to be good, fewer where one takes long. */
const turns = { least: 3, most: 30, seconds: 10 } as const;

export async function bench(backend: Backend, setting: Setting, rival: Rival | null): Promise<Outcome> {
  const { pairs, side, train, rank, cut, configs } = setting;
  const meter = metered(backend);
  const rows = { samples: 2 * pairs, drawSamples: 2 };
  const choices = { ...rows, resolution: side, train, rank, targets: "attention", cut, weights: "float32" } as const;
  const folder = { configs: configs as Parameters<typeof makeArtifacts>[0]["configs"] };
  const set = await makeArtifacts(folder, choices);
  const model = await loadModel(meter.backend, set, seededFolder(configs, set.artifact.set), seededTensor);
  const other = await rival?.open(setting).catch(async (error: unknown) => {
    await model.dispose();
    throw error;
  });
  try {
    for (const player of setting.works.includes("step") ? [theta, thetaK] : [theta])
      await model.denoiser.update(player, model.base);
    const work = worksOf(model, setting);
    const disagreement = other ? difference(await work.read(), await other.errors()) : null;
    const timings: Timing[] = [];
    for (const name of setting.works) {
      const turn = async () => {
        const [start, inside] = [performance.now(), meter.inside()];
        await work.run[name]();
        const seconds = (performance.now() - start) / 1000;
        return { seconds, outside: 1 - (meter.inside() - inside) / seconds };
      };
      const best = await race(turn, other ? () => other.time(name) : null);
      timings.push({ work: name, rows: name === "forward" || name === "picture" ? 2 : 2 * pairs, ...best });
    }
    const { weights, trainable, gradients, slots } = model.set.bytes;
    const predicted = weights + 2 * trainable + gradients + slots;
    return { setting, timings, predicted, measured: backend.ledger.peak, disagreement };
  } finally {
    await other?.close();
    await model.dispose();
  }
}

/** A SPIN step of one setting alone: the UNet, without a VAE, with weights stored so. */
export async function benchStep(
  backend: Backend,
  setting: Setting,
  weights: "float32" | "float16",
): Promise<{ step(): Promise<unknown>; dispose(): Promise<void> }> {
  const { pairs, side, train, rank, cut } = setting;
  const { unet, scheduler } = setting.configs;
  const choices = { samples: 2 * pairs, drawSamples: 2, resolution: side, train, rank, cut, weights } as const;
  const folder = { configs: { unet, scheduler } as Parameters<typeof makeArtifacts>[0]["configs"] };
  const set = await makeArtifacts(folder, { ...choices, targets: "attention" });
  const model = await loadModel(backend, set, seededFolder(folder.configs, set.artifact.set), seededTensor);
  for (const player of [theta, thetaK]) await model.denoiser.update(player, model.base);
  return { step: worksOf(model, setting).run.step, dispose: () => model.dispose() };
}

interface Turn {
  readonly seconds: number;
  readonly outside: number;
}

/** The first turn of each side prepares sessions and caches, and does not count. */
async function race(
  ours: () => Promise<Turn>,
  theirs: (() => Promise<number>) | null,
): Promise<Turn & { rival: number | null }> {
  const start = performance.now();
  await ours();
  await theirs?.();
  let best: Turn = { seconds: Infinity, outside: 0 };
  let rival = Infinity;
  for (let i = 0; i < turns.most && (i < turns.least || performance.now() - start < 1000 * turns.seconds); i++) {
    const turn = await ours();
    if (turn.seconds < best.seconds) best = turn;
    if (theirs) rival = Math.min(rival, await theirs());
  }
  return { ...best, rival: theirs ? rival : null };
}

/** Numbers of variance 1 that follow from a name, the same on both sides. */
function numbers(name: string, shape: Shape): Float32Array {
  const seed = fnv1a(name);
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sqrt(3) * uniformAt(seed, i));
}

/** The works by name, as functions of nothing. */
export function worksOf(model: Model, { pairs, guidance, steps }: Setting) {
  const { denoiser, latents, noise } = model;
  const text = (rows: number) => {
    const shape = [rows, ...model.textShape] as const;
    return { shape, hidden: numbers("bench/text", shape) };
  };
  const batch = (rows: number) => {
    const shape = [rows, ...latents] as const;
    const t = Array.from({ length: rows }, (_, i) => (37 + 61 * i) % 1000);
    return { shape, xt: numbers("bench/xt", shape), t, target: numbers("bench/target", shape) };
  };
  const [two, all] = [2, 2 * pairs].map((rows) => ({ batch: batch(rows), text: text(rows) })) as [Rows, Rows];
  type Rows = { batch: ReturnType<typeof batch>; text: ReturnType<typeof text> };
  const pair = {
    x0: numbers("bench/x0", latents),
    x0Prime: numbers("bench/x0_prime", latents),
    c: text(1).hidden,
    empty: text(1).hidden,
  };
  const train = trainIteration(
    denoiser,
    theta,
    thetaK,
    { count: pairs, at: () => pair },
    {
      ...adamWDefaults,
      seed: 0,
      iteration: 1,
      noise,
      shape: { latents, text: model.textShape },
      beta: 2000,
      loss: "logistic",
      accumulation: 1,
      pairsPerBatch: pairs,
      steps: Infinity,
      learningRate: 1e-9,
      warmupSteps: 0,
      schedule: "constant",
      independentNoise: false,
      captionDropout: 0,
      maxGradNorm: 1,
    },
    freshState(model.base),
  );
  const sampling = { sampler: model.sampler("ddim", steps), latents, scale: guidance, seeds: [0] };
  const read = () => denoiser.errors(theta, all.batch, all.text);
  const run: { readonly [W in Work]: () => Promise<unknown> } = {
    forward: () => denoiser.predict(theta, two.batch, two.text),
    errors: read,
    step: () => train.next(),
    picture: async () => {
      const x0 = await sample(denoiser, theta, text(1), text(1).hidden, sampling);
      return model.decode(x0);
    },
  };
  return { read, run };
}

function difference(a: Float32Array, b: readonly number[]): number {
  assert(a.length === b.length, `${a.length} errors here, ${b.length} there`);
  return Math.max(...b.map((theirs, i) => Math.abs((a[i] as number) - theirs) / theirs));
}

/** The backend with a clock on what only it can do: `run`, and on a GPU `read`, which waits for it. */
function metered(backend: Backend): { readonly backend: Backend; inside(): number } {
  let inside = 0;
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    try {
      return await work();
    } finally {
      inside += (performance.now() - start) / 1000;
    }
  };
  const onGpu = backend.name.endsWith("webgpu");
  const { name, description, float16, ledger, lost } = backend;
  return {
    inside: () => inside,
    backend: {
      name,
      description,
      float16,
      ledger,
      lost,
      compile: (program, onnx) => backend.compile(program, onnx),
      release: (session) => backend.release(session),
      allocate: (bytes, label) => backend.allocate(bytes, label),
      free: (buffer) => backend.free(buffer),
      write: (buffer, data, offset) => backend.write(buffer, data, offset),
      copy: (from, to) => backend.copy(from, to),
      clear: (buffer) => backend.clear(buffer),
      read: (binding) => (onGpu ? timed(() => backend.read(binding)) : backend.read(binding)),
      run: (...call) => timed(() => backend.run(...call)),
      dispose: () => backend.dispose(),
    },
  };
}
