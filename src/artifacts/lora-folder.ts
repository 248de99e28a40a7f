/** @file A model with LoRAs in its weights: a folder like any other, whose tensors are added up as they are read. */
import { type Weighted, mergedInto } from "./lora-merge.ts";
import type { Lora, LoraComponent } from "./lora-names.ts";
import type { ModelFolder, ModelTensor, ModelTensors } from "./model-folder.ts";

export function withLoras(
  folder: ModelFolder,
  loras: readonly Weighted<Pick<Lora, "modules" | "textEncoder">>[],
): ModelFolder {
  if (loras.length === 0) return folder;
  const merged = (component: LoraComponent): { readonly [C in LoraComponent]?: ModelTensors } => {
    const tensors = folder.tensors[component];
    if (!tensors) return {};
    const read = mergedInto(async (name) => (tensors.get(name) as ModelTensor).read(), component, loras);
    const adapted = new Set(
      loras.flatMap(({ lora }) => [...(component === "unet" ? lora.modules : lora.textEncoder).keys()]),
    );
    const all = [...tensors].map(([name, tensor]): [string, ModelTensor] =>
      adapted.has(name.replace(/\.weight$/, ""))
        ? [name, { ...tensor, dtype: "float32", read: () => read(name) }]
        : [name, tensor],
    );
    return { [component]: new Map(all) };
  };
  return { ...folder, tensors: { ...folder.tensors, ...merged("unet"), ...merged("text_encoder") } };
}
