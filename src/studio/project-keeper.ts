/** @file What must not be lost of one node's training, in the browser's storage: the `Keeper` of the page. */
import { encodeCheckpoint, type Numerics } from "../artifacts/checkpoint.ts";
import { encodeParts, type StoredAs } from "../artifacts/checkpoint-parts.ts";
import type { JsonObject } from "../artifacts/json-object.ts";
import { keptOf } from "../spin/adamw.ts";
import {
  type CheckpointEntry,
  type CheckpointFiles,
  saveCheckpoint,
  takeBack,
  readNewest,
} from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { type NodeRecord, trainsOf } from "../storage/nodes.ts";
import { readPictures, writePicture, writeReports } from "../storage/projects.ts";
import { readTrajectory, writeTrajectory } from "../storage/trajectories.ts";
import type { StepReport } from "./api.ts";
import type { Damage } from "./damage.ts";
import type { Model } from "./model.ts";
import type { Network } from "./networks.ts";
import type { Keeper } from "./self-play-job.ts";
import { readStored } from "./stored-state.ts";
import { freshFrom, isInVectors, type Trained } from "./trained.ts";
import type { ProjectWeights } from "./weights.ts";
import type { Writer } from "./writer.ts";

const OPTIMIZATION_LEVEL = "basic";
export const RUNTIME_VERSION = "1.30.0";

/** Whatever changes bits, as this network computes. */
export function numericsOf({ backend, choices }: Pick<Network, "backend" | "choices">): Numerics {
  return {
    backend: backend.name,
    device: backend.description,
    cut: choices.cut,
    batch: choices.samples,
    optimizationLevel: OPTIMIZATION_LEVEL,
    runtimeVersion: RUNTIME_VERSION,
  };
}

/** A node's state as the files of a checkpoint; a finished one needs no optimizer. */
export async function checkpointFiles(
  network: Network,
  { id, parent, iteration, settings }: NodeRecord,
  state: Trained,
  complete: boolean,
): Promise<CheckpointFiles> {
  const about = {
    uuid: id,
    parent,
    iteration,
    seed: Number(settings["seed"]),
    train: network.choices.train,
    settings: settings as JsonObject,
    numerics: numericsOf(network),
  };
  const { layout } = network.set;
  if (!isInVectors(state)) return encodeParts(about, state, layout, { complete, storedAs: storedAs(settings) });
  const { step, ...vectors } = state;
  const vector = complete ? keptOf(vectors) : vectors.vector;
  return encodeCheckpoint({ ...about, step, vector, optimizer: complete ? null : vectors }, layout);
}

export const storedAs = (settings: { readonly [key: string]: unknown }): StoredAs =>
  settings["storedAs"] === "float16" ? "float16" : "float32";

export interface Keeping {
  readonly store: KeyValue;
  readonly writer: Writer;
  readonly project: string;
  readonly model: Model;
  readonly node: NodeRecord;
  /** ids, in their order */
  readonly pairs: readonly string[];
  readonly weights: ProjectWeights;
  readonly damage: Damage;
}

export class ProjectKeeper implements Keeper {
  readonly #keeping: Keeping;
  /** what the page shows of the node; grows with its steps */
  readonly reports: StepReport[];
  #losers: ReadonlyMap<number, { readonly rgba: Uint8ClampedArray }> | null = null;

  constructor(keeping: Keeping, reports: readonly StepReport[]) {
    this.#keeping = keeping;
    this.reports = [...reports];
  }

  async loser(_iteration: number, pair: string): Promise<Uint8ClampedArray | null> {
    const { store, project, node, pairs } = this.#keeping;
    this.#losers ??= await readPictures(store, project, node.id);
    return this.#losers.get(pairs.indexOf(pair))?.rgba ?? null;
  }

  async keepLoser(_iteration: number, pair: string, picture: Parameters<Keeper["keepLoser"]>[2]): Promise<void> {
    const { writer, project, node, pairs } = this.#keeping;
    const write = (store: KeyValue) => writePicture(store, project, node.id, pairs.indexOf(pair), picture);
    await writer.write(project, write, true);
  }

  async trajectory(_iteration: number, pair: string, part: number): Promise<Float32Array | null> {
    const { store, project, node, pairs } = this.#keeping;
    return readTrajectory(store, project, node.id, [pairs.indexOf(pair), part]);
  }

  async keepTrajectory(_iteration: number, pair: string, part: number, data: Float32Array): Promise<void> {
    const { writer, project, node, pairs } = this.#keeping;
    const place = [pairs.indexOf(pair), part] as const;
    await writer.write(project, (store) => writeTrajectory(store, project, node.id, place, data), true);
  }

  /** The newest whole one, or the parent's weights: who plays against another than its parent still starts as its parent's copy. */
  async state(): Promise<Trained> {
    const { store, project, model, node, weights, damage } = this.#keeping;
    const { layout } = model.set;
    const wanted = (entry: CheckpointEntry): boolean => entry.node === node.id && !entry.complete;
    const { used: saved, damaged } = await readNewest(store, project, wanted, (files) =>
      readStored(files, layout, damage),
    );
    damage.tell(damaged);
    this.reports.length = Math.min(this.reports.length, saved?.step ?? 0);
    if (saved?.state) return saved.state;
    const { vector } = await weights.kept(node.parent, trainsOf(node));
    return freshFrom(vector, Number(node.settings["emaDecay"] ?? 0));
  }

  async keepState(_iteration: number, state: Trained, complete: boolean): Promise<void> {
    const { writer, project, model, node } = this.#keeping;
    const files = await checkpointFiles(model, node, state, complete);
    await writer.write(project, async (store) => {
      await writeReports(store, project, node.id, this.reports);
      await saveCheckpoint(store, project, node, { step: state.step, complete }, files);
    });
  }

  async takeBack(_iteration: number, step: number): Promise<number | null> {
    const { writer, project, node } = this.#keeping;
    const newest = await writer.write(project, (store) => takeBack(store, project, node.id, step));
    return newest && newest.step;
  }
}
