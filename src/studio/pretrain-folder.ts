/** @file Pocket as a diffusers folder: path -> contents. Weights are rounded to float16, the tokenizer is CLIP's own. */
import type { FileTensor } from "../artifacts/safetensors.ts";
import { writeSafetensors } from "../artifacts/safetensors.ts";
import { toFloat16Array } from "../lib/float16.ts";
import * as pocket from "../pocket/config.ts";
import type { Weights } from "./pretrain-plans.ts";

const VAE = /^(encoder|decoder|quant_conv|post_quant_conv)\./;

function half(weights: Weights, belongs: (name: string) => boolean): Uint8Array {
  const tensors = new Map<string, FileTensor>();
  for (const [name, { shape, data }] of weights)
    if (belongs(name)) tensors.set(name, { dtype: "F16", shape, data: toFloat16Array(data) });
  return writeSafetensors(tensors, { format: "pt" });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const mark = (content: string) => ({ content, lstrip: false, normalized: true, rstrip: false, single_word: false });
const marks = {
  bos_token: mark("<|startoftext|>"),
  eos_token: mark("<|endoftext|>"),
  unk_token: mark("<|endoftext|>"),
  pad_token: "<|endoftext|>",
};

/** What transformers' CLIPTokenizer wants beside vocab.json and merges.txt. */
const tokenizerConfig = {
  ...marks,
  add_prefix_space: false,
  do_lower_case: true,
  errors: "replace",
  model_max_length: 77,
  tokenizer_class: "CLIPTokenizer",
};

/** All but the tokenizer's vocab.json, merges.txt and licence, which are not made here. */
export function modelFolder(weights: Weights): Map<string, Uint8Array | string> {
  const isText = (name: string): boolean => name.startsWith("text_model.");
  return new Map<string, Uint8Array | string>([
    ["model_index.json", json(pocket.modelIndex)],
    ["scheduler/scheduler_config.json", json(pocket.scheduler)],
    ["text_encoder/config.json", json(pocket.textEncoder)],
    ["text_encoder/model.safetensors", half(weights, isText)],
    ["tokenizer/special_tokens_map.json", json(marks)],
    ["tokenizer/tokenizer_config.json", json(tokenizerConfig)],
    ["unet/config.json", json(pocket.unet)],
    ["unet/diffusion_pytorch_model.safetensors", half(weights, (name) => !isText(name) && !VAE.test(name))],
    ["vae/config.json", json(pocket.vae)],
    ["vae/diffusion_pytorch_model.safetensors", half(weights, (name) => VAE.test(name))],
  ]);
}
