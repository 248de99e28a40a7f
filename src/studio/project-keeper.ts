/** @file A project's checkpoints, opponent's pictures and reports in the browser's storage: the `Keeper` of the page. */
import { decodeCheckpoint, encodeCheckpoint, type Numerics } from "../artifacts/checkpoint.ts";
import type { JsonObject } from "../artifacts/json-object.ts";
import { StudioError } from "../lib/errors.ts";
import type { TrainState } from "../spin/adamw.ts";
import { deleteCheckpoints, listCheckpoints, loadNewest, saveCheckpoint } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { readPictures, writePicture, writeReports } from "../storage/projects.ts";
import type { SpinSettings, StepReport } from "./api.ts";
import type { Model } from "./model.ts";
import type { Keeper } from "./self-play.ts";

const OPTIMIZATION_LEVEL = "basic";
export const RUNTIME_VERSION = "1.30.0";

/** Whatever changes bits, as this model computes. */
export function numericsOf(model: Model): Numerics {
  return {
    backend: model.backend.name,
    device: model.backend.description,
    cut: model.choices.cut,
    batch: model.choices.samples,
    optimizationLevel: OPTIMIZATION_LEVEL,
    runtimeVersion: RUNTIME_VERSION,
  };
}

export class ProjectKeeper implements Keeper {
  readonly #store: KeyValue;
  readonly #project: string;
  readonly #model: Model;
  readonly #settings: SpinSettings;
  readonly #pairs: readonly string[];
  /** what the page shows of the iteration; grows with its steps */
  readonly reports: StepReport[];
  #losers: ReadonlyMap<number, { readonly rgba: Uint8ClampedArray }> | null = null;

  constructor(
    store: KeyValue,
    project: string,
    model: Model,
    settings: SpinSettings,
    pairs: readonly string[],
    reports: readonly StepReport[],
  ) {
    this.#store = store;
    this.#project = project;
    this.#model = model;
    this.#settings = settings;
    this.#pairs = pairs;
    this.reports = [...reports];
  }

  async loser(iteration: number, pair: string): Promise<Uint8ClampedArray | null> {
    this.#losers ??= await readPictures(this.#store, this.#project, iteration);
    return this.#losers.get(this.#pairs.indexOf(pair))?.rgba ?? null;
  }

  async keepLoser(iteration: number, pair: string, picture: Parameters<Keeper["keepLoser"]>[2]): Promise<void> {
    await writePicture(this.#store, this.#project, iteration, this.#pairs.indexOf(pair), picture);
  }

  async state(iteration: number): Promise<TrainState | null> {
    const { loaded } = await loadNewest(
      this.#store,
      this.#project,
      (entry) => entry.iteration === iteration && !entry.complete,
    );
    if (!loaded) return null;
    const { step, vector, optimizer } = await decodeCheckpoint(loaded.files, this.#model.set.layout);
    this.reports.length = Math.min(this.reports.length, step);
    return optimizer ? { step, vector, ...optimizer } : null;
  }

  async keepState(iteration: number, state: TrainState, complete: boolean): Promise<void> {
    const { vector, m, v, step } = state;
    const checkpoint = {
      uuid: crypto.randomUUID(),
      parent: null,
      iteration,
      step,
      seed: this.#settings.seed,
      train: this.#model.choices.train,
      settings: { ...this.#settings } as JsonObject,
      numerics: numericsOf(this.#model),
      vector,
      optimizer: complete ? null : { m, v },
    };
    const files = await encodeCheckpoint(checkpoint, this.#model.set.layout);
    await writeReports(this.#store, this.#project, iteration, this.reports);
    await saveCheckpoint(this.#store, this.#project, { iteration, step, complete }, files);
  }
}

/** theta_k as it was kept; the base for 0. @throws StudioError `no-checkpoint` where there is none. */
export async function keptVector(
  store: KeyValue,
  project: string,
  model: Model,
  iteration: number,
): Promise<Float32Array> {
  if (iteration === 0) return model.base;
  const { loaded, damaged } = await loadNewest(
    store,
    project,
    (entry) => entry.iteration === iteration && entry.complete,
  );
  if (!loaded)
    throw new StudioError(
      "no-checkpoint",
      damaged[0]?.reason ?? `SPIN ${iteration} has no finished checkpoint.`,
      "Earlier iterations are safe.",
    );
  return (await decodeCheckpoint(loaded.files, model.set.layout)).vector;
}

export interface Progress {
  readonly kept: readonly number[];
  /** the newest iteration that was begun and not finished */
  readonly begun: { readonly iteration: number; readonly step: number } | null;
}

export async function progressOf(store: KeyValue, project: string): Promise<Progress> {
  const entries = await listCheckpoints(store, project);
  const kept = [...new Set(entries.filter((e) => e.complete).map((e) => e.iteration))].sort((a, b) => a - b);
  const last = entries.at(-1);
  return { kept, begun: last && !last.complete ? { iteration: last.iteration, step: last.step } : null };
}

/** A new start of an iteration: what it and later ones left behind is gone. */
export async function forgetFrom(store: KeyValue, project: string, iteration: number): Promise<void> {
  await deleteCheckpoints(store, project, (entry) => entry.iteration >= iteration);
}
