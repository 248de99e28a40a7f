/** @file What a file's metadata tell of a model, in the words of the model specification. All of it text. Fields: https://github.com/Stability-AI/ModelSpec */
import type { ModelFolder } from "./model-folder.ts";

export interface Titled {
  readonly title: string;
  /** picture side in pixels */
  readonly side: number;
  readonly now: Date;
}

/** A LoRA in any names, or a whole model in one file with those of LDM. */
export type SpecKind = "lora" | "checkpoint";

const implementation: { readonly [K in SpecKind]: string } = {
  lora: "diffusers",
  checkpoint: "https://github.com/Stability-AI/generative-models",
};

const SD1_WIDTH = 768;

/** Programs sort by the architecture: a model of another width is no SD 1.x to them, and none is told. */
export function modelSpec(
  { unet, scheduler }: ModelFolder["configs"],
  kind: SpecKind,
  { title, side, now }: Titled,
): Record<string, string> {
  const isSd1 = unet?.["cross_attention_dim"] === SD1_WIDTH;
  const architecture = `stable-diffusion-v1${kind === "lora" ? "/lora" : ""}`;
  return {
    "modelspec.sai_model_spec": "1.0.1",
    "modelspec.implementation": implementation[kind],
    "modelspec.title": title,
    "modelspec.resolution": `${side}x${side}`,
    "modelspec.date": now.toISOString(),
    "modelspec.prediction_type": scheduler?.["prediction_type"] === "v_prediction" ? "v" : "epsilon",
    ...(isSd1 ? { "modelspec.architecture": architecture } : {}),
  };
}
