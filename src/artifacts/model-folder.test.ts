import { describe, expect, test } from "vitest";
import { diffusersFiles, ldmConfigs } from "../../e2e/ldm-model.ts";
import { nanoConfigs, nanoFiles } from "../../e2e/nano-model.ts";
import { canonicalName, type FileSystem, type ModelFolder, openModel } from "./model-folder.ts";
import { bytesAccess } from "./random-access.ts";
import { type FileTensor, parseSafetensors, writeSafetensors } from "./safetensors.ts";
import { createTokenizer } from "./tokenizer.ts";

const vector = (...values: number[]): FileTensor => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values),
});
const weights = (tensors: Record<string, FileTensor>) => writeSafetensors(new Map(Object.entries(tensors)));
const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

type Files = Record<string, Uint8Array | undefined>;
const nano = nanoFiles();
const whole = (): Files => Object.fromEntries(nano);
const unetConfig = nanoConfigs(2).unet;
const unetFile = "unet/diffusion_pytorch_model.safetensors";
const tensorsOf = (path: string) => parseSafetensors(nano.get(path) as Uint8Array).tensors;
/** The file's tensors under other names, or without those that become null. */
const renamed = (path: string, name: (own: string) => string | null) =>
  writeSafetensors(
    new Map(
      [...tensorsOf(path)].flatMap(([own, tensor]) => (name(own) === null ? [] : [[name(own) as string, tensor]])),
    ),
  );
const folder = (files: Files): FileSystem => ({
  list: async () => Object.keys(files).filter((path) => files[path]),
  open: async (path) => bytesAccess(files[path] as Uint8Array),
});

/** Every tensor's values, to compare models by. */
async function contents({ tensors }: ModelFolder) {
  const all = Object.values(tensors).flatMap((component) => [...component]);
  return Object.fromEntries(
    await Promise.all(all.map(async ([name, tensor]) => [name, [tensor.shape, await tensor.read()]])),
  );
}
let wanted: ReturnType<typeof contents> | undefined;
const expected = () => (wanted ??= openModel(folder(whole())).then(contents));

test("opens every component under SD-1.5's names", async () => {
  const attention = "encoder.mid_block.attentions.0";
  const old = renamed("vae/diffusion_pytorch_model.safetensors", (name) =>
    name
      .replace(".to_q.", ".query.")
      .replace(".to_k.", ".key.")
      .replace(".to_v.", ".value.")
      .replace(".to_out.0.", ".proj_attn."),
  );
  expect(parseSafetensors(old).tensors.has(`${attention}.query.weight`)).toBe(true);
  const model = await openModel(
    folder({
      ...whole(),
      "vae/diffusion_pytorch_model.safetensors": old,
      "text_encoder/model.safetensors": writeSafetensors(
        new Map([
          ...tensorsOf("text_encoder/model.safetensors"),
          ["text_model.embeddings.position_ids", { dtype: "I64", shape: [1, 2], data: BigInt64Array.of(0n, 1n) }],
          ["text_projection.weight", vector(1)],
        ]),
      ),
    }),
  );
  expect(model.configs.unet).toEqual(unetConfig);
  expect(model.configs.scheduler).toMatchObject({ beta_start: 0.00085 });
  expect(model.tensors.vae?.get(`${attention}.to_q.weight`)).toMatchObject({ dtype: "float32", shape: [8, 8] });
  expect(await contents(model)).toEqual(await expected());
  expect(model.tokenizer?.merges).toBe("#version: 0.2\n");
});

test("a component that is not asked for may be missing", async () => {
  const files = { "unet/config.json": whole()["unet/config.json"], [unetFile]: whole()[unetFile] };
  const model = await openModel(folder(files), ["unet"]);
  expect(model.tensors.vae).toBeUndefined();
  expect(model.tokenizer).toBeNull();
});

test("a tokenizer.json alone has the same tokenizer in it, however it spells its merges", async () => {
  const { vocab, merges } = {
    vocab: { a: 0, "a</w>": 1, aa: 2, "<|startoftext|>": 3, "<|endoftext|>": 4 },
    merges: ["a a"],
  };
  const without = { ...whole(), "tokenizer/vocab.json": undefined, "tokenizer/merges.txt": undefined };
  for (const pairs of [merges, merges.map((line) => line.split(" "))]) {
    const file = text({ model: { type: "BPE", vocab, merges: pairs } });
    const { tokenizer } = await openModel(folder({ ...without, "tokenizer/tokenizer.json": file }));
    expect(createTokenizer(tokenizer?.vocab ?? "", tokenizer?.merges ?? "", 5).encode("aaa").ids).toEqual([
      3, 2, 1, 4, 4,
    ]);
  }
  await expect(openModel(folder({ ...without, "tokenizer/tokenizer.json": text({ model: {} }) }))).rejects.toThrow(
    /tokenizer.json has no vocab and merges/,
  );
});

test("names with and without text_model. and old attention names", () => {
  expect(canonicalName("text_encoder", "encoder.layers.0.mlp.fc1.bias")).toBe(
    "text_model.encoder.layers.0.mlp.fc1.bias",
  );
  expect(canonicalName("text_encoder", "embeddings.position_ids")).toBeNull();
  expect(canonicalName("text_encoder", "text_projection.weight")).toBeNull();
  expect(canonicalName("vae", "decoder.mid_block.attentions.0.key.bias")).toBe(
    "decoder.mid_block.attentions.0.to_k.bias",
  );
  expect(canonicalName("vae", "decoder.mid_block.attentions.0.to_k.bias")).toBe(
    "decoder.mid_block.attentions.0.to_k.bias",
  );
  expect(canonicalName("vae", "quant_conv.weight")).toBe("quant_conv.weight");
});

describe("weights as folders have them", () => {
  const without = { ...whole(), [unetFile]: undefined };
  const all = [...tensorsOf(unetFile).keys()];
  const half = new Set(all.slice(0, 20));
  const [one, two] = [
    renamed(unetFile, (name) => (half.has(name) ? name : null)),
    renamed(unetFile, (name) => (half.has(name) ? null : name)),
  ];
  const base = "diffusion_pytorch_model";
  const sharded = (index: string, first: string, second: string, change: Record<string, string> = {}): Files => ({
    ...without,
    [`unet/${index}`]: text({
      weight_map: { ...Object.fromEntries(all.map((name) => [name, half.has(name) ? first : second])), ...change },
    }),
    [`unet/${first}`]: one,
    [`unet/${second}`]: two,
  });
  const plain = (change?: Record<string, string>) =>
    sharded(`${base}.safetensors.index.json`, "one.safetensors", "two.safetensors", change);

  const spellings: readonly [string, Files][] = [
    ["one file of a variant", { ...without, [`unet/${base}.fp16.safetensors`]: whole()[unetFile] }],
    ["one file of an unknown variant", { ...without, [`unet/${base}.non_ema.safetensors`]: whole()[unetFile] }],
    [
      "shards",
      sharded(
        `${base}.safetensors.index.json`,
        `${base}-00001-of-00002.safetensors`,
        `${base}-00002-of-00002.safetensors`,
      ),
    ],
    [
      "shards of a variant",
      sharded(
        `${base}.safetensors.index.fp16.json`,
        `${base}.fp16-00001-of-00002.safetensors`,
        `${base}.fp16-00002-of-00002.safetensors`,
      ),
    ],
    [
      "shards of a variant, as they used to be spelled",
      sharded(
        `${base}.safetensors.fp16.index.json`,
        `${base}-00001-of-00002.fp16.safetensors`,
        `${base}-00002-of-00002.fp16.safetensors`,
      ),
    ],
    [
      "files beside it that are not read",
      {
        ...whole(),
        "README.md": text("# A model"),
        "v1-5-pruned.ckpt": text("PK"),
        "v1-5-pruned.safetensors": text("not read"),
        "safety_checker/model.safetensors": text("not read"),
        "feature_extractor/preprocessor_config.json": text("not read"),
        [`unet/${base}.bin`]: text("not read"),
        [`unet/${base}.fp16.safetensors`]: text("not read"),
        [`unet/${base}.non_ema.safetensors`]: text("not read"),
      },
    ],
  ];
  test.each(spellings)("%s", async (_, files) => {
    expect(await contents(await openModel(folder(files)))).toEqual(await expected());
  });

  const bad: readonly [string, Files, RegExp][] = [
    ["a missing shard", plain({ x: "three.safetensors" }), /names three.safetensors, which/],
    ["a path out of the folder", plain({ x: "../vae/config.json" }), /names \.\.\/vae\/config.json, which/],
    [
      "a tensor in the wrong shard",
      plain({ [all[0] as string]: "two.safetensors" }),
      /in unet\/two.safetensors, which/,
    ],
    [
      "shards without an index",
      { ...without, [`unet/${base}-00001-of-00002.safetensors`]: one },
      /one of several parts/,
    ],
  ];
  test.each(bad)("refuses %s", async (_, files, message) => {
    await expect(openModel(folder(files))).rejects.toThrow(message);
  });
});

describe("a folder inside the picked one", () => {
  const moved = (root: string): Files => Object.fromEntries([...nano].map(([path, bytes]) => [root + path, bytes]));
  test.each([
    ["one level down", moved("sd15/")],
    [
      "in a cache, beside other files",
      { ...moved("hub/snapshots/abc/"), "hub/refs/main": text("abc"), ".DS_Store": text("") },
    ],
  ])("%s", async (_, files) => {
    expect(await contents(await openModel(folder(files)))).toEqual(await expected());
  });

  test("two models are not one", async () => {
    const files = folder({ ...moved("a/"), ...moved("b/") });
    await expect(openModel(files)).rejects.toThrow("The folder holds 2 models (a, b), and one was expected.");
  });
});

describe("other models and broken folders are named in words", () => {
  const unet = (change: object) => ({ ...whole(), "unet/config.json": text({ ...unetConfig, ...change }) });
  const lora = weights({ "down_blocks.0.attentions.0.to_q.lora_A.weight": vector(1) });
  const cases: readonly [string, Files, RegExp][] = [
    ["an empty folder", {}, /folder is empty/],
    ["no configuration", { ...whole(), "unet/config.json": undefined }, /no unet\/config.json/],
    ["no weights", { ...whole(), "text_encoder/model.safetensors": undefined }, /no weights for text_encoder/],
    [
      "pickles",
      {
        ...whole(),
        "vae/diffusion_pytorch_model.safetensors": undefined,
        "vae/diffusion_pytorch_model.bin": text(""),
      },
      /is a pickle/,
    ],
    ["JSON that is broken", { ...whole(), "unet/config.json": text("{") }, /unet\/config.json is not JSON/],
    ["JSON that is a list", { ...whole(), "unet/config.json": text("[]") }, /an object was expected/],
    [
      "weights that are cut off",
      { ...whole(), [unetFile]: whole()[unetFile]?.slice(0, -4) },
      /unet\/diffusion_pytorch_model.safetensors is not a valid/,
    ],
    [
      "whole numbers as weights",
      {
        ...whole(),
        [unetFile]: weights({ "conv_in.bias": { dtype: "I32", shape: [1], data: Int32Array.of(1) } }),
      },
      /stores "conv_in.bias" as I32/,
    ],
    ["SDXL by its folders", { ...whole(), "text_encoder_2/config.json": text({}) }, /Stable Diffusion XL,/],
    [
      "SDXL's refiner by its folders",
      { "unet/config.json": text({}), "text_encoder_2/config.json": text({}) },
      /XL's refiner/,
    ],
    ["SDXL by its UNet", unet({ addition_embed_type: "text_time" }), /Stable Diffusion XL/],
    ["SD 2", unet({ cross_attention_dim: 1024, attention_head_dim: [5, 10, 20, 20] }), /Stable Diffusion 2/],
    ["inpainting", unet({ in_channels: 9 }), /9 channels: it is an inpainting model/],
    ["another UNet", unet({ _class_name: "UNet3DConditionModel" }), /UNet3DConditionModel/],
    [
      "a prediction of the picture itself",
      { ...whole(), "scheduler/scheduler_config.json": text({ prediction_type: "sample" }) },
      /predicts sample/,
    ],
    ["a transformer", { "transformer/config.json": text({}) }, /transformer model/],
    ["an ONNX export", { "text_encoder/model.onnx": text("") }, /ONNX export/],
    [
      "an ONNX export with configurations",
      { ...whole(), [unetFile]: undefined, "unet/model.onnx": text("") },
      /ONNX export/,
    ],
    [
      "an inpainting UNet whose configuration says otherwise",
      {
        ...whole(),
        [unetFile]: weights({ "conv_in.weight": { dtype: "F32", shape: [1, 9, 1, 1], data: new Float32Array(9) } }),
      },
      /is an inpainting model/,
    ],
    ["a LoRA in the UNet's place", { ...whole(), [unetFile]: lora }, /model.safetensors is a LoRA/],
    [
      "a pickle by another name",
      { ...whole(), [unetFile]: text("PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0") },
      /unet\/diffusion_pytorch_model.safetensors is a pickle/,
    ],
    ["a billion layers", { ...whole(), "text_encoder/config.json": text({ num_hidden_layers: 1e9 }) }, /at most 100/],
  ];
  test.each(cases)("%s", async (_, files, message) => {
    await expect(openModel(folder(files))).rejects.toThrow(message);
    await expect(openModel(folder(files))).rejects.toMatchObject({ name: "StudioError" });
  });
});

describe("tensors that the configuration does not ask for like this", () => {
  const faulty = (change: (tensors: Map<string, FileTensor>) => void) => {
    const tensors = new Map(tensorsOf(unetFile));
    change(tensors);
    return openModel(folder({ ...whole(), [unetFile]: writeSafetensors(tensors) }));
  };
  test("missing ones are named, a few with the count", async () => {
    const all = tensorsOf(unetFile).size;
    await expect(faulty((tensors) => tensors.delete("conv_in.bias"))).rejects.toThrow(
      `unet/diffusion_pytorch_model.safetensors is not as its configuration says: it lacks 1 of ${all} tensors ("conv_in.bias").`,
    );
    await expect(faulty((tensors) => tensors.clear())).rejects.toThrow(
      new RegExp(`lacks ${all} of ${all} tensors \\("[^"]+", "[^"]+", "[^"]+", and ${all - 3} more\\)`),
    );
  });
  test("so are misshapen and strange ones", async () => {
    const change = (tensors: Map<string, FileTensor>) => {
      tensors.set("conv_in.bias", vector(1, 2));
      tensors.set("a.strange.one", vector(1));
    };
    await expect(faulty(change)).rejects.toThrow(
      'it has 1 of another shape ("conv_in.bias" is [2], not [8]), and has 1 that are not asked for ("a.strange.one").',
    );
  });
  test("a linear layer that is stored as a 1x1 convolution is none of them", async () => {
    const name = "time_embedding.linear_1.weight";
    const model = await faulty((tensors) => {
      const found = tensors.get(name) as FileTensor;
      tensors.set(name, { ...found, shape: [...found.shape, 1, 1] });
    });
    expect(model.tensors.unet?.get(name)?.shape).toEqual(tensorsOf(unetFile).get(name)?.shape);
  });
});

test.each([
  ["NaN", { dtype: "F32", shape: [8], data: new Float32Array(8).fill(Number.NaN, 3, 4) }],
  ["infinity", { dtype: "F32", shape: [8], data: new Float32Array(8).fill(-Infinity, 7) }],
  ["NaN of 16 bits", { dtype: "F16", shape: [8], data: new Uint16Array(8).fill(0x7e00, 0, 1) }],
] satisfies [string, FileTensor][])("a weight with %s is refused when it is read, by its name", async (_, tensor) => {
  const tensors = new Map<string, FileTensor>([...tensorsOf(unetFile), ["conv_in.bias", tensor]]);
  const model = await openModel(folder({ ...whole(), [unetFile]: writeSafetensors(tensors) }));
  await expect(model.tensors.unet?.get("conv_in.bias")?.read()).rejects.toThrow(
    /holds "conv_in.bias" with values that are NaN/,
  );
  expect(await model.tensors.unet?.get("conv_out.bias")?.read()).toEqual(
    tensorsOf(unetFile).get("conv_out.bias")?.data,
  );
});

test("a UNet as wide as another family's, with a configuration that says so, is read", async () => {
  const configs = ldmConfigs(12);
  const files = diffusersFiles({ ...configs, unet: { ...configs.unet, cross_attention_dim: 1024 } });
  expect((await openModel(folder(Object.fromEntries(files)), ["unet"])).tensors.unet?.size).toBeGreaterThan(100);
});

test("a damaged component is named, and so are the whole ones", async () => {
  const path = "text_encoder/model.safetensors";
  const cut = openModel(folder({ ...whole(), [path]: whole()[path]?.slice(0, -100) }));
  await expect(cut).rejects.toMatchObject({
    code: "safetensors",
    message: expect.stringMatching(/^text_encoder\/model.safetensors is not a valid safetensors file: "[^"]+" lies at/),
    hint: "It may have been cut off while it was copied or downloaded: fetch it again. unet and vae are whole.",
  });
  const two = openModel(folder({ ...whole(), [path]: undefined, [unetFile]: undefined }));
  await expect(two).rejects.toMatchObject({
    message: expect.stringMatching(/no weights for unet: .* no weights for text_encoder: /),
    hint: "vae is whole.",
  });
});
