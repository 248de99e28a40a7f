/**
 * @file The networks of one model on one device: one that trains all of the UNet, one for each rank of LoRA, compiled and loaded
 * when they are first asked for. VAE, text encoder and token table are held once for all of them, and of the frozen weights that
 * LoRAs lie over each set once for all that lie over it.
 */
import type { BuiltSet } from "../artifacts/artifact-set.ts";
import { type LoraModel, loraModel } from "../artifacts/lora-model.ts";
import type { Component, ModelFolder } from "../artifacts/model-folder.ts";
import type { Tokenizer } from "../artifacts/tokenizer.ts";
import { StudioError } from "../lib/errors.ts";
import { BASE } from "../lib/node-name.ts";
import type { TensorData } from "../lib/tensor.ts";
import type { Backend } from "../runtime/backend.ts";
import { FrozenWeights } from "../runtime/frozen-weights.ts";
import type { Adapter } from "../spin/denoiser.ts";
import type { Trains } from "../storage/nodes.ts";
import { initialLora } from "./initial-lora.ts";
import type { MemoryPlan, RunChoices } from "./memory-plan.ts";
import { type Common, componentOf, loadModel, makeArtifacts, type Model } from "./model.ts";
import { isLarge } from "./size.ts";

/** Weights of the UNet and the text encoder by name, one at a time. */
export type ReadWeights = (name: string) => Promise<TensorData>;

/** Weights that LoRAs lie over, frozen. Equal keys: equal bits. */
export interface Ground {
  readonly key: string;
  /** the text encoder's weights are others too */
  readonly text: boolean;
  open(): Promise<ReadWeights>;
}

/** What is written down of a network, without a device. */
export interface Network {
  readonly backend: Pick<Backend, "name" | "description">;
  readonly choices: Model["choices"];
  readonly set: Model["set"];
}

/** Loaded at a time: one that trains, and one of another kind to draw beside it. */
const MOST = 2;

const keyOf = ({ train, rank }: Trains): string => (train === "full" ? train : `${train} ${rank}`);

/** How a model of so many parameters is trained when nobody says, and drawn before it is trained. */
export const homeOf = (parameters: number): Trains =>
  isLarge(parameters) ? { train: "lora", rank: 16 } : { train: "full", rank: 0 };

export class Networks {
  readonly backend: Backend;
  /** how the model as it came is drawn */
  readonly home: Trains;
  readonly #folder: ModelFolder;
  readonly #choices: RunChoices;
  readonly #common: Common;
  readonly #sets = new Map<string, Promise<BuiltSet>>();
  /** the one that was asked for last at the end */
  readonly #loaded = new Map<string, Model>();
  readonly #grounds = new Map<string, FrozenWeights>();
  /** by network and adapter: the key of the ground it lies over */
  readonly #laid = new Map<string, string>();
  #training: string | null = null;

  /** `plan`: made for `home`; `whole`: for all of a large UNet, where that may be trained */
  constructor(
    backend: Backend,
    folder: ModelFolder,
    home: Trains,
    { choices, built }: MemoryPlan,
    whole: MemoryPlan | null = null,
  ) {
    this.backend = backend;
    this.home = home;
    this.#folder = folder;
    this.#choices = choices;
    this.#sets.set(keyOf(home), Promise.resolve(built));
    if (whole) this.#sets.set("full", Promise.resolve(whole.built));
    this.#common = { frozen: new FrozenWeights(backend), table: null, tokenizer: null };
  }

  /** Known as soon as one network is loaded. */
  get tokenizer(): Tokenizer | null {
    return this.#common.tokenizer;
  }

  /** The model as it came. */
  readonly ground: Ground = { key: BASE, text: false, open: async () => (name) => this.#read(name) };

  /** What a LoRA of this model can adapt. */
  get adaptable(): LoraModel {
    return loraModel(this.#folder);
  }

  async network(trains: Trains): Promise<Network> {
    const { choices, set } = (await this.#set(trains)).artifact;
    return { backend: this.backend, choices, set };
  }

  /** Ready to run. Whoever calls has the device to himself: another network may make room. */
  async of(trains: Trains): Promise<Model> {
    const key = keyOf(trains);
    const model = this.#loaded.get(key) ?? (await this.#load(trains));
    this.#loaded.delete(key);
    this.#loaded.set(key, model);
    return model;
  }

  /** The same, and it stays until another trains. */
  async training(trains: Trains): Promise<Model> {
    this.#training = keyOf(trains);
    return this.of(trains);
  }

  /** Puts the frozen weights under an adapter; what no adapter lies over any more is given back first. */
  async lay(trains: Trains, adapter: Adapter, ground: Ground | null): Promise<void> {
    const model = await this.of(trains);
    if (!ground) return;
    this.#laid.set(`${keyOf(trains)}/${adapter.id}`, ground.key);
    this.#sweep();
    model.layOver(adapter, this.#grounds.get(ground.key) ?? (await this.#upload(model, ground)));
  }

  async #upload({ set }: Model, { key, text, open }: Ground): Promise<FrozenWeights> {
    const frozen = new FrozenWeights(this.backend);
    const isOf = (component: Component): boolean => component === "unet" || (text && component === "text_encoder");
    this.#grounds.set(key, frozen);
    try {
      const read = await open();
      for (const [name, spec] of Object.entries(set.tensors))
        if (spec.kind === "weight" && isOf(componentOf(name))) await frozen.load(name, spec, await read(name));
    } catch (error) {
      this.#grounds.delete(key);
      frozen.dispose();
      throw error;
    }
    return frozen;
  }

  async #load(trains: Trains): Promise<Model> {
    const set = await this.#set(trains);
    for (const [key, model] of this.#loaded) {
      // beside all of a large UNet there is room for nothing else
      const alone = [set.artifact.choices, model.choices].some(({ optimizer }) => optimizer === "device");
      if ((this.#loaded.size < MOST && !alone) || key === this.#training) continue;
      this.#loaded.delete(key);
      for (const adapter of this.#laid.keys()) if (adapter.startsWith(`${key}/`)) this.#laid.delete(adapter);
      await model.dispose();
      this.#sweep();
    }
    return loadModel(this.backend, set, this.#folder, initialLora(0), this.#common);
  }

  #set(trains: Trains): Promise<BuiltSet> {
    const key = keyOf(trains);
    const set = this.#sets.get(key) ?? makeArtifacts(this.#folder, { ...this.#choices, ...trains });
    this.#sets.set(key, set);
    set.catch(() => this.#sets.delete(key));
    return set;
  }

  #sweep(): void {
    const used = new Set(this.#laid.values());
    for (const [key, frozen] of this.#grounds) {
      if (used.has(key)) continue;
      this.#grounds.delete(key);
      frozen.dispose();
    }
  }

  async #read(name: string): Promise<TensorData> {
    const component = componentOf(name);
    const tensor = this.#folder.tensors[component]?.get(name);
    if (!tensor) throw new StudioError("model", `The ${component} has no "${name}", which its configuration asks for.`);
    return tensor.read();
  }

  async dispose(): Promise<void> {
    for (const model of this.#loaded.values()) await model.dispose();
    for (const frozen of [this.#common.frozen, ...this.#grounds.values()]) frozen.dispose();
    this.#loaded.clear();
    this.#grounds.clear();
    this.#laid.clear();
  }
}
