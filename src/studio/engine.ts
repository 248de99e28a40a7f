/** @file The studio behind the page, without a worker or a browser in it: every call of `api.ts` over a store and backends. */
import type { FileSystem } from "../artifacts/model-folder.ts";
import { StudioError } from "../lib/errors.ts";
import { samplePairs } from "../pocket/pairs.ts";
import type { Backend, BackendName } from "../runtime/backend.ts";
import { SerialQueue } from "../lib/queue.ts";
import { beforeDrawings } from "../storage/drawings.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { forgetProject, readNote, readPairs, writeNote, putPixels, writePairs } from "../storage/projects.ts";
import { purge } from "../storage/tree.ts";
import { deleteVote, readVotes, writeVote } from "../storage/votes.ts";
import { isChain, upgrade } from "../storage/upgrade.ts";
import type { CallName, Calls, DrawRequest, ModelInfo, NodeRequest, OwnModel, PageEvent, ProjectState } from "./api.ts";
import { Damage } from "./damage.ts";
import { Machine } from "./machine.ts";
import type { Networks } from "./networks.ts";
import { examineModel, openStudioModel } from "./opened-model.ts";
import type { Factories } from "./preflight.ts";
import type { Tabs } from "./tabs.ts";
import type { TakingParts } from "./take-loras.ts";
import { Trainer } from "./trainer.ts";
import { changeNode, grow, projectState, renameNode } from "./tree.ts";
import { Writer } from "./writer.ts";

export interface EngineParts {
  readonly store: KeyValue;
  readonly backends: Factories;
  /** the files of a model by its id, `pocket` */
  readonly files: (model: string) => FileSystem;
  readonly emit: (event: PageEvent) => void;
  readonly tabs: Tabs;
}

const noModel = () => new StudioError("no-model", "No model is open, expected one to be opened first.");

type Handlers = {
  readonly [N in CallName]: (params: Calls[N]["params"], signal: AbortSignal) => Promise<Calls[N]["result"]>;
};

/** Calls that have the device, or what a run is made of, to themselves: one at a time. The others are answered at once. */
const inTurn: ReadonlySet<CallName> = new Set<CallName>([
  "preflight",
  "open",
  "precision",
  "takeLoras",
  "setPairs",
  "putPixels",
  "spin",
  "keepNode",
  "importProject",
  "forget",
]);

export class Engine {
  readonly #parts: EngineParts;
  readonly #writer: Writer;
  readonly #damage: Damage;
  readonly #machine: Machine;
  readonly #queue = new SerialQueue();
  #networks: Networks | null = null;
  #backend: Backend | null = null;
  #trainer: Trainer | null = null;
  #info: ModelInfo | null = null;

  constructor(parts: EngineParts) {
    const store = beforeDrawings(parts.store);
    this.#parts = { ...parts, store };
    this.#machine = new Machine(store, parts.backends);
    this.#writer = new Writer(store, parts.tabs);
    this.#damage = new Damage(parts.emit);
    parts.tabs.listen((project) => parts.emit({ kind: "changed", project }));
  }

  /** Answers one call; any number may be open at once. */
  handle<N extends CallName>(name: N, params: Calls[N]["params"], signal: AbortSignal): Promise<Calls[N]["result"]> {
    const answer = async (): Promise<Calls[N]["result"]> => {
      signal.throwIfAborted();
      if ("project" in params) await this.#bringUp(params.project);
      return this.#handlers[name](params, signal);
    };
    return inTurn.has(name) ? this.#queue.run(answer) : answer();
  }

  readonly #handlers: Handlers = {
    preflight: ({ force }) => this.#machine.preflight(force),
    examine: async ({ model }) => examineModel(model, await this.#machine.float16()),
    open: ({ backend, model }) => this.#open(backend, model),
    precision: async () => {
      if (!this.#backend) throw noModel();
      return this.#machine.precision(this.#backend);
    },
    project: ({ project }) => this.#project(project),
    setPairs: async ({ project, pairs }) => {
      await this.#trainer?.drop();
      await this.#writer.write(project, (store) => writePairs(store, project, pairs));
      return this.#project(project);
    },
    putPixels: ({ project, pixels }) => this.#writer.write(project, (store) => putPixels(store, project, pixels), true),
    pairPictures: ({ project }) => readPairs(this.#parts.store, project),
    samplePairs: async ({ count }) => samplePairs(count),
    countTokens: async ({ captions }) => this.#opened.countTokens(captions),
    draw: (request, signal) => this.#draw(request, signal),
    recall: async (request) => this.#opened.recall(request),
    score: async (request, signal) => {
      const { score } = await import("./score.ts");
      return score(this.#info, request, { draw: (ask) => this.#draw(ask, signal), emit: this.#parts.emit });
    },
    grow: (request) => this.#writer.write(request.project, (store) => grow(store, request, this.#damage)),
    takeLoras: async (request) => {
      const { takeLoras } = await import("./take-loras.ts");
      return takeLoras(this.#taking, request);
    },
    spin: (request, signal) => this.#opened.spin(request, signal),
    // the page's end of the worker answers it
    revive: async () => null,
    pause: async () => {
      this.#trainer?.pause();
      return null;
    },
    keepNode: async ({ project, node }) => this.#opened.keep(project, node),
    renameNode: ({ project, node, name }) =>
      this.#writer.write(project, (store) => renameNode(store, project, node, name, this.#damage)),
    deleteNode: async ({ project, node }) => {
      if (this.#trainer?.trains(project, node))
        throw new StudioError("running", "This node is being trained.", "Pause it first.");
      return this.#change({ project, node }, { deleted: new Date().toISOString() });
    },
    restoreNode: (request) => this.#change(request, { deleted: null }),
    purge: async ({ project, node, ifAlone, living }) => ({
      freed:
        ifAlone && (await this.#writer.shared(project))
          ? 0
          : await this.#writer.write(project, (store) => purge(store, project, node, living)),
    }),
    exportNode: ({ project, node, what }) => this.#writer.read(() => this.#opened.export(project, node, what)),
    exportProject: async ({ project }) => {
      const { exportProject } = await import("./export-project.ts");
      return this.#writer.read(() => exportProject(this.#parts.store, project, this.#damage));
    },
    importProject: async ({ project, bytes }) => {
      const { importProject } = await import("./import-project.ts");
      await this.#trainer?.drop();
      const lacking = await this.#writer.write(project, (store) => importProject(store, project, bytes));
      const state = await this.#project(project);
      return { ...state, damaged: [...lacking, ...state.damaged] };
    },
    votes: ({ project }) => readVotes(this.#parts.store, project),
    addVote: async ({ project, vote }) => {
      const kept = { ...vote, id: crypto.randomUUID() };
      await this.#writer.write(project, (store) => writeVote(store, project, kept));
      return kept;
    },
    dropVote: async ({ project, id }) => {
      await this.#writer.write(project, (store) => deleteVote(store, project, id));
      return null;
    },
    readNote: ({ project, name }) => readNote(this.#parts.store, project, name),
    writeNote: async ({ project, name, value }) => {
      await this.#writer.write(project, (store) => writeNote(store, project, name, value), true);
      return null;
    },
    takeOver: async ({ project }) => {
      await this.#writer.takeOver(project);
      return this.#project(project);
    },
    forget: async ({ project }) => {
      await this.#trainer?.drop();
      await this.#writer.write(project, (store) => forgetProject(store, project));
      return null;
    },
  };

  /** A project of an older version is carried over before anything else is done with it. */
  async #bringUp(project: string): Promise<void> {
    await this.#writer.stay(project);
    if (await isChain(this.#parts.store, project))
      await this.#writer.write(project, (store) => upgrade(store, project));
  }

  #change({ project, node }: NodeRequest, change: Parameters<typeof changeNode>[3]) {
    return this.#writer.write(project, (store) => changeNode(store, project, node, change, this.#damage));
  }

  async #open(name: BackendName, model: string | OwnModel): Promise<ModelInfo> {
    await this.dispose();
    const create = this.#parts.backends[name];
    if (!create) throw new StudioError("backend", `The backend "${name}" is not available here.`);
    this.#backend = await create();
    const { info, networks, identity } = await openStudioModel(model, this.#backend, this.#parts.files);
    this.#networks = networks;
    const { store } = this.#parts;
    const emit = this.#withMemory(this.#backend);
    this.#trainer = new Trainer(networks, { store, emit, writer: this.#writer, damage: this.#damage, identity });
    this.#info = info;
    this.#parts.emit({ kind: "memory", bytes: this.#backend.ledger.live });
    return this.#info;
  }

  /** News of a run, each followed by the bytes on the device where they have changed since. */
  #withMemory({ ledger }: Backend): EngineParts["emit"] {
    const { emit } = this.#parts;
    let told = ledger.live;
    return (event) => {
      emit(event);
      if (ledger.live === told) return;
      told = ledger.live;
      emit({ kind: "memory", bytes: told });
    };
  }

  async #project(project: string): Promise<ProjectState> {
    const state = await projectState(this.#parts.store, project, this.#damage);
    return { ...state, elsewhere: await this.#writer.elsewhere(project) };
  }

  get #opened(): Trainer {
    if (!this.#trainer) throw noModel();
    return this.#trainer;
  }

  get #taking(): TakingParts {
    const [networks, settings] = [this.#networks, this.#info?.presets[0]?.settings[0]];
    if (!networks || !settings) throw noModel();
    return { networks, settings, store: this.#parts.store, writer: this.#writer, damage: this.#damage };
  }

  /** Between two steps of a run; else when its turn comes. */
  #draw(request: DrawRequest, signal: AbortSignal): Promise<Calls["draw"]["result"]> {
    if (this.#trainer?.busy) return this.#trainer.ask(request, signal);
    return this.#queue.run(async () => {
      signal.throwIfAborted();
      return this.#opened.draw(request, signal);
    });
  }

  async dispose(): Promise<void> {
    await this.#trainer?.drop();
    await this.#networks?.dispose();
    await this.#backend?.dispose();
    [this.#trainer, this.#networks, this.#backend, this.#info] = [null, null, null, null];
  }
}
