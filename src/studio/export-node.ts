/** @file A node's weights as the files that others open: a LoRA, the UNet's weights, or the checkpoint itself. */
import { zipSync } from "fflate";
import { splitVector } from "../artifacts/flat-vector.ts";
import { loraModules } from "../artifacts/lora-merge.ts";
import { type Lora, loraFile } from "../artifacts/lora-names.ts";
import { writeSafetensors } from "../artifacts/safetensors.ts";
import { StudioError } from "../lib/errors.ts";
import { nodeName } from "../lib/node-name.ts";
import { loadNewest } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import type { NodeRecord } from "../storage/nodes.ts";
import type { ExportedFile, ExportKind } from "./api.ts";
import type { Damage } from "./damage.ts";
import type { Network } from "./networks.ts";

/** `diffusers`: `pipeline.load_lora_weights(file)`, or `unet.load_state_dict(load_file(file))`. */
export function weightsFile(
  { choices, set }: Pick<Network, "choices" | "set">,
  node: NodeRecord,
  vector: Float32Array,
  what: "lora" | "weights",
): ExportedFile {
  const { train, alpha } = choices;
  if ((what === "lora") !== (train === "lora"))
    throw new StudioError(
      "export",
      `${nodeName(node)} was trained ${train === "lora" ? "as a LoRA, and has no weights of its own" : "whole, so it is no LoRA"}.`,
      `Export its ${train === "lora" ? "LoRA" : "weights"} instead.`,
    );
  const name = fileName(node, what === "lora" ? "lora.safetensors" : "unet.safetensors");
  if (what === "weights") return { name, bytes: writeSafetensors(splitVector(set.layout, vector), { format: "pt" }) };
  const lora: Lora = {
    spelling: { prefix: "unet.", adapter: null },
    modules: loraModules(set.layout, vector, alpha),
  };
  const file = loraFile(lora);
  return { name, bytes: writeSafetensors(file.tensors, file.metadata) };
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

/** "spin-2-lora.safetensors": letters and digits only, whatever the node is called. */
export function fileName(node: NodeRecord, end: string): string {
  const plain = nodeName(node)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${plain === "" ? `node-${node.number}` : plain}-${end}`;
}

export const isWeights = (what: ExportKind): what is "lora" | "weights" => what !== "checkpoint";
