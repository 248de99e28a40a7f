/**
 * @file LoRAs as the start of training. One of the same modules and rank as the network's is trained on as it is. Anything else is
 * merged into the weights, and a fresh LoRA lies over them: factors of another rank have no exact counterpart, and two LoRAs' sum
 * has the sum of their ranks.
 */
import type { LayoutEntry } from "../plan/types.ts";
import { joinVector } from "./flat-vector.ts";
import type { Weighted } from "./lora-merge.ts";
import { type Lora, loraKey, type LoraModule, plainSpelling } from "./lora-names.ts";
import type { FileTensor } from "./safetensors.ts";

export type LoraStart =
  | { readonly kind: "trained on"; readonly vector: Float32Array }
  /** a sentence: why it is not trained on */
  | { readonly kind: "laid under"; readonly reason: string };

/** `layout` and `alpha`: those of the network that is to be trained. */
export function loraStart(
  layout: readonly LayoutEntry[],
  alpha: number,
  loras: readonly Weighted<Pick<Lora, "modules" | "textEncoder">>[],
): LoraStart {
  const under = (reason: string): LoraStart => ({ kind: "laid under", reason });
  const [one, ...more] = loras;
  if (!one || more.length > 0) return under("Several LoRAs are added up first, and a fresh one lies over their sum.");
  if (one.lora.textEncoder.size > 0)
    return under(
      "The LoRA also adapts the text encoder, which is not trained: both are merged, and a fresh one lies over.",
    );
  const fault = misfit(layout, one.lora.modules);
  if (fault !== null) return under(fault);
  return { kind: "trained on", vector: vectorOf(layout, alpha, one) };
}

function misfit(layout: readonly LayoutEntry[], modules: Lora["modules"]): string | null {
  const own = new Map(layout.map(({ name, shape }) => [name, shape.join()]));
  for (const [module, { a, rank }] of modules) {
    const wanted = own.get(loraKey(plainSpelling, module, "A"));
    if (wanted === undefined) return `The LoRA adapts "${module}", which this training does not: it is merged first.`;
    if (wanted !== a.shape.join())
      return `The LoRA has rank ${rank} and this training rank ${wanted.split(",")[0]}: it is merged first.`;
  }
  if (2 * modules.size === layout.length) return null;
  return `The LoRA adapts ${modules.size} modules and this training ${layout.length / 2}: it is merged first.`;
}

/** B takes up what differs in scale, m alpha / alpha' times, rounded once; the branch stays what it was. */
function vectorOf(
  layout: readonly LayoutEntry[],
  alpha: number,
  { lora, multiplier }: Weighted<Pick<Lora, "modules">>,
): Float32Array {
  const tensors = new Map<string, FileTensor>();
  for (const [module, { a, b, alpha: own }] of lora.modules) {
    tensors.set(loraKey(plainSpelling, module, "A"), { dtype: "F32", ...a });
    tensors.set(loraKey(plainSpelling, module, "B"), {
      dtype: "F32",
      shape: b.shape,
      data: scaled(b, (multiplier * own) / alpha),
    });
  }
  return joinVector(layout, tensors);
}

const scaled = ({ data }: LoraModule["b"], by: number): Float32Array => (by === 1 ? data : data.map((v) => v * by));
