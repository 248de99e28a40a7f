/** @file A chain of iterations in a folder, with a look at the weights every so many steps; stopped anywhere, it goes on. */
import { mkdir } from "node:fs/promises";
import { FolderKeeper, removeDrafts } from "../../src/cli/folder-keeper.ts";
import { keptOf } from "../../src/spin/adamw.ts";
import type { PairInput, SpinSettings } from "../../src/studio/api.ts";
import type { Model } from "../../src/studio/model.ts";
import { selfPlay } from "../../src/studio/self-play.ts";
import { freshFrom, isInVectors, keptBy, type Trained, vectorOf } from "../../src/studio/trained.ts";

export interface Chain {
  readonly folder: string;
  readonly seed: number;
  readonly pairs: readonly PairInput[];
  /** one an iteration */
  readonly settings: readonly SpinSettings[];
  /** steps between two looks; an iteration's end is looked at anyway */
  readonly every: number;
  /** the weights after so many pairs or pictures of all iterations; after a stop again for what was looked at before */
  readonly look: (samples: number, vector: Float32Array) => Promise<void>;
  /** where iteration 1 is not the chain's first: it starts from these weights, and its opponent and its pictures stay another's */
  readonly goesOn?: {
    readonly from: Float32Array;
    readonly opponent: Float32Array;
    readonly loser: (pair: string) => Promise<Uint8ClampedArray | null>;
    readonly iteration: number;
    readonly samples: number;
  };
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
}

/** Remembers what it kept last, and stands in for what a chain that goes on has from elsewhere. */
class Watched extends FolderKeeper {
  last: Trained | null = null;
  start: Float32Array | null = null;
  given: ((pair: string) => Promise<Uint8ClampedArray | null>) | null = null;

  override async state(iteration: number): Promise<Trained | null> {
    return (await super.state(iteration)) ?? (this.start && freshFrom(this.start, 0));
  }

  override async loser(iteration: number, pair: string): Promise<Uint8ClampedArray | null> {
    return this.given ? this.given(pair) : super.loser(iteration, pair);
  }

  override async keepState(iteration: number, state: Trained, complete: boolean): Promise<void> {
    await super.keepState(iteration, state, complete);
    this.last = state;
  }
}

const nowOf = (state: Trained): Float32Array => (isInVectors(state) ? state.vector : vectorOf(keptBy(state)));

/** What each iteration ends with. */
export async function trainChain(model: Model, chain: Chain): Promise<readonly Float32Array[]> {
  const { folder, seed, pairs, goesOn, look } = chain;
  await mkdir(folder, { recursive: true });
  await removeDrafts(folder);
  const ids = pairs.map(({ id }) => id);
  const ends: Float32Array[] = [];
  let samples = goesOn?.samples ?? 0;
  if (!goesOn) await look(0, model.base);
  for (const [k, each] of chain.settings.entries()) {
    const iteration = k + (goesOn?.iteration ?? 1);
    const settings = { ...each, seed };
    const keeper = new Watched(folder, model, ids, seed, { ...settings });
    const before = ends.at(-1) ?? goesOn?.from ?? model.base;
    if (goesOn) [keeper.start, keeper.given] = [before, goesOn.loser];
    const finished = await keeper.finished(iteration);
    const end = finished
      ? vectorOf(finished)
      : await iterate(model, chain, keeper, { iteration, settings, opponent: goesOn?.opponent ?? before, samples });
    samples += settings.steps * settings.pairsPerStep;
    await look(samples, end);
    ends.push(end);
  }
  return ends;
}

interface Iteration {
  readonly iteration: number;
  readonly settings: SpinSettings;
  readonly opponent: Float32Array;
  readonly samples: number;
}

async function iterate(
  model: Model,
  { pairs, every, look, say, stop }: Chain,
  keeper: Watched,
  { iteration, settings, opponent, samples }: Iteration,
): Promise<Float32Array> {
  const begun = await keeper.state(iteration);
  if (begun && begun.step > 0) await look(samples + begun.step * settings.pairsPerStep, nowOf(begun));
  const job = { iteration, opponent, pairs, settings, saveEvery: every };
  const events = selfPlay(model, job, keeper, stop);
  for (;;) {
    const next = await events.next();
    if (next.done) {
      const state = next.value;
      return isInVectors(state) ? keptOf(state) : vectorOf(keptBy(state));
    }
    const event = next.value;
    if (event.kind === "stage" && event.done === event.of) say(`iteration ${iteration}, ${event.stage}: ${event.of}`);
    if (event.kind === "step" && event.report.step % 10 === 0)
      say(
        `iteration ${iteration}, step ${event.report.step} of ${event.report.of}: loss ${event.report.loss.toFixed(4)}`,
      );
    if (event.kind === "saved" && !event.complete && keeper.last)
      await look(samples + event.step * settings.pairsPerStep, nowOf(keeper.last));
  }
}
