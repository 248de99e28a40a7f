import { describe, expect, test } from "vitest";
import { canonicalName, type FileSystem, matchTensors, openModel } from "./model-folder.ts";
import { bytesAccess } from "./random-access.ts";
import { type FileTensor, writeSafetensors } from "./safetensors.ts";

const vector = (...values: number[]): FileTensor => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values),
});
const weights = (tensors: Record<string, FileTensor>) => writeSafetensors(new Map(Object.entries(tensors)));
const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

const unetConfig = { _class_name: "UNet2DConditionModel", in_channels: 4, cross_attention_dim: 768 };
function sd15(): Record<string, Uint8Array> {
  return {
    "model_index.json": text({ _class_name: "StableDiffusionPipeline" }),
    "unet/config.json": text(unetConfig),
    "unet/diffusion_pytorch_model.safetensors": weights({ "conv_in.bias": vector(1, 2) }),
    "vae/config.json": text({ latent_channels: 4 }),
    "vae/diffusion_pytorch_model.fp16.safetensors": weights({
      "encoder.mid_block.attentions.0.query.weight": { dtype: "F16", shape: [1], data: Uint16Array.of(0x3c00) },
      "encoder.mid_block.attentions.0.proj_attn.bias": vector(4),
    }),
    "text_encoder/config.json": text({ hidden_size: 768 }),
    "text_encoder/model.safetensors": weights({
      "text_model.embeddings.position_ids": { dtype: "I64", shape: [1, 2], data: BigInt64Array.of(0n, 1n) },
      "text_model.final_layer_norm.bias": vector(5),
    }),
    "scheduler/scheduler_config.json": text({ prediction_type: "epsilon" }),
    "tokenizer/vocab.json": text({ a: 0 }),
    "tokenizer/merges.txt": text("#version: 0.2\n"),
  };
}
const folder = (files: Record<string, Uint8Array | undefined>): FileSystem => ({
  list: async () => Object.keys(files).filter((path) => files[path]),
  open: async (path) => bytesAccess(files[path] as Uint8Array),
});

test("opens every component under SD-1.5's names", async () => {
  const model = await openModel(folder(sd15()));
  expect(model.configs.unet).toEqual(unetConfig);
  expect(model.configs.scheduler).toEqual({ prediction_type: "epsilon" });
  expect([...(model.tensors.text_encoder?.keys() ?? [])]).toEqual(["text_model.final_layer_norm.bias"]);
  expect(new Set(model.tensors.vae?.keys())).toEqual(
    new Set(["encoder.mid_block.attentions.0.to_q.weight", "encoder.mid_block.attentions.0.to_out.0.bias"]),
  );
  const query = model.tensors.vae?.get("encoder.mid_block.attentions.0.to_q.weight");
  expect(query).toMatchObject({ dtype: "float16", shape: [1] });
  expect(await query?.read()).toEqual(Uint16Array.of(0x3c00));
  expect(await model.tensors.unet?.get("conv_in.bias")?.read()).toEqual(Float32Array.of(1, 2));
  expect(model.tokenizer).toEqual({ vocab: '{"a":0}', merges: "#version: 0.2\n" });
});

test("a component that is not asked for may be missing", async () => {
  const { "unet/config.json": config, "unet/diffusion_pytorch_model.safetensors": file } = sd15();
  const files = { "unet/config.json": config, "unet/diffusion_pytorch_model.safetensors": file };
  const model = await openModel(folder(files), ["unet"]);
  expect(model.tensors.vae).toBeUndefined();
  expect(model.tokenizer).toBeNull();
});

test("names with and without text_model. and old attention names", () => {
  expect(canonicalName("text_encoder", "encoder.layers.0.mlp.fc1.bias")).toBe(
    "text_model.encoder.layers.0.mlp.fc1.bias",
  );
  expect(canonicalName("text_encoder", "embeddings.position_ids")).toBeNull();
  expect(canonicalName("vae", "decoder.mid_block.attentions.0.key.bias")).toBe(
    "decoder.mid_block.attentions.0.to_k.bias",
  );
  expect(canonicalName("vae", "decoder.mid_block.attentions.0.to_k.bias")).toBe(
    "decoder.mid_block.attentions.0.to_k.bias",
  );
  expect(canonicalName("vae", "quant_conv.weight")).toBe("quant_conv.weight");
});

describe("sharded weights", () => {
  const shards = (map: object): Record<string, Uint8Array | undefined> => ({
    ...sd15(),
    "unet/diffusion_pytorch_model.safetensors": undefined,
    "unet/diffusion_pytorch_model.safetensors.index.json": text({ weight_map: map }),
    "unet/one.safetensors": weights({ a: vector(1) }),
    "unet/two.safetensors": weights({ b: vector(2) }),
  });
  test("are one model", async () => {
    const model = await openModel(folder(shards({ a: "one.safetensors", b: "two.safetensors" })));
    expect(await model.tensors.unet?.get("b")?.read()).toEqual(Float32Array.of(2));
  });
  const bad: readonly [string, object, RegExp][] = [
    ["a missing shard", { a: "three.safetensors" }, /names three.safetensors, which/],
    ["a path out of the folder", { a: "../vae/config.json" }, /names \.\.\/vae\/config.json, which/],
    ["a tensor in the wrong shard", { a: "two.safetensors" }, /looks for "a" in unet\/two.safetensors/],
  ];
  test.each(bad)("refuse %s", async (_, map, message) => {
    await expect(openModel(folder(shards(map)))).rejects.toThrow(message);
  });
});

describe("other models and broken folders are named in words", () => {
  const unet = (change: object) => ({ ...sd15(), "unet/config.json": text({ ...unetConfig, ...change }) });
  const cases: readonly [string, Record<string, Uint8Array | undefined>, RegExp][] = [
    ["an empty folder", {}, /folder is empty/],
    ["no configuration", { ...sd15(), "unet/config.json": undefined }, /no unet\/config.json/],
    ["no weights", { ...sd15(), "text_encoder/model.safetensors": undefined }, /no weights for text_encoder/],
    [
      "pickles",
      {
        ...sd15(),
        "vae/diffusion_pytorch_model.fp16.safetensors": undefined,
        "vae/diffusion_pytorch_model.bin": text(""),
      },
      /is a pickle/,
    ],
    ["JSON that is broken", { ...sd15(), "unet/config.json": text("{") }, /unet\/config.json is not JSON/],
    ["JSON that is a list", { ...sd15(), "unet/config.json": text("[]") }, /an object was expected/],
    [
      "weights that are cut off",
      { ...sd15(), "unet/diffusion_pytorch_model.safetensors": weights({ a: vector(1, 2) }).slice(0, -4) },
      /unet\/diffusion_pytorch_model.safetensors is not a valid/,
    ],
    [
      "whole numbers as weights",
      {
        ...sd15(),
        "unet/diffusion_pytorch_model.safetensors": weights({
          a: { dtype: "I32", shape: [1], data: Int32Array.of(1) },
        }),
      },
      /stores "a" as I32/,
    ],
    ["SDXL by its folders", { ...sd15(), "text_encoder_2/config.json": text({}) }, /Stable Diffusion XL/],
    ["SDXL by its UNet", unet({ addition_embed_type: "text_time" }), /Stable Diffusion XL/],
    ["SD 2", unet({ cross_attention_dim: 1024, attention_head_dim: [5, 10, 20, 20] }), /Stable Diffusion 2/],
    ["inpainting", unet({ in_channels: 9 }), /9 channels: it is an inpainting model/],
    ["another UNet", unet({ _class_name: "UNet3DConditionModel" }), /UNet3DConditionModel/],
    [
      "v-prediction",
      { ...sd15(), "scheduler/scheduler_config.json": text({ prediction_type: "v_prediction" }) },
      /predicts v_prediction/,
    ],
    ["a transformer", { "transformer/config.json": text({}) }, /transformer model/],
    ["an ONNX export", { "text_encoder/model.onnx": text("") }, /ONNX export/],
    ["a single file", { "v1-5.safetensors": text("") }, /v1-5.safetensors stands alone/],
  ];
  test.each(cases)("%s", async (_, files, message) => {
    await expect(openModel(folder(files))).rejects.toThrow(message);
    await expect(openModel(folder(files))).rejects.toMatchObject({ name: "StudioError" });
  });
});

test("tensors are compared with what the configuration asks for", async () => {
  const unet = (await openModel(folder(sd15()))).tensors.unet ?? new Map();
  const match =
    (...expected: [string, number[]][]) =>
    () =>
      matchTensors("The UNet", unet, new Map(expected));
  expect(match(["conv_in.bias", [2]])).not.toThrow();
  expect(match(["conv_in.bias", [3]])).toThrow(
    'The UNet has "conv_in.bias" as [2], and its configuration asks for [3].',
  );
  expect(match(["conv_in.bias", [2]], ["conv_out.bias", [1]])).toThrow(/has no "conv_out.bias"/);
  expect(match()).toThrow(/does not ask for/);
});
