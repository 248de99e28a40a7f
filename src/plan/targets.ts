/** @file Which modules LoRA adapts, said in PEFT's way: by the last words of a module's name, or by a preset. */
import type { LoraTargets } from "../graph/passes/lora.ts";
import type { Shape } from "../lib/tensor.ts";

export const presets: Readonly<Record<string, readonly string[]>> = {
  attention: ["to_q", "to_k", "to_v", "to_out.0"],
  linear: [
    "to_q",
    "to_k",
    "to_v",
    "to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
    "proj_in",
    "proj_out",
    "time_emb_proj",
    "linear_1",
    "linear_2",
  ],
  conv: ["conv1", "conv2", "conv_in", "conv_out", "conv_shortcut", "conv", "proj_in", "proj_out"],
};

const isConv = (weight: Shape): boolean => weight.length === 4;

/** `targets` is a preset's name or names joined by commas. A preset `linear` or `conv` takes only modules of that kind. */
export function loraTargets(targets: string, rank: number, alpha = rank): LoraTargets {
  const preset = presets[targets];
  const suffixes = preset ?? targets.split(",").map((s) => s.trim());
  return (module, weight) => {
    if (targets === "linear" && isConv(weight)) return null;
    if (targets === "conv" && !isConv(weight)) return null;
    return suffixes.some((suffix) => module === suffix || module.endsWith(`.${suffix}`)) ? { rank, alpha } : null;
  };
}
