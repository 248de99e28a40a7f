/**
 * @file One iteration of self-play as a job: the opponent draws, everything is encoded, the policy trains. What must not be
 * lost goes through a `Keeper`; whatever it gives back is not done again, so a stopped job goes on where it stood.
 */
import { pictureSeed, posteriorNoise, type Visit } from "../diffusion/draws.ts";
import { StudioError } from "../lib/errors.ts";
import { adamWDefaults } from "../spin/adamw.ts";
import { type PairSource, type TrainOptions, train } from "../spin/algorithm1.ts";
import { samplePosterior } from "../spin/pair.ts";
import { compareProbe, probeBatches, probeErrors, stopHint } from "../spin/probe.ts";
import type { PairInput, Picture, ProbeReport, SpinSettings, StudioEvent } from "./api.ts";
import { draw, drawBatch } from "./draw.ts";
import type { Model } from "./model.ts";
import { freshFrom, type Trainable, type Trained, trainingFrom } from "./trained.ts";

export const theta = { id: "theta" };
export const thetaK = { id: "theta_k" };

/** Where a job keeps its state: IndexedDB in the page, a folder on the command line, memory in tests. */
export interface Keeper {
  /** The opponent's picture of a pair, if it was drawn before. */
  loser(iteration: number, pair: string): Promise<Uint8ClampedArray | null>;
  keepLoser(iteration: number, pair: string, picture: Picture): Promise<void>;
  /** The state of an iteration that was begun. */
  state(iteration: number): Promise<Trained | null>;
  /** Resolves when the state can be read again after a crash. `complete` ends the iteration. */
  keepState(iteration: number, state: Trained, complete: boolean): Promise<void>;
  /** Forgets the state of this step where an older one is kept, which counts then: its step, or null where there is none. */
  takeBack(iteration: number, step: number): Promise<number | null>;
}

export interface SelfPlayJob {
  readonly iteration: number;
  /** theta_k: what iteration k ended with, or the base */
  readonly opponent: Trainable;
  readonly pairs: readonly PairInput[];
  readonly settings: SpinSettings;
  readonly saveEvery: number;
  /** asked after each step: whether to save it out of turn */
  readonly saveNow?: () => boolean;
}

/** Rows of a training run for a number of pairs a step: the largest divisor up to `most`, and how often it is repeated. */
export function microBatch(
  pairsPerStep: number,
  most: number,
): { readonly pairs: number; readonly accumulation: number } {
  for (let pairs = Math.min(most, pairsPerStep); pairs > 1; pairs--) {
    if (pairsPerStep % pairs === 0) return { pairs, accumulation: pairsPerStep / pairs };
  }
  return { pairs: 1, accumulation: pairsPerStep };
}

function trainOptions(model: Model, { settings, iteration }: SelfPlayJob): TrainOptions {
  const { pairs, accumulation } = microBatch(settings.pairsPerStep, model.choices.samples / 2);
  return {
    ...adamWDefaults,
    seed: settings.seed,
    iteration,
    noise: model.noise,
    shape: { latents: model.latents, text: model.textShape },
    beta: settings.beta,
    loss: settings.loss,
    accumulation,
    pairsPerBatch: pairs,
    steps: settings.steps,
    learningRate: settings.learningRate,
    warmupSteps: settings.warmupSteps,
    schedule: "linear",
    independentNoise: settings.independentNoise,
    captionDropout: settings.captionDropout,
    maxGradNorm: 1,
    emaDecay: settings.emaDecay ?? 0,
    safeguard: settings.safeguard,
  };
}

/**
 * Draws what is missing of the opponent's pictures and yields them as they come. A picture's bits may depend on its place in its
 * batch, so a batch that was begun is drawn again whole.
 */
async function* opponents(
  model: Model,
  job: SelfPlayJob,
  keeper: Keeper,
  stop: AbortSignal,
): AsyncGenerator<StudioEvent, Map<string, Uint8ClampedArray>, void> {
  const { iteration, pairs, settings } = job;
  const losers = new Map<string, Uint8ClampedArray>();
  const missing: { readonly pair: PairInput; readonly index: number }[] = [];
  const found: (Uint8ClampedArray | null)[] = [];
  for (const pair of pairs) found.push(await keeper.loser(iteration, pair.id));
  const size = drawBatch(model, settings.guidance);
  const begun = new Set(found.flatMap((kept, index) => (kept ? [] : [Math.floor(index / size)])));
  for (const [index, pair] of pairs.entries()) {
    const kept = found[index];
    if (kept && !begun.has(Math.floor(index / size))) {
      losers.set(pair.id, kept);
      const seed = pictureSeed({ seed: settings.seed, iteration }, index);
      const picture = { prompt: pair.caption, seed, side: pair.side, rgba: new Uint8ClampedArray(kept) };
      yield { kind: "picture", iteration, index, picture };
    } else missing.push({ pair, index });
  }
  yield { kind: "stage", stage: "opponents", done: losers.size, of: pairs.length };
  const pictures = draw(
    model,
    thetaK,
    {
      prompts: missing.map((m) => m.pair.caption),
      negativePrompt: "",
      seeds: missing.map((m) => pictureSeed({ seed: settings.seed, iteration }, m.index)),
      steps: settings.opponentSteps,
      sampler: settings.sampler ?? "ddim",
      guidance: settings.guidance,
    },
    stop,
  );
  let next = 0;
  for await (const picture of pictures) {
    const { pair, index } = missing[next++] as (typeof missing)[number];
    await keeper.keepLoser(iteration, pair.id, picture);
    losers.set(pair.id, picture.rgba);
    yield { kind: "picture", iteration, index, picture };
    yield { kind: "stage", stage: "opponents", done: losers.size, of: pairs.length };
  }
  return losers;
}

interface Encoded {
  readonly winner: Float32Array;
  readonly loser: Float32Array;
  readonly text: Float32Array;
}

async function* encoded(
  model: Model,
  job: SelfPlayJob,
  losers: ReadonlyMap<string, Uint8ClampedArray>,
  stop: AbortSignal,
): AsyncGenerator<StudioEvent, Encoded[], void> {
  const all: Encoded[] = [];
  for (const pair of job.pairs) {
    stop.throwIfAborted();
    const winner = await model.encodeImage(pair.rgba);
    const loser = await model.encodeImage(losers.get(pair.id) as Uint8ClampedArray);
    all.push({ winner, loser, text: await model.encodeText(pair.caption, theta) });
    yield { kind: "stage", stage: "encode", done: all.length, of: job.pairs.length };
  }
  return all;
}

/** Pairs as the paper wants them: latents sampled from the posteriors by the visit's own key. */
function pairSource(model: Model, job: SelfPlayJob, all: readonly Encoded[], empty: Float32Array): PairSource {
  const size = model.latents.reduce((a, b) => a * b);
  const scale = model.vae?.scaling_factor ?? 1;
  const key = { seed: job.settings.seed, iteration: job.iteration };
  return {
    count: all.length,
    at: (visit: Visit) => {
      const { winner, loser, text } = all[visit.pair] as Encoded;
      const [noise, noisePrime] = posteriorNoise(key, visit, size);
      return {
        x0: samplePosterior(winner, noise, scale),
        x0Prime: samplePosterior(loser, noisePrime, scale),
        c: text,
        empty,
      };
    },
  };
}

/** Draws of the probe. */
const PROBE_DRAWS = 64;

/** The probe of the iteration: what it says after `step` steps, or null where none is due or a stop came first. */
async function prober(
  model: Model,
  { probeEvery, steps }: SpinSettings,
  pairs: PairSource,
  options: TrainOptions,
  stop: AbortSignal,
): Promise<(step: number) => Promise<ProbeReport | null>> {
  if (!(probeEvery > 0)) return async () => null;
  const batches = await probeBatches(pairs, options, PROBE_DRAWS);
  const start = await probeErrors(model.denoiser, thetaK, batches, stop);
  return async (step) => {
    if (step % probeEvery !== 0 && step !== steps) return null;
    try {
      const now = step === 0 ? start : await probeErrors(model.denoiser, theta, batches, stop);
      const probe = compareProbe(step, start, now);
      return { ...probe, hint: stopHint(probe) };
    } catch (error) {
      if (stop.aborted) return null; // the step is made and will be told; its probe is left out
      throw error;
    }
  };
}

const isNotFinite = (error: unknown): boolean => error instanceof StudioError && error.code === "not-finite";

/** An iteration's last weights meet no gradient that would show that they are spoilt. @throws StudioError `not-finite` */
async function refuseSpoilt(model: Model, pairs: PairSource, options: TrainOptions): Promise<void> {
  const { winner, loser } = await probeErrors(
    model.denoiser,
    theta,
    await probeBatches(pairs, options, options.pairsPerBatch),
  );
  if ([...winner, ...loser].every(Number.isFinite)) return;
  throw new StudioError(
    "not-finite",
    "What the network answers after its last step is not finite, and every value must be.",
    "Try a smaller learning rate or beta.",
  );
}

/**
 * Runs the iteration to its end, or until `stop`. Events are for a page or a terminal; nothing depends on them.
 * @throws StudioError `not-finite` when the gradient is not finite: the last kept state is good, if need be by taking back a newer one.
 * @throws the signal's reason when stopped; the state of the last whole step is kept first.
 */
export async function* selfPlay(
  model: Model,
  given: SelfPlayJob,
  keeper: Keeper,
  stop: AbortSignal,
): AsyncGenerator<StudioEvent, Trained, void> {
  const { iteration, settings, saveEvery, saveNow } = given;
  const job = settings.usedPairs > 0 ? { ...given, pairs: given.pairs.slice(0, settings.usedPairs) } : given;
  if (job.pairs.length === 0)
    throw new StudioError("pairs", "There are no pairs, expected at least one picture with a caption.");
  const options = trainOptions(model, job);
  const from = (await keeper.state(iteration)) ?? freshFrom(job.opponent, settings.emaDecay);
  const { optimizer, state } = await trainingFrom(model, theta, from, options);
  await model.denoiser.lay(thetaK, job.opponent);
  const losers = yield* opponents(model, job, keeper, stop);
  const pairs = pairSource(model, job, yield* encoded(model, job, losers, stop), await model.encodeText("", theta));
  yield { kind: "stage", stage: "train", done: state.step, of: settings.steps };
  const probe = await prober(model, settings, pairs, options, stop);
  const first = state.step === 0 ? await probe(0) : null;
  if (first) yield { kind: "probe", iteration, report: first };
  let before = performance.now();
  let kept = state.step;
  const keep = async (complete: boolean): Promise<StudioEvent> => {
    await keeper.keepState(iteration, state, complete);
    kept = state.step;
    return { kind: "saved", iteration, step: state.step, complete };
  };
  try {
    for await (const report of train(model.denoiser, theta, thetaK, pairs, options, optimizer, stop)) {
      const seconds = (performance.now() - before) / 1000;
      const probed = await probe(state.step);
      yield { kind: "step", report: { ...report, probe: probed, seconds } };
      if (probed) yield { kind: "probe", iteration, report: probed };
      yield { kind: "stage", stage: "train", done: state.step, of: settings.steps };
      before = performance.now();
      const due = state.step % saveEvery === 0 || saveNow?.() === true;
      if (due && state.step < settings.steps) yield await keep(false);
      stop.throwIfAborted();
    }
  } catch (error) {
    if (isNotFinite(error)) {
      const good = state.step === kept ? await keeper.takeBack(iteration, kept) : null;
      if (good !== null) yield { kind: "saved", iteration, step: good, complete: false };
    } else if (stop.aborted && state.step > kept) yield await keep(false);
    throw error;
  }
  await refuseSpoilt(model, pairs, options);
  yield await keep(true);
  return state;
}
