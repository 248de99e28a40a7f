/** @file The weights of a tree's nodes, as storage has them: of a finished one the end, of any other its newest saved step. */
import { decodeCheckpoint } from "../artifacts/checkpoint.ts";
import { StudioError } from "../lib/errors.ts";
import { BASE, nodeName } from "../lib/node-name.ts";
import { type CheckpointEntry, type Damaged, listCheckpoints, loadNewest } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { readNode } from "../storage/nodes.ts";
import type { NodeId } from "./api.ts";
import type { Damage } from "./damage.ts";
import type { Model } from "./model.ts";

export interface Weights {
  readonly vector: Float32Array;
  readonly step: number;
}

export class ProjectWeights {
  readonly #store: KeyValue;
  readonly #project: string;
  readonly #model: Model;
  readonly #damage: Damage;

  constructor(store: KeyValue, project: string, model: Model, damage: Damage) {
    this.#store = store;
    this.#project = project;
    this.#model = model;
    this.#damage = damage;
  }

  /** Where a finished node ended, or the base. @throws StudioError `no-checkpoint` */
  async kept(node: NodeId): Promise<Float32Array> {
    if (node === BASE) return this.#model.base;
    const found = await this.#newest(node, (entry) => entry.complete);
    if (found.weights) return found.weights.vector;
    throw await this.#missing(node, "has no finished checkpoint", found.damaged);
  }

  /** Where a node stands: its newest whole checkpoint, or before the first one its parent's weights, which it starts from. */
  async current(node: NodeId): Promise<Weights> {
    if (node === BASE) return { vector: this.#model.base, step: 0 };
    const { weights, damaged } = await this.#newest(node);
    if (weights) return weights;
    if (damaged.some(({ entry }) => entry.complete)) throw await this.#missing(node, "cannot be used", damaged);
    const record = await readNode(this.#store, this.#project, node);
    if (!record || record.gone) throw await this.#missing(node, "is not in the project", damaged);
    return { vector: await this.kept(record.parent), step: 0 };
  }

  /** Changes when `current` would. */
  async version(node: NodeId): Promise<string> {
    const entries = await listCheckpoints(this.#store, this.#project);
    return entries.findLast((entry) => entry.node === node)?.uuid ?? "";
  }

  async #newest(node: NodeId, wanted: (entry: CheckpointEntry) => boolean = () => true) {
    const ours = (entry: CheckpointEntry): boolean => entry.node === node && wanted(entry);
    const { loaded, damaged } = await loadNewest(this.#store, this.#project, ours);
    this.#damage.tell(damaged);
    const checkpoint = loaded && (await decodeCheckpoint(loaded.files, this.#model.set.layout));
    return { weights: checkpoint && { vector: checkpoint.vector, step: checkpoint.step }, damaged };
  }

  async #missing(node: NodeId, what: string, [first]: readonly Damaged[]): Promise<StudioError> {
    const record = await readNode(this.#store, this.#project, node);
    const name = record ? nodeName(record) : "The node";
    return new StudioError("no-checkpoint", first?.reason ?? `${name} ${what}.`, "The other nodes are safe.");
  }
}
