/**
 * @file One model at work on a tree: it trains a node, pauses with everything still loaded, and draws from any node, also between
 * two steps of a run. Each node is trained and drawn by the network of its kind, whole or LoRA. Between two events of a run nothing
 * of it lies in the executor's slots or accumulators, so a drawing there leaves its bits alone.
 */
import type { Numerics } from "../artifacts/checkpoint.ts";
import { required, StudioError } from "../lib/errors.ts";
import { BASE, nodeName } from "../lib/node-name.ts";
import { saveCheckpoint } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { type NodeRecord, trainsOf } from "../storage/nodes.ts";
import { hashOfPairs, readPairList, readPairs, readReports, writeReports } from "../storage/projects.ts";
import type {
  Drawn,
  DrawRequest,
  ExportedFile,
  ExportKind,
  NodeId,
  NodeInfo,
  PageEvent,
  Recalled,
  SpinOutcome,
  SpinRequest,
  SpinSettings,
  Stage,
  StepReport,
  StudioEvent,
  TokenCount,
} from "./api.ts";
import type { Damage } from "./damage.ts";
import { drawMissing, recall, type Shown } from "./answer-draw.ts";
import { type Before, DrawnBefore } from "./drawn-before.ts";
import type { Model } from "./model.ts";
import { checkpointFile, isWeights, weightsFile } from "./export-node.ts";
import type { Networks } from "./networks.ts";
import { differences, refuseOtherNumerics } from "./other-numerics.ts";
import { checkpointFiles, numericsOf, ProjectKeeper } from "./project-keeper.ts";
import { selfPlay } from "./self-play.ts";
import { theta, thetaK } from "./self-play-job.ts";
import { freshFrom, type Trainable, type Trained } from "./trained.ts";
import { changeNode, infoOf, standingOf } from "./tree.ts";
import { ProjectWeights } from "./weights.ts";
import type { Writer } from "./writer.ts";

/** The drawing adapter of a network: shows whichever node of its kind was asked for last. */
const view = { id: "view" };

const PAUSED = new StudioError("paused", "Paused.");

interface Asked {
  readonly request: DrawRequest;
  readonly signal: AbortSignal;
  readonly answer: (drawn: Promise<Drawn>) => void;
}

/** A node's training, under way or paused at an event. */
interface Run {
  readonly project: string;
  readonly node: NodeId;
  readonly events: AsyncGenerator<StudioEvent, Trained, void>;
  readonly keeper: ProjectKeeper;
  readonly model: Model;
  readonly stop: AbortController;
  /** which pairs it was begun with */
  readonly pairs: string;
  stage: Stage | null;
  /** the policy on the device is at this step; null before its first one */
  step: number | null;
  pausing: boolean;
  /** the newest checkpoint of the node as this run left it */
  version: string;
}

/** A node that can be trained. */
interface Ready {
  readonly node: NodeRecord;
  readonly settings: SpinSettings;
  /** of the pairs as they are now */
  readonly hash: string;
  /** as they are now */
  readonly numerics: Numerics;
}

export interface TrainerParts {
  readonly store: KeyValue;
  readonly writer: Writer;
  readonly emit: (event: PageEvent) => void;
  readonly damage: Damage;
  /** which model this is, by its content */
  readonly identity: Promise<string>;
}

export class Trainer {
  readonly #parts: TrainerParts;
  readonly #networks: Networks;
  /** what each network's view shows */
  readonly #viewed = new WeakMap<Model, string>();
  readonly #before: DrawnBefore;
  #run: Run | null = null;
  #held: Run | null = null;
  #starting: AbortController | null = null;
  #asked: Asked[] = [];

  constructor(networks: Networks, parts: TrainerParts) {
    this.#networks = networks;
    this.#parts = parts;
    this.#before = new DrawnBefore(parts);
  }

  /** Whether a `spin` is under way, so that drawings are to be asked of it. */
  get busy(): boolean {
    return this.#starting !== null;
  }

  trains(project: string, node: NodeId): boolean {
    return this.#run?.project === project && this.#run.node === node;
  }

  async countTokens(captions: readonly string[]): Promise<readonly TokenCount[]> {
    const tokenizer = required(this.#networks.tokenizer, "the tokenizer");
    const { tokens: most } = (await this.#networks.network(this.#networks.home)).choices;
    return captions.map((caption) => {
      const { count, kept, cut } = tokenizer.encode(caption);
      return { count: count + 2, most, kept, cut };
    });
  }

  /** Draws at once, of a saved state only what it has not drawn before; nothing else may use the device meanwhile. */
  async draw(request: DrawRequest, signal: AbortSignal): Promise<Drawn> {
    const { emit } = this.#parts;
    const live = this.#live(request);
    const found = await this.#drawnBefore(request);
    const known = found && recall(request, found, emit);
    if (known) return known;
    const shown = live ?? (await this.#show(request.project, request.node));
    // where its newest step was found damaged just now, what was found is of that one
    return drawMissing(request, shown, found?.step === shown.step ? found : null, emit, signal);
  }

  /** What was drawn before, at once: it needs no device. */
  async recall(request: DrawRequest): Promise<Recalled> {
    const found = await this.#drawnBefore(request);
    found?.used();
    return found?.pictures ?? request.prompts.map(() => null);
  }

  /** Of a node that has begun to move nothing was. */
  async #drawnBefore(request: DrawRequest): Promise<Before | null> {
    return this.#live(request) ? null : this.#before.find(request, this.#weights(request.project));
  }

  /** A node that trains now, and has begun to move. */
  #live({ project, node }: DrawRequest): Shown | null {
    const run = this.trains(project, node) ? this.#run : null;
    return run !== null && run.step !== null ? { model: run.model, adapter: theta, step: run.step } : null;
  }

  /** Draws between two steps of the run. */
  ask(request: DrawRequest, signal: AbortSignal): Promise<Drawn> {
    return new Promise((answer) => {
      const asked = { request, signal, answer };
      this.#asked.push(asked);
      void this.#answerAhead(asked);
    });
  }

  /** What was all drawn before needs no device, so it waits for no step. */
  async #answerAhead(asked: Asked): Promise<void> {
    const { request, answer } = asked;
    const found = await this.#drawnBefore(request);
    const at = this.#asked.indexOf(asked);
    if (at < 0 || !found?.pictures.every((picture) => picture)) return;
    this.#asked.splice(at, 1);
    const known = recall(request, found, this.#parts.emit);
    if (known) answer(Promise.resolve(known));
  }

  /** Loads a node into the view of its network, unless it is there. */
  async #show(project: string, node: NodeId): Promise<Shown> {
    const weights = this.#weights(project);
    const model = await this.#networks.of(await weights.trains(node));
    const version = node === BASE ? BASE : await weights.version(node);
    const [viewed, step] = (this.#viewed.get(model) ?? "").split(" ");
    const wanted = `${project}/${node}/${version}`;
    if (viewed === wanted && version !== "") return { model, adapter: view, step: Number(step) };
    const found = await weights.current(node);
    this.#viewed.delete(model);
    await this.#networks.lay(found.trains, view, found.ground);
    await model.denoiser.lay(view, found.vector);
    this.#viewed.set(model, `${wanted} ${found.step}`);
    return { model, adapter: view, step: found.step };
  }

  #weights(project: string): ProjectWeights {
    return new ProjectWeights(this.#parts.store, project, this.#networks, this.#parts.damage);
  }

  /**
   * A step under way is finished and saved, and the run then waits with all that it has loaded; before the first step there is
   * nothing to wait for.
   */
  pause(): void {
    if (this.#run?.stage === "train") this.#run.pausing = true;
    else this.#starting?.abort(PAUSED);
  }

  /** Trains a node until it is finished or paused. */
  async spin(request: SpinRequest, signal: AbortSignal): Promise<SpinOutcome> {
    const { project } = request;
    const stop = new AbortController();
    this.#starting = stop;
    try {
      return await this.#parts.writer.job(project, async (lost) => {
        const ready = await this.#ready(request);
        const run = (await this.#resumable(request, ready)) ?? (await this.#begin(request, ready, stop));
        stop.signal.throwIfAborted();
        this.#starting = run.stop;
        this.#run = run;
        const abort = ({ reason }: AbortSignal) => run.stop.abort(reason);
        const [onSignal, onLost] = [() => abort(signal), () => abort(lost)];
        signal.addEventListener("abort", onSignal);
        lost.addEventListener("abort", onLost);
        try {
          return await this.#follow(run);
        } finally {
          signal.removeEventListener("abort", onSignal);
          lost.removeEventListener("abort", onLost);
          this.#run = null;
        }
      });
    } catch (error) {
      if (error === PAUSED) return "paused";
      throw error;
    } finally {
      await this.#answerAll();
      this.#starting = null;
    }
  }

  /** The paused run, if the node stands as it left it. */
  async #resumable({ project, node }: SpinRequest, { hash }: Ready): Promise<Run | null> {
    const held = this.#held;
    this.#held = null;
    if (!held) return null;
    const same = held.project === project && held.node === node && held.pairs === hash;
    if (same && held.version === (await this.#weights(project).version(node))) return held;
    await held.events.return(undefined as never);
    return null;
  }

  /** Ends a node where its newest saved step left it. */
  async keep(project: string, id: NodeId): Promise<NodeInfo> {
    const { store, writer, damage } = this.#parts;
    await this.drop();
    const { node, newest } = await standingOf(store, project, id, damage);
    if (newest?.complete || node.deleted !== null)
      throw new StudioError("no-node", `${nodeName(node)} is ${newest?.complete ? "finished" : "deleted"} already.`);
    const saved = await this.#weights(project).saved(id);
    if (saved === null || saved.step === 0)
      throw new StudioError("no-step", `${nodeName(node)} has no saved step yet, so there is nothing to keep.`);
    const { vector, step, trains } = saved;
    const network = await this.#networks.network(trains);
    const files = await checkpointFiles(network, node, { ...freshFrom(vector, 0), step }, true);
    return writer.write(project, async (held) => {
      const reports = (await readReports(held, project)).get(id) ?? [];
      await saveCheckpoint(held, project, node, { step, complete: true }, files);
      await writeReports(held, project, id, reports.slice(0, step));
      return infoOf(await standingOf(held, project, id, damage));
    });
  }

  /** A node's weights as they are saved, as a file. */
  async export(project: string, id: NodeId, what: ExportKind): Promise<ExportedFile> {
    const { store, damage } = this.#parts;
    const { node } = await standingOf(store, project, id, damage);
    if (!isWeights(what)) return checkpointFile(store, project, node, damage);
    const saved = await this.#weights(project).saved(id);
    if (!saved)
      throw new StudioError("no-step", `${nodeName(node)} has no saved step yet, so there is nothing to export.`);
    const { vector, step } = saved;
    return weightsFile(
      await this.#networks.network(saved.trains),
      { node, project, step, vector: wholeOf(vector) },
      what,
    );
  }

  /** Forgets a paused run; what it had saved is all that it was. */
  async drop(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.events.return(undefined as never);
  }

  /** @throws StudioError `no-node` or `pairs-changed` where the node cannot be trained now. */
  async #ready({ project, node: id, anyNumerics = false }: SpinRequest): Promise<Ready> {
    const { store, damage } = this.#parts;
    const standing = await standingOf(store, project, id, damage);
    const { node } = standing;
    const { state, deleted, settings } = infoOf(standing);
    if (state !== "begun" || deleted !== null)
      throw new StudioError("no-node", `${nodeName(node)} is ${state === "kept" ? "finished" : "deleted"} already.`);
    const hash = await hashOfPairs(await readPairList(store, project));
    if (node.pairs !== null && node.pairs !== hash)
      throw new StudioError(
        "pairs-changed",
        `${nodeName(node)} was begun with other pairs.`,
        "Put them back, keep it as it is, or start a new one.",
      );
    const numerics = numericsOf(await this.#networks.network(trainsOf(node)));
    if (!anyNumerics) refuseOtherNumerics(node, numerics);
    return { node, settings, hash, numerics };
  }

  async #begin({ project, saveEvery }: SpinRequest, ready: Ready, stop: AbortController): Promise<Run> {
    const { store, writer, damage } = this.#parts;
    const { node, settings, hash, numerics } = ready;
    const { id } = node;
    const started = { pairs: hash, numerics: { ...numerics } };
    if (node.pairs === null || differences(node, numerics)?.length !== 0)
      await writer.write(project, (held) => changeNode(held, project, id, started, damage));
    const pairs = (await readPairs(store, project)).filter(({ out }) => !out);
    const weights = this.#weights(project);
    const trains = trainsOf(node);
    const model = await this.#networks.training(trains);
    const { vector: opponent, ground } = await weights.kept(node.opponent, trains);
    await this.#networks.lay(trains, theta, await weights.ground(node));
    await this.#networks.lay(trains, thetaK, ground);
    const begun = { ...node, ...started };
    const ids = pairs.map((pair) => pair.id);
    const keeping = { store, writer, project, model, node: begun, pairs: ids, weights, damage };
    const reports = (await readReports(store, project)).get(id) ?? [];
    const keeper = new ProjectKeeper(keeping, reports as StepReport[]);
    const saveNow = (): boolean => run.pausing;
    const job = { iteration: node.iteration, opponent, pairs, settings, saveEvery, saveNow };
    const events = selfPlay(model, job, keeper, stop.signal);
    const fresh = { stage: null, step: null, pausing: false, version: "" };
    const run: Run = { project, node: id, events, keeper, model, stop, pairs: hash, ...fresh };
    return run;
  }

  /** Tells the run's events, and draws what was asked for between them. */
  async #follow(run: Run): Promise<SpinOutcome> {
    const { emit } = this.#parts;
    const { project, node, keeper } = run;
    run.pausing = false;
    for (;;) {
      const { value: event, done } = await run.events.next();
      if (done) break;
      if (event.kind === "step") {
        keeper.reports.push(event.report);
        run.step = event.report.step;
      }
      if (event.kind === "stage") run.stage = event.stage;
      emit({ ...event, node });
      // a saved step is followed by the next one's clock
      if (event.kind !== "saved") await this.#answerAll();
      else if (run.pausing && !event.complete) {
        run.version = await this.#weights(project).version(node);
        this.#held = run;
        return "paused";
      }
    }
    return "kept";
  }

  async #answerAll(): Promise<void> {
    for (let next = this.#asked.shift(); next; next = this.#asked.shift()) {
      const { request, signal, answer } = next;
      const drawn = this.draw(request, signal);
      answer(drawn);
      await drawn.catch(() => {});
    }
  }
}

/** @throws StudioError `export` for what is too large for one array. */
function wholeOf(vector: Trainable): Float32Array {
  if (vector instanceof Float32Array) return vector;
  throw new StudioError(
    "export",
    "These weights are too large for one file of this kind.",
    "The checkpoint has them in parts, each a safetensors file by diffusers' names.",
  );
}
