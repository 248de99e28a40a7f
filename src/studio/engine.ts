/** @file The studio behind the page, without a worker or a browser in it: every call of `api.ts` over a store and backends. */
import type { FileSystem } from "../artifacts/model-folder.ts";
import { openModel } from "../artifacts/model-folder.ts";
import { StudioError } from "../lib/errors.ts";
import { samplePairs } from "../pocket/pairs.ts";
import type { Backend, BackendName } from "../runtime/backend.ts";
import { forgetCheckpoints } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import {
  forgetAfter,
  forgetProject,
  readPairList,
  readPairs,
  readReports,
  readSettings,
  writePairs,
  writeReports,
  writeSettings,
} from "../storage/projects.ts";
import type {
  CallName,
  Calls,
  ModelInfo,
  Preflight,
  ProjectState,
  SpinSettings,
  StepReport,
  StudioEvent,
} from "./api.ts";
import { draw } from "./draw.ts";
import type { Model } from "./model.ts";
import { loadModel, makeArtifacts } from "./model.ts";
import { parameterCount } from "./cut.ts";
import { type Known, measureBackends } from "./preflight.ts";
import { presetsFor } from "./presets.ts";
import { isLarge } from "./size.ts";
import { keptVector, ProjectKeeper, progressOf, RUNTIME_VERSION } from "./project-keeper.ts";
import { selfPlay } from "./self-play.ts";
import { initialLora } from "./initial-lora.ts";

export interface EngineParts {
  readonly store: KeyValue;
  /** backends that this place could have, best guess first */
  readonly backends: Readonly<Partial<Record<BackendName, () => Promise<Backend>>>>;
  /** the files of a model by its id, `pocket` */
  readonly files: (model: string) => FileSystem;
  readonly emit: (event: StudioEvent) => void;
}

/** The drawing adapter: shows whichever iteration was asked for last. */
const view = { id: "view" };

/** Rows of a training and of a drawing run: small enough to answer quickly, large enough to pay. */
const POCKET = {
  samples: 16,
  drawSamples: 8,
  train: "full",
  rank: 16,
  targets: "attention",
  cut: "whole",
  weights: "float32",
} as const;
const GUIDANCE: Readonly<Record<string, number>> = { pocket: 3 };

const PREFLIGHT = "preflight";
const DAY = 86_400_000;

/** A backend that fails is tried again at every start. */
interface StoredPreflight {
  readonly version: string;
  readonly at: number;
  readonly known: Known;
}

type Handlers = {
  readonly [N in CallName]: (params: Calls[N]["params"], signal: AbortSignal) => Promise<Calls[N]["result"]>;
};

export class Engine {
  readonly #parts: EngineParts;
  #model: Model | null = null;
  #backend: Backend | null = null;
  #viewed = "";
  #running: AbortController | null = null;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Answers one call. Calls that use the device must be made one at a time; `pause` may come at any moment. */
  handle<N extends CallName>(name: N, params: Calls[N]["params"], signal: AbortSignal): Promise<Calls[N]["result"]> {
    return this.#handlers[name](params, signal);
  }

  readonly #handlers: Handlers = {
    preflight: ({ force }) => this.#preflight(force),
    open: ({ backend, model }) => this.#open(backend, model),
    project: ({ project }) => this.#project(project),
    setPairs: async ({ project, pairs }) => {
      await writePairs(this.#parts.store, project, pairs);
      return this.#project(project);
    },
    pairPictures: ({ project }) => readPairs(this.#parts.store, project),
    samplePairs: async ({ count }) => samplePairs(count),
    draw: (request, signal) => this.#draw(request, signal),
    spin: (request, signal) => this.#spin(request, signal),
    pause: async () => {
      this.#running?.abort(new StudioError("paused", "Paused."));
      return null;
    },
    forget: async ({ project }) => {
      await forgetCheckpoints(this.#parts.store, project);
      await forgetProject(this.#parts.store, project);
      return null;
    },
  };

  /** Measures at most once a day: a GPU does not change faster, and kernels take seconds to compile. */
  async #preflight(force: BackendName | null): Promise<Preflight> {
    const { store, backends } = this.#parts;
    const stored = (await store.get(PREFLIGHT)) as StoredPreflight | undefined;
    const fresh = stored?.version === RUNTIME_VERSION && Math.abs(Date.now() - stored.at) < DAY;
    const known = fresh ? stored.known : {};
    const preflight = await measureBackends(backends, force, known);
    const working = preflight.measured.filter((m) => m.forwardMs !== null).map((m) => [m.backend, m]);
    const all: Known = { ...known, ...(Object.fromEntries(working) as Known) };
    await store.setMany([
      [
        PREFLIGHT,
        { version: RUNTIME_VERSION, at: fresh ? stored.at : Date.now(), known: all } satisfies StoredPreflight,
      ],
    ]);
    return preflight;
  }

  async #open(name: BackendName, id: string): Promise<ModelInfo> {
    await this.#model?.dispose();
    await this.#backend?.dispose();
    [this.#model, this.#backend, this.#viewed] = [null, null, ""];
    const create = this.#parts.backends[name];
    if (!create) throw new StudioError("backend", `The backend "${name}" is not available here.`);
    const folder = await openModel(this.#parts.files(id));
    this.#backend = await create();
    this.#model = await loadModel(this.#backend, await makeArtifacts(folder, POCKET), folder, initialLora(0));
    const [parameters, guidance] = [parameterCount(this.#model.unet), GUIDANCE[id] ?? 7.5];
    return {
      id,
      title: id === "pocket" ? "Pocket" : id,
      resolution: this.#model.side,
      parameters,
      large: isLarge(parameters),
      guidance,
      presets: presetsFor({ parameters, guidance }),
    };
  }

  async #project(project: string): Promise<ProjectState> {
    const { store } = this.#parts;
    const pairs = await readPairList(store, project);
    const { kept, begun } = await progressOf(store, project);
    const reports = Object.fromEntries(await readReports(store, project)) as ProjectState["reports"];
    // an iteration that was asked for but has no checkpoint yet stands at step 0
    const next = (kept.at(-1) ?? 0) + 1;
    const at = begun ?? { iteration: next, step: 0 };
    const settings = (await readSettings(store, project, at.iteration)) as SpinSettings | undefined;
    const interrupted = settings && !kept.includes(at.iteration) ? { ...at, of: settings.steps, settings } : null;
    return { project, pairs: pairs.map(({ id, caption }) => ({ id, caption })), kept, interrupted, reports };
  }

  get #opened(): Model {
    if (!this.#model) throw new StudioError("no-model", "No model is open, expected one to be opened first.");
    return this.#model;
  }

  async #draw(
    { project, iteration, ...options }: Calls["draw"]["params"],
    signal: AbortSignal,
  ): Promise<Calls["draw"]["result"]> {
    const model = this.#opened;
    const key = `${project}/${iteration}`;
    if (this.#viewed !== key) {
      await model.denoiser.update(view, await keptVector(this.#parts.store, project, model, iteration));
      this.#viewed = iteration === 0 ? "" : key;
    }
    const pictures = [];
    for await (const picture of draw(model, view, options, signal)) {
      this.#parts.emit({ kind: "picture", iteration, index: pictures.length, picture });
      pictures.push(picture);
    }
    return pictures;
  }

  async #spin(
    { project, iteration, settings, saveEvery }: Calls["spin"]["params"],
    signal: AbortSignal,
  ): Promise<Calls["spin"]["result"]> {
    const { store, emit } = this.#parts;
    const model = this.#opened;
    const stop = new AbortController();
    this.#running = stop;
    const abort = (): void => stop.abort(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      const pairs = await readPairs(store, project);
      const opponent = await keptVector(store, project, model, iteration - 1);
      const { begun } = await progressOf(store, project);
      const stored = (await readSettings(store, project, iteration)) as SpinSettings | undefined;
      // what was begun goes on with the settings that it was begun with
      const used = begun?.iteration === iteration && stored ? stored : settings;
      const before = begun?.iteration === iteration ? ((await readReports(store, project)).get(iteration) ?? []) : [];
      // opponents that were drawn under other settings belong to a run that never came to be
      if (stored && JSON.stringify(stored) !== JSON.stringify(used)) await forgetAfter(store, project, iteration - 1);
      await writeSettings(store, project, iteration, used);
      const keeper = new ProjectKeeper(
        store,
        project,
        model,
        used,
        pairs.map((p) => p.id),
        before as StepReport[],
      );
      const job = { iteration, opponent, pairs, settings: used, saveEvery };
      for await (const event of selfPlay(model, job, keeper, stop.signal)) {
        if (event.kind === "step") keeper.reports.push(event.report);
        emit(event);
      }
      await writeReports(store, project, iteration, keeper.reports);
      this.#viewed = "";
      return "kept";
    } catch (error) {
      if (stop.signal.aborted && error === stop.signal.reason) return "paused";
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#running = null;
    }
  }

  async dispose(): Promise<void> {
    await this.#model?.dispose();
    await this.#backend?.dispose();
  }
}
