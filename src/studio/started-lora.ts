/** @file The start of a LoRA run from LoRAs that a person has: the model's folder as the run reads it, and its first vector. */
import { splitVector } from "../artifacts/flat-vector.ts";
import { withLoras } from "../artifacts/lora-folder.ts";
import type { Weighted } from "../artifacts/lora-merge.ts";
import type { Lora } from "../artifacts/lora-names.ts";
import { loraStart } from "../artifacts/lora-start.ts";
import type { ModelFolder } from "../artifacts/model-folder.ts";
import { required } from "../lib/errors.ts";
import type { Network } from "./networks.ts";
import { initialLora } from "./initial-lora.ts";
import type { InitialLora } from "./model.ts";

export interface Started {
  readonly folder: ModelFolder;
  readonly initial: InitialLora;
  /** why the LoRAs are merged and not gone on with; null: they are gone on with, or there are none */
  readonly reason: string | null;
}

/** `network`: the one that is to be trained; `seed` draws a fresh LoRA's A. */
export function startedFrom(
  folder: ModelFolder,
  loras: readonly Weighted<Lora>[],
  { set, choices }: Pick<Network, "set" | "choices">,
  seed: number,
): Started {
  const fresh = initialLora(seed);
  if (loras.length === 0) return { folder, initial: fresh, reason: null };
  const merged = (reason: string): Started => ({ folder: withLoras(folder, loras), initial: fresh, reason });
  if (choices.train === "full") return merged("All weights are trained: the LoRAs are merged into them first.");
  const start = loraStart(set.layout, choices.alpha, loras);
  if (start.kind === "laid under") return merged(start.reason);
  const tensors = splitVector(set.layout, start.vector);
  return { folder, initial: (name) => required(tensors.get(name), name).data as Float32Array, reason: null };
}
