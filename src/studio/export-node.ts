/** @file A node's weights as the files that others open: a LoRA, the UNet's weights, or the checkpoint itself. */
import { zipSync } from "fflate";
import { splitVector } from "../artifacts/flat-vector.ts";
import { writeSafetensors } from "../artifacts/safetensors.ts";
import { StudioError } from "../lib/errors.ts";
import { nodeName } from "../lib/node-name.ts";
import { loadNewest } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import type { NodeRecord } from "../storage/nodes.ts";
import type { ExportedFile, ExportKind } from "./api.ts";
import type { Damage } from "./damage.ts";
import { loraFileOf, type Trained } from "./lora-file.ts";
import type { Network } from "./networks.ts";

type WeightsKind = Exclude<ExportKind, "checkpoint">;

/** The UNet's weights are for `unet.load_state_dict(load_file(file))`. */
export function weightsFile(
  network: Pick<Network, "choices" | "set">,
  trained: Trained,
  what: WeightsKind,
): ExportedFile {
  const { node, vector } = trained;
  const { train } = network.choices;
  if ((what !== "weights") !== (train === "lora"))
    throw new StudioError(
      "export",
      `${nodeName(node)} was trained ${train === "lora" ? "as a LoRA, and has no weights of its own" : "whole, so it is no LoRA"}.`,
      `Export its ${train === "lora" ? "LoRA" : "weights"} instead.`,
    );
  if (what === "weights") {
    const tensors = splitVector(network.set.layout, vector);
    return { name: fileName(node, "unet.safetensors"), bytes: writeSafetensors(tensors, { format: "pt" }) };
  }
  const names = what === "lora" ? "kohya" : "diffusers";
  const { name, tensors, metadata } = loraFileOf(network, trained, names, new Date());
  return { name, bytes: writeSafetensors(tensors, metadata) };
}

/** The newest whole one, as a zip of its files. @throws StudioError `no-checkpoint` */
export async function checkpointFile(
  store: KeyValue,
  project: string,
  node: NodeRecord,
  damage: Damage,
): Promise<ExportedFile> {
  const { loaded, damaged } = await loadNewest(store, project, (entry) => entry.node === node.id);
  damage.tell(damaged);
  if (!loaded) throw new StudioError("no-checkpoint", `${nodeName(node)} has no checkpoint that can be read.`);
  return { name: fileName(node, "checkpoint.zip"), bytes: zipSync(Object.fromEntries(loaded.files), { level: 0 }) };
}

/** "spin-2-unet.safetensors": letters and digits only, whatever the node is called. */
export function fileName(node: NodeRecord, end: string): string {
  const plain = nodeName(node)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${plain === "" ? `node-${node.number}` : plain}-${end}`;
}

export const isWeights = (what: ExportKind): what is WeightsKind => what !== "checkpoint";
