/** @file LoRAs that were brought and kept as their files: read again, and merged into the model that a node is. */
import { mergedInto, type Weighted } from "../artifacts/lora-merge.ts";
import type { LoraModel } from "../artifacts/lora-model.ts";
import type { Lora } from "../artifacts/lora-names.ts";
import { readLora } from "../artifacts/lora-read.ts";
import { openSafetensors } from "../artifacts/safetensors.ts";
import { bytesAccess } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";
import type { NodeRecord } from "../storage/nodes.ts";
import { componentOf } from "./model.ts";
import type { ReadWeights } from "./networks.ts";

export type Brought = NonNullable<NodeRecord["brought"]>;

/** Of the n-th LoRA in a node's checkpoint. */
export const loraFile = (n: number): string => `lora-${n}.safetensors`;

/** @throws StudioError `lora` that begins with the file's name */
export async function readNamed(name: string, bytes: Uint8Array, model: LoraModel): Promise<Lora> {
  try {
    return await readLora(await openSafetensors(bytesAccess(bytes), name), { model });
  } catch (error) {
    if (error instanceof StudioError) throw new StudioError("lora", `${name}: ${error.message}`, error.hint);
    throw error;
  }
}

export async function readBrought(
  files: ReadonlyMap<string, Uint8Array>,
  { loras }: Brought,
  model: LoraModel,
): Promise<readonly Weighted<Lora>[]> {
  const read = loras.map(async ({ name, multiplier }, n) => {
    const bytes = files.get(loraFile(n));
    if (!bytes) throw new StudioError("no-checkpoint", `The LoRA ${name} is not in this project's storage any more.`);
    return { lora: await readNamed(name, bytes, model), multiplier };
  });
  return Promise.all(read);
}

/** The UNet and the text encoder with all of the LoRAs in them. */
export function mergedModel(
  read: ReadWeights,
  loras: readonly Weighted<Pick<Lora, "modules" | "textEncoder">>[],
): ReadWeights {
  const [unet, text] = [mergedInto(read, "unet", loras), mergedInto(read, "text_encoder", loras)];
  return (name) => (componentOf(name) === "text_encoder" ? text(name) : unet(name));
}
