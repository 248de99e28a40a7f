/**
 * @file LoRAs that a person has, taken as a node of the tree: to start from, to play against, to draw with. One that fits what is
 * trained becomes the node's own weights, and training goes on with it. Anything else (several, other modules, a text encoder) is
 * kept as its files, and merged into the weights wherever the node is used.
 */
import { loraStart } from "../artifacts/lora-start.ts";
import type { Weighted } from "../artifacts/lora-merge.ts";
import type { Lora } from "../artifacts/lora-names.ts";
import { readWhole } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";
import { BASE } from "../lib/node-name.ts";
import { type CheckpointFiles, saveCheckpoint } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { type NodeRecord, type Trains, writeNode } from "../storage/nodes.ts";
import { readTree } from "../storage/tree.ts";
import type { NodeInfo, SpinSettings, TakeLorasRequest, TakenLoras } from "./api.ts";
import { blobAccess } from "./blob-files.ts";
import { type Brought, loraFile, readNamed } from "./brought-loras.ts";
import type { Damage } from "./damage.ts";
import type { Networks } from "./networks.ts";
import { checkpointFiles } from "./project-keeper.ts";
import { infoOf, newRecord } from "./tree.ts";
import type { Writer } from "./writer.ts";

/** Of a LoRA that is laid over what cannot be gone on with. */
const RANK = 16;

interface Taken {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly weighted: Weighted<Lora>;
}

/** How LoRAs become a node. */
interface Form {
  readonly trains: Trains;
  readonly brought: Brought;
  /** why training does not go on with them; null: it does */
  readonly reason: string | null;
  files(node: NodeRecord): Promise<CheckpointFiles>;
}

export interface TakingParts {
  readonly networks: Networks;
  readonly store: KeyValue;
  readonly writer: Writer;
  readonly damage: Damage;
  /** what the node is shown with, for it has none of its own */
  readonly settings: SpinSettings;
}

/**
 * A finished node, a child of Base.
 * @throws StudioError `lora` with the file's name, where it is none or none of this model's; nothing is stored then.
 */
export async function takeLoras(
  { networks, store, writer, damage, settings }: TakingParts,
  { project, loras, name }: TakeLorasRequest,
): Promise<TakenLoras> {
  const taken = await Promise.all(loras.map((each) => take(networks, each)));
  const form = await formOf(networks, taken);
  const leftOut = taken.flatMap((each) => each.weighted.lora.leftOut.map((sentence) => `${each.name}: ${sentence}`));
  const node = await writer.write(project, async (held): Promise<NodeInfo> => {
    const { nodes } = await readTree(store, project, new Set(damage.spoilt.keys()));
    const called = name ?? taken.map((each) => each.name.replace(/\.safetensors$/i, "")).join(" + ");
    const own = { ...settings, ...form.trains, steps: 0 };
    const place = { parent: BASE, opponent: BASE, iteration: 0, name: called, settings: own };
    const record = { ...newRecord(place, nodes), brought: form.brought };
    await writeNode(held, project, record);
    const newest = await saveCheckpoint(held, project, record, { step: 0, complete: true }, await form.files(record));
    return infoOf({ node: record, newest, bytes: newest.bytes });
  });
  return { node, notes: form.reason === null ? leftOut : [...leftOut, form.reason] };
}

async function take(
  networks: Networks,
  { file: { path, file }, multiplier }: TakeLorasRequest["loras"][number],
): Promise<Taken> {
  const name = path.replace(/^.*\//, "");
  if (!Number.isFinite(multiplier))
    throw new StudioError("lora", `${name} has the weight ${multiplier}, and a number was expected.`);
  const bytes = await readWhole(blobAccess(path, file));
  return { name, bytes, weighted: { lora: await readNamed(name, bytes, networks.adaptable), multiplier } };
}

async function formOf(networks: Networks, taken: readonly Taken[]): Promise<Form> {
  const [first] = taken;
  if (!first) throw new StudioError("lora", "No LoRA was given, and one or several were expected.");
  const loras = taken.map(({ weighted }) => weighted);
  const brought = {
    loras: taken.map(({ name, weighted: { multiplier } }) => ({ name, multiplier })),
    text: loras.some(({ lora }) => lora.textEncoder.size > 0),
  };
  const [module] = first.weighted.lora.modules.values();
  const trains: Trains = { train: "lora", rank: module?.rank ?? RANK };
  const network = await networks.network(trains);
  const start = loraStart(network.set.layout, network.choices.alpha, loras);
  if (start.kind === "laid under") {
    const files = new Map(taken.map(({ bytes }, n) => [loraFile(n), bytes]));
    const over: Trains = { train: "lora", rank: RANK };
    return { trains: over, brought: { ...brought, under: true }, reason: start.reason, files: async () => files };
  }
  const none = new Float32Array(0);
  const state = { step: 0, vector: start.vector, m: none, v: none };
  const files = (node: NodeRecord) => checkpointFiles(network, node, state, true);
  return { trains, brought: { ...brought, under: false }, reason: null, files };
}
