/** @file The weights of a tree's nodes, as storage has them: of a finished one the end, of any other its newest saved step. */
import { partsOfWeights, weightsOfParts } from "../artifacts/checkpoint-parts.ts";
import { layoutLength, splitVector } from "../artifacts/flat-vector.ts";
import { loraModules, type Weighted } from "../artifacts/lora-merge.ts";
import type { Lora } from "../artifacts/lora-names.ts";
import { required, StudioError } from "../lib/errors.ts";
import { BASE, nodeName } from "../lib/node-name.ts";
import {
  type CheckpointEntry,
  type Damaged,
  findIncomplete,
  listCheckpoints,
  loadNewest,
  recordInManifest,
  readNewest,
} from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { groundOf, type NodeRecord, readNode, sameTrains, type Trains, trainsOf } from "../storage/nodes.ts";
import type { NodeId } from "./api.ts";
import type { Damage } from "./damage.ts";
import { type Brought, mergedModel, readBrought } from "./brought-loras.ts";
import { asFloat32 } from "./model.ts";
import type { Ground, Networks, ReadWeights } from "./networks.ts";
import { readStored } from "./stored-state.ts";
import { type Trainable, vectorOf } from "./trained.ts";

/** What a network takes of a node: what it trains, and what lies under that; null: it trains all of the UNet. */
export interface Weights {
  readonly vector: Trainable;
  readonly ground: Ground | null;
}

/** A node's weights in a network of its own kind: of an unfinished one what it would be kept with. */
export interface Standing extends Weights {
  readonly trains: Trains;
  readonly step: number;
}

export class ProjectWeights {
  readonly #store: KeyValue;
  readonly #project: string;
  readonly #networks: Networks;
  readonly #damage: Damage;

  constructor(store: KeyValue, project: string, networks: Networks, damage: Damage) {
    this.#store = store;
    this.#project = project;
    this.#networks = networks;
    this.#damage = damage;
  }

  /**
   * Where a finished node ended, or the base, as a network takes it that trains so: all of the weights, a LoRA's added up; the
   * LoRA itself, where it is one of that rank; or a fresh LoRA, which changes nothing, over all of the weights.
   * @throws StudioError `no-checkpoint`
   */
  async kept(node: NodeId, trains: Trains): Promise<Weights> {
    const whole = trains.train === "full";
    const fresh = async (): Promise<Trainable> => (await this.#networks.of(trains)).start;
    if (node === BASE) return { vector: await fresh(), ground: whole ? null : this.#networks.ground };
    const record = await this.#record(node);
    if (record && !record.brought?.under && sameTrains(trainsOf(record), trains)) {
      const { vector } = await this.#end(node);
      return { vector, ground: await this.ground(record) };
    }
    const ground = await this.#groundAt(node);
    if (!whole) return { vector: await fresh(), ground };
    const { set, choices } = await this.#networks.network(trains);
    const read = await ground.open();
    const own = async (name: string): Promise<Float32Array> => asFloat32(await read(name));
    if (choices.optimizer === "device") return { vector: partsOfWeights(set.layout, own), ground: null };
    const vector = new Float32Array(layoutLength(set.layout));
    for (const { name, offset } of set.layout) vector.set(await own(name), offset);
    return { vector, ground: null };
  }

  /** Where a node stands: its newest whole checkpoint, or before the first one its parent's weights, which it starts from. */
  async current(node: NodeId): Promise<Standing> {
    if (node === BASE) return { ...(await this.kept(BASE, this.#networks.home)), trains: this.#networks.home, step: 0 };
    const record = await this.#record(node);
    if (record?.brought?.under) {
      const trains = trainsOf(record);
      return { ...(await this.kept(node, trains)), trains, step: 0 };
    }
    const { weights, damaged } = await this.#newest(node);
    if (record && weights) return { ...weights, ground: await this.ground(record) };
    if (damaged.some(({ entry }) => entry.complete)) throw await this.#missing(node, "cannot be used", damaged);
    if (!record || record.gone) throw await this.#missing(node, "is not in the project", damaged);
    const trains = trainsOf(record);
    return { ...(await this.kept(record.parent, trains)), trains, step: 0 };
  }

  /** How it is trained and drawn. */
  async trains(node: NodeId): Promise<Trains> {
    const record = await this.#record(node);
    return record ? trainsOf(record) : this.#networks.home;
  }

  /** Its newest saved step; null: there is none yet. Nothing is loaded for it. */
  async saved(node: NodeId): Promise<Omit<Standing, "ground"> | null> {
    const { weights, damaged } = await this.#newest(node);
    if (!weights && damaged.length > 0) throw await this.#missing(node, "cannot be used", damaged);
    return weights;
  }

  /** What a node's own vector lies over. */
  async ground(node: Pick<NodeRecord, "settings" | "parent">): Promise<Ground | null> {
    const id = await groundOf(node, (each) => this.#record(each));
    return id === null ? null : this.#groundAt(id);
  }

  /** Changes when `current` would. */
  async version(node: NodeId): Promise<string> {
    const entries = await listCheckpoints(this.#store, this.#project);
    return entries.findLast((entry) => entry.node === node)?.uuid ?? "";
  }

  /** The state that `current` will find, as far as can be told without reading it; null: not for sure, or none. */
  async settled(node: NodeId): Promise<{ readonly version: string; readonly step: number } | null> {
    if (node === BASE) return { version: "", step: 0 };
    const record = await this.#record(node);
    if (!record || record.gone) return null;
    const newest = (await listCheckpoints(this.#store, this.#project)).findLast((entry) => entry.node === node);
    if (!newest) return { version: "", step: 0 };
    const incomplete = await findIncomplete(this.#store, this.#project);
    const bad = this.#damage.spoilt.has(newest.uuid) || incomplete.some(({ entry }) => entry.uuid === newest.uuid);
    return bad ? null : { version: newest.uuid, step: newest.step };
  }

  /** All of a finished node's weights. */
  async #groundAt(node: NodeId): Promise<Ground> {
    if (node === BASE) return this.#networks.ground;
    const record = await this.#record(node);
    const under = await this.ground(record ?? { settings: {}, parent: BASE });
    const key = `${this.#project}/${node}/${await this.version(node)}`;
    const text = (under?.text ?? false) || (record?.brought?.text ?? false);
    return { key: under ? `${key} over ${under.key}` : key, text, open: () => this.#open(node, record, under) };
  }

  async #open(node: NodeId, record: NodeRecord | null, under: Ground | null): Promise<ReadWeights> {
    if (record?.brought?.under && under)
      return mergedModel(await under.open(), await this.#brought(node, record.brought));
    const { vector, trains } = await this.#end(node);
    const { set, choices } = await this.#networks.network(trains);
    if (!under && !(vector instanceof Float32Array)) return weightsOfParts(set.layout, vector);
    if (!under) {
      const tensors = splitVector(set.layout, vectorOf(vector));
      return async (name) => required(tensors.get(name), `the weight "${name}"`).data as Float32Array;
    }
    const lora = { modules: loraModules(set.layout, vectorOf(vector), choices.alpha), textEncoder: new Map() };
    return mergedModel(await under.open(), [{ lora, multiplier: 1 }]);
  }

  /** The LoRAs that a node was made of, out of its checkpoint. */
  async #brought(node: NodeId, brought: Brought): Promise<readonly Weighted<Lora>[]> {
    const { loaded, damaged } = await loadNewest(this.#store, this.#project, (entry) => entry.node === node);
    this.#damage.tell(damaged);
    if (!loaded) throw await this.#missing(node, "has no LoRA that can be read", damaged);
    return readBrought(loaded.files, brought, this.#networks.adaptable);
  }

  async #end(node: NodeId): Promise<Omit<Standing, "ground">> {
    const { weights, damaged } = await this.#newest(node, (entry) => entry.complete);
    if (weights) return weights;
    throw await this.#missing(node, "has no finished checkpoint", damaged);
  }

  async #newest(node: NodeId, wanted: (entry: CheckpointEntry) => boolean = () => true) {
    const ours = (entry: CheckpointEntry): boolean => entry.node === node && wanted(entry);
    const record = await this.#record(node);
    if (!record || record.brought?.under) {
      const { damaged } = await loadNewest(this.#store, this.#project, ours);
      this.#damage.tell(damaged);
      return { weights: null, damaged };
    }
    const trains = trainsOf(record);
    const { layout } = (await this.#networks.network(trains)).set;
    const { used, damaged } = await readNewest(this.#store, this.#project, ours, (files) =>
      readStored(files, layout, this.#damage),
    );
    this.#damage.tell(damaged);
    return { weights: used && { vector: used.kept, step: used.step, trains }, damaged };
  }

  /** As it is, or as it was at the newest save. */
  async #record(node: NodeId): Promise<NodeRecord | null> {
    if (node === BASE) return null;
    const uuid = await this.version(node);
    const stored = await readNode(this.#store, this.#project, node);
    return stored ?? (uuid === "" ? null : recordInManifest(this.#store, this.#project, uuid));
  }

  async #missing(node: NodeId, what: string, [first]: readonly Damaged[]): Promise<StudioError> {
    const record = await readNode(this.#store, this.#project, node);
    const name = record ? nodeName(record) : "The node";
    return new StudioError("no-checkpoint", first?.reason ?? `${name} ${what}.`, "The other nodes are safe.");
  }
}
