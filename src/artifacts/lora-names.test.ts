import { describe, expect, test } from "vitest";
import { loraFile, loraKey, readLora } from "./lora-names.ts";
import { bytesAccess } from "./random-access.ts";
import { type FileTensor, openSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";

const toQ = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
const zeros = (...shape: number[]): FileTensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  return { dtype: "F32", shape, data: Float32Array.from({ length: count }, (_, i) => i + shape.length) };
};
function opened(tensors: Record<string, FileTensor>, metadata: Record<string, string> = {}): Promise<Safetensors> {
  return openSafetensors(bytesAccess(writeSafetensors(new Map(Object.entries(tensors)), metadata)));
}

describe("spellings", () => {
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
    const back = loraFile(lora);
    expect(Object.fromEntries(back.tensors)).toEqual(tensors);
    const again = await readLora(await opened(Object.fromEntries(back.tensors), back.metadata));
    expect(again).toEqual(lora);
  });

  test("the keys are PEFT's", () => {
    expect(loraKey({ prefix: "unet.", adapter: null }, toQ, "A")).toBe(`unet.${toQ}.lora_A.weight`);
    expect(loraKey({ prefix: "", adapter: "default" }, toQ, "B")).toBe(`${toQ}.lora_B.default.weight`);
  });
});

describe("alpha", () => {
  const tensors = { "unet.x.lora_A.weight": zeros(4, 8), "unet.x.lora_B.weight": zeros(6, 4) };
  const cases: readonly [string, object, number][] = [
    ["is in the metadata", { "unet.lora_alpha": 32 }, 32],
    ["0 means the rank", { "unet.lora_alpha": 0 }, 4],
    ["may differ by module", { "unet.lora_alpha": 32, "unet.alpha_pattern": { x: 1 } }, 1],
    ["of rslora is scaled by the root of the rank", { "unet.lora_alpha": 3, "unet.use_rslora": true }, 6],
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
    expect((await readLora(await opened(tensors), { lora_alpha: 8 })).modules.get("x")?.alpha).toBe(8);
  });
});

describe("refused in one sentence", () => {
  const a = zeros(4, 8);
  const b = zeros(6, 4);
  const cases: readonly [string, Record<string, FileTensor>, RegExp][] = [
    ["nothing", {}, /holds no tensors/],
    ["A without B", { "x.lora_A.weight": a }, /"x" has lora_A without lora_B/],
    ["B without A", { "x.lora_B.weight": b }, /"x" has lora_B without lora_A/],
    [
      "another tensor",
      { "x.lora_A.weight": a, "x.lora_B.weight": b, "x.bias": a },
      /"x.bias" is not one of PEFT's names/,
    ],
    ["kohya's names", { "lora_unet_x.lora_down.weight": a }, /not one of PEFT's names/],
    ["a text encoder", { "text_encoder.x.lora_A.weight": a }, /belongs to a text encoder/],
    ["two prefixes", { "x.lora_A.weight": a, "unet.x.lora_B.weight": b }, /mixes two ways/],
    ["ranks that differ", { "x.lora_A.weight": a, "x.lora_B.weight": zeros(6, 3) }, /\[4,8\] and \[6,3\]/],
    ["a vector", { "x.lora_A.weight": zeros(4), "x.lora_B.weight": b }, /\[4\] and \[6,4\]/],
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
});
