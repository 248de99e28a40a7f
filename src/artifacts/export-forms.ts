/** @file A trained model in each form that other programs read, as files that are written piece by piece. */
import { type BoundSize, boundUNet } from "./bound-unet.ts";
import { componentFiles, configFile, pipelineFiles, weightsFile } from "./diffusers-write.ts";
import type { FileSystem } from "./model-folder.ts";
import type { Titled } from "./model-spec.ts";
import type { SavedDType, TrainedModel } from "./saved-weights.ts";
import { singleFile } from "./single-file-write.ts";
import { type StreamedFiles, streamedBytes } from "./streamed-file.ts";

export const exportForms = ["pipeline", "unet", "single-file", "onnx"] as const;
/**
 * - `pipeline`: what diffusers' `StableDiffusionPipeline.from_pretrained` opens
 * - `unet`: what `UNet2DConditionModel.from_pretrained` opens
 * - `single-file`: one .safetensors file with LDM's names, for A1111, ComfyUI and `from_single_file`
 * - `onnx`: as `unet`, and model.onnx, which points into its weights
 */
export type ExportForm = (typeof exportForms)[number];

export interface ExportOptions {
  readonly dtype: SavedDType;
  readonly titled: Titled;
  /** of an ONNX file's inputs, whose shapes are fixed */
  readonly size: BoundSize;
  /** the files that the model was opened from */
  readonly picked: FileSystem;
}

/** By their paths in the folder that they make; a single file is called model.safetensors. @throws StudioError `export` */
export async function exportedFiles(
  form: ExportForm,
  model: TrainedModel,
  { dtype, titled, size, picked }: ExportOptions,
): Promise<StreamedFiles> {
  if (form === "pipeline") return pipelineFiles(model, dtype, picked);
  if (form === "unet") return componentFiles(model, "unet", dtype);
  if (form === "single-file") return new Map([["model.safetensors", singleFile(model, dtype, titled)]]);
  const path = "diffusion_pytorch_model.safetensors";
  const weights = weightsFile(model, "unet", dtype);
  const places = [...weights.tensors].map(([name, place]) => [name, { place: { path, ...place } }] as const);
  const onnx = boundUNet(model.folder.configs.unet ?? {}, size, new Map(places), (at) => at);
  return new Map([
    ["config.json", configFile(model, "unet")],
    [path, weights],
    ["model.onnx", streamedBytes(new Uint8Array(onnx))],
  ]);
}
