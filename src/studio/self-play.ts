/**
 * @file One iteration of self-play as a job: the opponent draws, everything is encoded, the policy trains. What must not be
 * lost goes through a `Keeper`; whatever it gives back is not done again, so a stopped job goes on where it stood.
 */
import { posteriorNoise, type Visit } from "../diffusion/draws.ts";
import { StudioError } from "../lib/errors.ts";
import { train, type TrainOptions } from "../spin/algorithm1.ts";
import type { PairSource } from "../spin/gradient.ts";
import { samplePosterior } from "../spin/pair.ts";
import { compareProbe, probeBatches, probeErrors, stopHint } from "../spin/probe.ts";
import type { ProbeReport, SpinSettings, StudioEvent } from "./api.ts";
import type { Model } from "./model.ts";
import { losersOf } from "./opponents.ts";
import { type Keeper, type SelfPlayJob, theta, thetaK } from "./self-play-job.ts";
import { logitHint, trainOptions } from "./train-options.ts";
import { keptTrajectory } from "./trajectories.ts";
import { freshFrom, type Trained, trainingFrom } from "./trained.ts";

interface Encoded {
  readonly id: string;
  readonly winner: Float32Array;
  /** SFT: the winner itself, which nothing is compared with */
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
    const losing = losers.get(pair.id);
    const loser = losing ? await model.encodeImage(losing) : winner;
    all.push({ id: pair.id, winner, loser, text: await model.encodeText(pair.caption, theta) });
    yield { kind: "stage", stage: "encode", done: all.length, of: job.pairs.length };
  }
  return all;
}

/** Pairs as the paper wants them: latents sampled from the posteriors by the visit's own key. */
function pairSource(
  model: Model,
  job: SelfPlayJob,
  keeper: Keeper,
  { process }: TrainOptions,
  all: readonly Encoded[],
  empty: Float32Array,
): PairSource {
  const size = model.latents.reduce((a, b) => a * b);
  const scale = model.vae?.scaling_factor ?? 1;
  const key = { seed: job.settings.seed, iteration: job.iteration };
  const of = ({ pair }: Visit) => all[pair] as Encoded;
  return {
    count: all.length,
    at: (visit: Visit) => {
      const { winner, loser, text } = of(visit);
      const [noise, noisePrime] = posteriorNoise(key, visit, size);
      return {
        x0: samplePosterior(winner, noise, scale),
        x0Prime: samplePosterior(loser, noisePrime, scale),
        c: text,
        empty,
      };
    },
    ...(process && { trajectory: (visit) => keptTrajectory(keeper, job.iteration, of(visit).id, process, size) }),
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
      const told = options.method === "sft" ? { ...probe, loser: null, loserStart: null } : probe;
      return { ...told, hint: stopHint(probe) ?? logitHint(options) };
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
  const losers = yield* losersOf(model, job, keeper, stop);
  const all = yield* encoded(model, job, losers, stop);
  const pairs = pairSource(model, job, keeper, options, all, await model.encodeText("", theta));
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
