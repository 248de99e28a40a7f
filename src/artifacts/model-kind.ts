/** @file Says in words which kind of model a folder is, by its files and configurations, where it is not Stable Diffusion 1.x. */
import { StudioError } from "../lib/errors.ts";
import { type JsonObject, showJson } from "./json-object.ts";
import { channelKinds } from "./tensor-kind.ts";

function refuse(message: string, hint?: string): never {
  throw new StudioError("model", message, hint);
}

/** From the names of its files alone. */
export function explainFolder(files: ReadonlySet<string>): void {
  const has = (pattern: RegExp) => [...files].find((file) => pattern.test(file));
  if (files.size === 0) refuse("The model folder is empty, and diffusers' folder layout was expected.");
  if (has(/^transformer\//))
    refuse("This is a transformer model (SD 3, Flux or the like), and Stable Diffusion 1.x was expected.");
  if (has(/^text_encoder_2\//)) {
    const whose = has(/^text_encoder\//) ? "XL" : "XL's refiner";
    refuse(`This is Stable Diffusion ${whose}, and Stable Diffusion 1.x was expected.`);
  }
  if (has(/^(unet|vae_encoder|vae_decoder|text_encoder)\//)) return;
  const onnx = has(/\.onnx$/);
  if (onnx)
    refuse(
      `${onnx} is an ONNX file alone, and an ONNX export as Optimum writes it was expected: a folder with unet/model.onnx.`,
    );
}

/** A checkpoint that stands alone, by its place only: its bytes tell what it is. Null where there is a diffusers folder. */
export function singleFile(files: ReadonlySet<string>): string | null {
  if ([...files].some((file) => file.startsWith("unet/"))) return null;
  const [only] = files;
  if (only !== undefined && files.size === 1 && !only.includes("/")) return only;
  const at = (pattern: RegExp) => [...files].filter((file) => pattern.test(file));
  const safetensors = at(/^[^/]+\.safetensors$/);
  const [first, ...others] = safetensors.length > 0 ? safetensors : at(/^[^/]+\.(ckpt|pt|pth|bin|gguf)$/);
  if (first === undefined) return null;
  if (others.length > 0) {
    const names = [first, ...others].sort();
    const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
    refuse(
      `The folder holds ${names.length} model files (${shown}), and one was expected.`,
      "Pick one of these files.",
    );
  }
  return first;
}

export function checkUnet(config: JsonObject): void {
  const kind = config._class_name ?? "UNet2DConditionModel";
  if (kind !== "UNet2DConditionModel")
    refuse(`unet/config.json is for ${showJson(kind)}, and UNet2DConditionModel was expected.`);
  if (config.addition_embed_type === "text_time" || config.cross_attention_dim === 2048) {
    refuse("The UNet is Stable Diffusion XL's, and Stable Diffusion 1.x was expected.");
  }
  if (config.cross_attention_dim === 1024 && Array.isArray(config.attention_head_dim)) {
    refuse("The UNet is Stable Diffusion 2's, and Stable Diffusion 1.x was expected.");
  }
  const count = config.in_channels;
  if (count !== undefined && count !== 4) {
    const words = typeof count === "number" ? channelKinds[count] : undefined;
    refuse(`The UNet takes ${showJson(count)} channels${words ? `: it is ${words}` : ""}, and 4 were expected.`);
  }
}

export function checkScheduler(config: JsonObject): void {
  const prediction = config.prediction_type ?? "epsilon";
  if (prediction !== "epsilon" && prediction !== "v_prediction") {
    refuse(`The model predicts ${showJson(prediction)}, and epsilon or v_prediction was expected.`);
  }
}
