/** @file `studio lora`, on files that diffusers and peft wrote and that diffusers has read: e2e/goldens/lora. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseSafetensors } from "../artifacts/safetensors.ts";
import { goldens, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());
const lora = join(goldens, "../lora");
const model = ["--model", join(goldens, "generate")];
const parsed = (path: string) => parseSafetensors(new Uint8Array(readFileSync(path)));

test.each([
  ["float32", "kohya-f32"],
  ["float16", "kohya-f16"],
])("diffusers' file becomes kohya's, %s", async (dtype, expected) => {
  const out = dir.path(`${expected}.safetensors`);
  const seen = await studioJson("lora", join(lora, "diffusers.safetensors"), ...model, "--out", out, "--dtype", dtype);
  expect(seen).toEqual({ out, unet: 21, text_encoder: 6, left_out: [] });
  const { tensors, metadata } = parsed(out);
  expect(tensors).toEqual(parsed(join(lora, "exports", `${expected}.safetensors`)).tensors);
  expect(Object.fromEntries(metadata)).toEqual({
    format: "pt",
    ss_network_module: "networks.lora",
    ss_network_dim: "2",
    ss_network_alpha: "5",
  });
});

test("kohya's file becomes diffusers', and tells the alpha", async () => {
  const out = dir.path("pytorch_lora_weights.safetensors");
  const names = ["--names", "diffusers", "--dtype", "float32", "--out", out];
  await studioJson("lora", join(lora, "exports/kohya-f32.safetensors"), ...model, ...names);
  const { tensors, metadata } = parsed(out);
  const expected = parsed(join(lora, "exports/pytorch_lora_weights.safetensors"));
  expect(tensors).toEqual(expected.tensors);
  expect(JSON.parse(metadata.get("lora_adapter_metadata") ?? "")).toMatchObject({ "unet.r": 2, "unet.lora_alpha": 5 });
});

test("PEFT's alpha is read from the file beside", async () => {
  const out = dir.path("beside.safetensors");
  await studioJson("lora", join(lora, "peft/adapter_model.safetensors"), ...model, "--out", out);
  expect(parsed(out).tensors.get("lora_unet_conv_in.alpha")?.data).toEqual(Float32Array.of(5));
});

test.each([
  [[], /lora needs a LoRA, and FILE was expected/],
  [[join(goldens, "step/batch.safetensors")], /no LoRA's factors/],
])("%j ends in a sentence", async (file, sentence) => {
  const { code, stderr } = await studio("lora", ...file, ...model, "--out", dir.path("never"));
  expect(code).not.toBe(0);
  expect(stderr).toMatch(sentence);
});
