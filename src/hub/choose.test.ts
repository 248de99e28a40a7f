import { expect, test } from "vitest";
import { type Chosen, chooseFiles } from "./choose.ts";
import type { HubFile } from "./listing.ts";

const base = "diffusion_pytorch_model";
const CONFIGS = ["unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json"];
const WORDS = ["tokenizer/vocab.json", "tokenizer/merges.txt"];
const weights = (variant: string, ending = "safetensors"): string[] =>
  [`unet/${base}`, `vae/${base}`, "text_encoder/model"].map((path) => `${path}.${variant}${ending}`);

function choose(paths: readonly string[], path = "", texts: Readonly<Record<string, string>> = {}): Promise<Chosen> {
  const files = paths.map((one, size): HubFile => ({ path: one, size, sha256: null, gitHash: null }));
  const listing = { repo: "ann/model", commit: "0".repeat(40), files };
  return chooseFiles(listing, { repo: "ann/model", revision: "main", path }, async (file) => texts[file.path] ?? "{}");
}
const taken = async (...how: Parameters<typeof choose>): Promise<string[]> =>
  (await choose(...how)).files.map((file) => file.path).sort();

test("of what people publish side by side: the half-size variant of the folder, its configurations and words, and nothing else", async () => {
  const extra = [
    "README.md",
    "model_index.json",
    "v1-5-pruned.ckpt",
    "v1-5-pruned.safetensors",
    "v1-5-pruned-emaonly.safetensors",
    "safety_checker/model.safetensors",
    "safety_checker/config.json",
    "feature_extractor/preprocessor_config.json",
    "tokenizer/tokenizer_config.json",
    `unet/${base}.non_ema.safetensors`,
  ];
  const all = [...extra, ...CONFIGS, ...WORDS, ...weights(""), ...weights("fp16."), ...weights("", "bin")];
  expect(await taken(all)).toEqual(["model_index.json", ...CONFIGS, ...WORDS, ...weights("fp16.")].sort());
  expect(await taken([...CONFIGS, ...WORDS, ...weights(""), ...weights("bf16.")])).toEqual(
    [...CONFIGS, ...WORDS, ...weights("bf16.")].sort(),
  );
});

test("weights in several files: those that their index names", async () => {
  const shards = [`unet/${base}-00001-of-00002.fp16.safetensors`, `unet/${base}-00002-of-00002.fp16.safetensors`];
  const index = `unet/${base}.safetensors.index.fp16.json`;
  const [, ...others] = weights("");
  const all = [...CONFIGS, ...WORDS, ...others, ...shards, `unet/${base}-00001-of-00002.safetensors`, index];
  const weight_map = Object.fromEntries(shards.map((path, i) => [`tensor${i}`, path.slice(5)]));
  const paths = await taken(all, "", { [index]: JSON.stringify({ weight_map }) });
  expect(paths).toEqual([...CONFIGS, ...WORDS, ...others, ...shards, index].sort());
});

test("a folder or a file of a model, by its path; one checkpoint alone by itself", async () => {
  const inner = [...CONFIGS, ...WORDS, ...weights("")].map((path) => `inner/${path}`);
  expect(await choose([...inner, "README.md"], "inner")).toMatchObject({ root: "inner/", onnx: false });
  expect(await taken([...inner, "README.md"])).toEqual([...inner].sort());
  const several = ["a.safetensors", "b.safetensors", "old.ckpt"];
  expect(await taken(several, "b.safetensors")).toEqual(["b.safetensors"]);
  expect(await taken(["a.safetensors", "a.ckpt", "README.md"])).toEqual(["a.safetensors"]);
  await expect(choose(several)).rejects.toThrow("2 model files (a.safetensors, b.safetensors)");
  await expect(choose([...inner, ...inner.map((path) => `two/${path}`)])).rejects.toThrow("holds 2 models");
  await expect(choose(several, "c")).rejects.toThrow("ann/model has no c");
});

test("an ONNX export: graphs and their data, without what else lies there", async () => {
  const parts = ["unet", "text_encoder", "vae_encoder", "vae_decoder"];
  const graphs = [...parts.map((part) => `${part}/model.onnx`), "unet/model.onnx_data", "unet/config.json"];
  const found = await choose([...graphs, "safety_checker/model.onnx", "unet/model.onnx.bak", ...WORDS]);
  expect(found.onnx).toBe(true);
  expect(found.files.map(({ path }) => path).sort()).toEqual([...graphs, ...WORDS].sort());
});

test("pickles and other kinds of models are refused before a byte of them is fetched", async () => {
  await expect(choose([...CONFIGS, ...weights("", "bin")])).rejects.toThrow("is a pickle");
  await expect(choose(["old.ckpt", "README.md"])).rejects.toThrow("pickle");
  await expect(choose(["a.safetensors", "old.ckpt"], "old.ckpt")).rejects.toThrow("pickle");
  await expect(choose(["unet/config.json", "text_encoder_2/config.json"])).rejects.toThrow("Stable Diffusion XL");
  await expect(choose(["transformer/config.json"])).rejects.toThrow("transformer");
});
