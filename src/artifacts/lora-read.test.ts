import { describe, expect, test } from "vitest";
import { nanoConfigs, nanoModel } from "../../e2e/nano-model.ts";
import { type LoraModel, loraModel } from "./lora-model.ts";
import { loraKey } from "./lora-names.ts";
import { readLora } from "./lora-read.ts";
import { peftFile } from "./lora-write.ts";
import { openModel } from "./model-folder.ts";
import { bytesAccess } from "./random-access.ts";
import { type FileTensor, openSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";

const toQ = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
const zeros = (...shape: number[]): FileTensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  return { dtype: "F32", shape, data: Float32Array.from({ length: count }, (_, i) => i + shape.length) };
};
const scalar = (value: number, shape: readonly number[] = []): FileTensor => ({
  dtype: "F32",
  shape,
  data: Float32Array.of(value),
});
function opened(tensors: Record<string, FileTensor>, metadata: Record<string, string> = {}): Promise<Safetensors> {
  return openSafetensors(bytesAccess(writeSafetensors(new Map(Object.entries(tensors)), metadata)));
}

describe("PEFT's spellings", () => {
  const cases = [
    { prefix: "", adapter: null },
    { prefix: "unet.", adapter: null },
    { prefix: "base_model.model.", adapter: null },
    { prefix: "base_model.model.", adapter: "default" },
  ] as const;
  test.each(cases)("$prefix $adapter is read, remembered and written back", async (spelling) => {
    const tensors = {
      [loraKey(spelling, toQ, "A")]: zeros(4, 8),
      [loraKey(spelling, toQ, "B")]: zeros(6, 4),
      [loraKey(spelling, "conv_in", "A")]: zeros(2, 4, 3, 3),
      [loraKey(spelling, "conv_in", "B")]: zeros(8, 2, 1, 1),
    };
    const lora = await readLora(await opened(tensors));
    expect(lora.spelling).toEqual(spelling);
    expect(lora.modules.get(toQ)).toMatchObject({ rank: 4, alpha: 4, a: { shape: [4, 8] }, b: { shape: [6, 4] } });
    expect(lora.modules.get("conv_in")).toMatchObject({ rank: 2, alpha: 2 });
    const back = peftFile(lora);
    expect(Object.fromEntries(back.tensors)).toEqual(tensors);
    const again = await readLora(await opened(Object.fromEntries(back.tensors), back.metadata));
    expect(again).toEqual(lora);
  });
});

describe("alpha", () => {
  const tensors = { "unet.x.lora_A.weight": zeros(4, 8), "unet.x.lora_B.weight": zeros(6, 4) };
  const cases: readonly [string, object, number][] = [
    ["is in the metadata", { "unet.lora_alpha": 32 }, 32],
    ["0 means the rank", { "unet.lora_alpha": 0 }, 4],
    ["may differ by module", { "unet.lora_alpha": 32, "unet.alpha_pattern": { x: 1 } }, 1],
    ["of rslora is scaled by the root of the rank", { "unet.lora_alpha": 3, "unet.use_rslora": true }, 6],
    ["of the text encoder is not the UNet's", { "text_encoder.lora_alpha": 32 }, 4],
  ];
  test.each(cases)("%s", async (_, config, alpha) => {
    const lora = await readLora(await opened(tensors, { lora_adapter_metadata: JSON.stringify(config) }));
    expect(lora.modules.get("x")?.alpha).toBe(alpha);
  });
  test("stands beside factors stored as float16", async () => {
    const half = (shape: number[]): FileTensor => ({ dtype: "F16", shape, data: Uint16Array.of(0x3c00, 0xb800) });
    const lora = await readLora(await opened({ "x.lora_A.weight": half([1, 2]), "x.lora_B.weight": half([2, 1]) }));
    expect(lora.modules.get("x")).toMatchObject({ alpha: 1, a: { data: Float32Array.of(1, -0.5) } });
  });
  test("is in adapter_config.json", async () => {
    expect((await readLora(await opened(tensors), { config: { lora_alpha: 8 } })).modules.get("x")?.alpha).toBe(8);
  });
  test.each([
    ["a scalar", scalar(2), 2],
    ["one number in a list", scalar(2, [1]), 2],
    ["a whole number", { dtype: "I64", shape: [], data: BigInt64Array.of(2n) } as const, 2],
    ["0, which means the rank", scalar(0), 4],
  ])("is a tensor of its own: %s", async (_, alpha, expected) => {
    const config = { lora_alpha: 8 };
    expect(
      (await readLora(await opened({ ...tensors, "unet.x.alpha": alpha }), { config })).modules.get("x")?.alpha,
    ).toBe(expected);
  });
});

/** Eight channels, texts of eight numbers. */
const nano = async (): Promise<LoraModel> => loraModel(await openModel(nanoModel(), ["unet", "text_encoder"]));

describe("beside the model", () => {
  const pair = (name: string, a: FileTensor, b: FileTensor) => ({
    [`${name}.lora_down.weight`]: a,
    [`${name}.lora_up.weight`]: b,
  });
  const width = nanoConfigs(2).unet.cross_attention_dim;
  const flat = "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";

  test("kohya's names are those of the model's modules, and of a checkpoint's in one file", async () => {
    const tensors = {
      ...pair(`lora_unet_${flat}`, zeros(2, 8), zeros(8, 2)),
      [`lora_unet_${flat}.alpha`]: scalar(1),
      ...pair("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_k", zeros(2, 8), zeros(8, 2)),
      ...pair("lora_unet_down_blocks_0_resnets_0_conv1", zeros(3, 8, 3, 3), zeros(8, 3, 1, 1)),
      ...pair("lora_te_text_model_encoder_layers_0_mlp_fc1", zeros(1, 8), zeros(16, 1)),
      ...pair("lora_te1_encoder_layers_0_self_attn_out_proj", zeros(1, 8), zeros(8, 1)),
    };
    const lora = await readLora(await opened(tensors), { model: await nano() });
    expect(new Map([...lora.modules].map(([name, { rank, alpha }]) => [name, [rank, alpha]]))).toEqual(
      new Map([
        ["down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k", [2, 2]],
        [toQ, [2, 1]],
        ["down_blocks.0.resnets.0.conv1", [3, 3]],
      ]),
    );
    expect([...lora.textEncoder.keys()].sort()).toEqual([
      "text_model.encoder.layers.0.mlp.fc1",
      "text_model.encoder.layers.0.self_attn.out_proj",
    ]);
    expect(lora.leftOut).toEqual([]);
  });

  test("a 1x1 convolution is a linear, whichever way the file has it", async () => {
    const name = "down_blocks.0.attentions.0.proj_in";
    for (const [a, b] of [
      [zeros(2, 8), zeros(8, 2)],
      [zeros(2, 8, 1, 1), zeros(8, 2, 1, 1)],
    ] as const) {
      const lora = await readLora(await opened(pair(name, a, b)), { model: await nano() });
      expect(lora.modules.get(name)).toMatchObject({ a: { shape: [2, 8, 1, 1] }, b: { shape: [8, 2, 1, 1] } });
    }
  });

  test("what is not the model's is left out and said, the rest is kept", async () => {
    const tensors = {
      ...pair(`unet.${toQ}`, zeros(2, 8), zeros(8, 2)),
      ...pair("lora_unet_down_blocks_7_attentions_0_proj_in", zeros(2, 8), zeros(8, 2)),
      ...pair("unet.conv_out", zeros(2, 320, 3, 3), zeros(4, 2, 1, 1)),
      "unet.x.bias": zeros(3),
      "unet.y.alpha": scalar(1),
    };
    const lora = await readLora(await opened(tensors), { model: await nano() });
    expect([...lora.modules.keys()]).toEqual([toQ]);
    expect(lora.leftOut).toEqual([
      "2 of 3 modules are of another model and left out: down_blocks_7_attentions_0_proj_in, conv_out.",
      "2 tensors are no part of a LoRA and left out: unet.x.bias, unet.y.alpha.",
    ]);
  });

  test.each([
    [1024, /for Stable Diffusion 2\.x: it reads texts of 1024 numbers a token, and 8 were/],
    [2048, /for Stable Diffusion XL: it reads texts of 2048/],
    [640, /for another model: it reads texts of 640/],
  ])("a LoRA whose text is %d numbers wide is another family's", async (other, message) => {
    expect(other).not.toBe(width);
    const name = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k";
    const file = await opened(pair(name, zeros(1, other), zeros(8, 1)));
    await expect(readLora(file, { model: await nano() })).rejects.toThrow(message);
  });

  test("nothing of it is this model's", async () => {
    const file = await opened(pair("lora_unet_double_blocks_0_img_attn_proj", zeros(1, 8), zeros(8, 1)));
    await expect(readLora(file, { model: await nano() })).rejects.toThrow(
      'None of the LoRA\'s 1 modules is of this model (such as "double_blocks_0_img_attn_proj").',
    );
  });

  test("one module in two spellings", async () => {
    const file = await opened({
      ...pair(`lora_unet_${flat}`, zeros(2, 8), zeros(8, 2)),
      ...pair(`unet.${toQ}`, zeros(2, 8), zeros(8, 2)),
    });
    await expect(readLora(file, { model: await nano() })).rejects.toThrow(`factors for "${toQ}" twice`);
  });
});

describe("refused in one sentence", () => {
  const a = zeros(4, 8);
  const b = zeros(6, 4);
  const pair = { "x.lora_A.weight": a, "x.lora_B.weight": b };
  const cases: readonly [string, Record<string, FileTensor>, RegExp][] = [
    ["nothing", {}, /holds no tensors/],
    ["A without B", { "x.lora_A.weight": a }, /"x" has x\.lora_A\.weight alone/],
    ["B without A", { "x.lora_B.weight": b }, /"x" has x\.lora_B\.weight alone/],
    ["a checkpoint", { "conv_in.weight": a }, /no LoRA's factors; its first tensor is "conv_in\.weight"/],
    [
      "kohya's names without a model",
      { "lora_unet_x.lora_down.weight": a, "lora_unet_x.lora_up.weight": b },
      /beside the model/,
    ],
    ["two prefixes", { "x.lora_A.weight": a, "unet.x.lora_B.weight": b }, /mixes two ways/],
    ["two of one", { ...pair, "x.lora_down.weight": a }, /"x" has two tensors for down/],
    ["LoHa", { "lora_unet_x.hada_w1_a": a }, /This is a LoHa/],
    ["LoKr", { "lora_unet_x.lokr_w1": a }, /This is a LoKr/],
    ["DoRA, kohya's", { "lora_unet_x.dora_scale": a }, /This is a DoRA/],
    ["DoRA, PEFT's", { ...pair, "x.lora_magnitude_vector": zeros(6) }, /This is a DoRA/],
    ["CP decomposition", { "lora_unet_x.lora_mid.weight": zeros(4, 4, 3, 3) }, /factored in three \(LoCon/],
    ["SDXL, kohya's", { "lora_te2_x.lora_down.weight": a }, /is for Stable Diffusion XL/],
    ["SDXL, diffusers'", { "text_encoder_2.x.lora_A.weight": a }, /is for Stable Diffusion XL/],
    [
      "SDXL, by its text's width",
      { "unet.a.attn2.to_k.lora_A.weight": zeros(1, 2048), "unet.a.attn2.to_k.lora_B.weight": zeros(4, 1) },
      /is for Stable Diffusion XL/,
    ],
    ["ranks that differ", { "x.lora_A.weight": a, "x.lora_B.weight": zeros(6, 3) }, /\[4,8\] and \[6,3\]/],
    ["a vector", { "x.lora_A.weight": zeros(4), "x.lora_B.weight": b }, /\[4\] and \[6,4\]/],
    ["an alpha of several", { ...pair, "x.alpha": zeros(2) }, /alpha of "x" is not one number/],
    [
      "whole numbers",
      { "x.lora_A.weight": { dtype: "U8", shape: [1, 1], data: new Uint8Array(1) }, "x.lora_B.weight": zeros(1, 1) },
      /stored as U8/,
    ],
  ];
  test.each(cases)("%s", async (_, tensors, message) => {
    const attempt = opened(tensors).then((file) => readLora(file));
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toMatchObject({ code: "lora" });
  });
  test("DoRA, by its configuration", async () => {
    await expect(readLora(await opened(pair), { config: { use_dora: true } })).rejects.toThrow(/This is a DoRA/);
  });
});
