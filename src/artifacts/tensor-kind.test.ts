import { describe, expect, test } from "vitest";
import { ldmPrefix } from "./ldm-names.ts";
import { type FileSystem, openModel } from "./model-folder.ts";
import { bytesAccess } from "./random-access.ts";
import { type FileTensor, writeSafetensors } from "./safetensors.ts";

describe("files that are something else are named in words", () => {
  const { unet } = ldmPrefix;
  const files = (entries: Record<string, Uint8Array>): FileSystem => ({
    list: async () => Object.keys(entries),
    open: async (path) => bytesAccess(entries[path] as Uint8Array),
  });
  const open = (tensors: ReadonlyMap<string, FileTensor>) =>
    openModel(files({ "model.safetensors": writeSafetensors(tensors) }));
  const vectors = (...shape: number[]): FileTensor => ({
    dtype: "F32",
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const only = (entries: Record<string, FileTensor>) => new Map(Object.entries(entries));
  const matrix = vectors(8, 8);
  const toK = "1.1.transformer_blocks.0.attn2.to_k.weight";
  const wide = (width: number) => only({ [`${unet}input_blocks.${toK}`]: vectors(8, width) });
  const channels = (count: number) => only({ [`${unet}input_blocks.0.0.weight`]: vectors(8, count, 3, 3) });
  const adapter = "input_blocks.1.1.transformer_blocks.0.attn1.to_q";
  const cases: readonly [string, ReadonlyMap<string, FileTensor>, RegExp][] = [
    ["inpainting", channels(9), /is an inpainting model/],
    ["InstructPix2Pix", channels(8), /InstructPix2Pix/],
    ["depth", channels(5), /a depth model/],
    [
      "SD 2",
      only({ [`${unet}input_blocks.${toK}`]: vectors(8, 1024), "cond_stage_model.model.ln_final.weight": matrix }),
      /Stable Diffusion 2/,
    ],
    ["SD 2's UNet", only({ [`${unet}input_blocks.${toK}`]: vectors(8, 1024) }), /Stable Diffusion 2/],
    [
      "SD 2 inpainting",
      only({
        [`${unet}input_blocks.0.0.weight`]: vectors(8, 9, 3, 3),
        "cond_stage_model.model.ln_final.weight": matrix,
      }),
      /an inpainting model \(Stable Diffusion 2\)/,
    ],
    [
      "SDXL",
      only({ "conditioner.embedders.0.transformer.text_model.a": matrix, "conditioner.embedders.1.model.a": matrix }),
      /is Stable Diffusion XL,/,
    ],
    ["SDXL's UNet", wide(2048), /is Stable Diffusion XL,/],
    [
      "SDXL's refiner",
      only({ "conditioner.embedders.0.model.ln_final.weight": matrix }),
      /Stable Diffusion XL's refiner/,
    ],
    [
      "SDXL's refiner's UNet",
      only({ [`${unet}input_blocks.${toK}`]: vectors(8, 1280), [`${unet}label_emb.0.0.weight`]: matrix }),
      /Stable Diffusion XL's refiner/,
    ],
    ["SD 3", only({ "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": matrix }), /Stable Diffusion 3/],
    ["Flux", only({ "double_blocks.0.img_attn.qkv.weight": matrix }), /a Flux model/],
    [
      "a transformer by diffusers' names",
      only({ "transformer_blocks.0.attn.to_q.weight": matrix }),
      /a transformer model/,
    ],
    ["a LoRA by kohya", only({ "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": matrix }), /is a LoRA/],
    ["a LoRA by PEFT", only({ [`base_model.model.${adapter}.lora_A.weight`]: matrix }), /is a LoRA/],
    ["a LoRA by old diffusers", only({ [`unet.${adapter}.lora.down.weight`]: matrix }), /is a LoRA/],
    ["a LoHa", only({ "lycoris_mid_block.hada_w1_a": matrix }), /is a LoRA/],
    ["a textual inversion", only({ emb_params: vectors(4, 768) }), /a textual inversion/],
    ["a textual inversion by diffusers", only({ "<cat-toy>": vectors(768) }), /a textual inversion/],
    ["a ControlNet", only({ "control_model.input_hint_block.0.weight": matrix }), /a ControlNet/],
    [
      "a ControlNet by diffusers",
      only({ "controlnet_cond_embedding.conv_in.weight": matrix, "conv_in.weight": matrix }),
      /a ControlNet/,
    ],
    ["a motion module", only({ "down_blocks.0.motion_modules.0.norm.bias": vectors(4) }), /a motion module/],
    [
      "a VAE",
      only({ "encoder.down_blocks.0.resnets.0.norm1.weight": vectors(4), "decoder.conv_in.bias": vectors(4) }),
      /is a VAE alone/,
    ],
    [
      "a VAE in LDM's names",
      only({ "first_stage_model.decoder.conv_in.bias": vectors(4) }),
      /holds a VAE, and lacks a UNet/,
    ],
    ["a UNet by diffusers", only({ "down_blocks.0.resnets.0.norm1.weight": vectors(4) }), /is a UNet alone/],
    ["a text encoder", only({ "text_model.final_layer_norm.bias": vectors(4) }), /is a text encoder alone/],
    [
      "another network",
      only({ "layer1.0.conv1.weight": matrix }),
      /nothing of Stable Diffusion 1.x: its 1 tensors begin with "layer1.0/,
    ],
    ["no tensors", only({}), /holds no tensors/],
  ];
  test.each(cases)("%s", async (_, tensors, message) => {
    await expect(open(tensors)).rejects.toMatchObject({ code: "model", message: expect.stringMatching(message) });
  });

  const bytes = (text: string) => Uint8Array.from(text.padEnd(200, "\x01"), (char) => char.charCodeAt(0));
  const formats: readonly [string, string, Uint8Array, RegExp][] = [
    ["a zipped pickle", "model.ckpt", bytes("PK\x03\x04\0\0\x08\x08"), /model.ckpt is a pickle/],
    [
      "a zipped pickle by another name",
      "model.safetensors",
      bytes("PK\x03\x04\0\0\x08\x08"),
      /model.safetensors is a pickle/,
    ],
    [
      "an old pickle by another name",
      "model.safetensors",
      bytes("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j"),
      /model.safetensors is a pickle/,
    ],
    ["GGUF", "model.gguf", bytes("GGUF\x03\0\0\0"), /a GGUF file/],
    ["a web page", "model.safetensors", bytes("<!DOCTYPE html><html>"), /a web page/],
    [
      "a pointer",
      "model.safetensors",
      bytes("version https://git-lfs.github.com/spec/v1\noid"),
      /a pointer of Git LFS/,
    ],
    [
      "a damaged one",
      "model.safetensors",
      writeSafetensors(only({ a: matrix })).slice(0, -100),
      /outside the file's \d+ bytes/,
    ],
  ];
  test.each(formats)("%s", async (_, name, content, message) => {
    await expect(openModel(files({ [name]: content }))).rejects.toMatchObject({
      code: "safetensors",
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  const config = bytes("{}");
  const alone = (name: string) => writeSafetensors(only({ [name]: matrix }));
  const folders: readonly [string, Record<string, Uint8Array>, RegExp][] = [
    [
      "a LoRA's",
      { "adapter_config.json": config, "adapter_model.safetensors": alone("base_model.model.conv_in.lora_A.weight") },
      /is a LoRA/,
    ],
    [
      "a ControlNet's, inside the picked one",
      { "canny/config.json": config, "canny/model.safetensors": alone("controlnet_cond_embedding.conv_in.weight") },
      /is a ControlNet/,
    ],
    [
      "a VAE's",
      { "config.json": config, "diffusion_pytorch_model.safetensors": alone("decoder.conv_in.weight") },
      /a VAE alone/,
    ],
    [
      "an embedding's",
      { "README.md": config, "learned_embeds.safetensors": alone("<cat-toy>") },
      /a textual inversion/,
    ],
    [
      "pickles'",
      { "README.md": config, "learned_embeds.bin": bytes("PK\x03\x04\0\0\x08\x08") },
      /learned_embeds.bin is a pickle/,
    ],
  ];
  test.each(folders)("the folder is %s", async (_, entries, message) => {
    await expect(openModel(files(entries))).rejects.toThrow(message);
  });

  test("several files are not one", async () => {
    const two = files({ "a.safetensors": new Uint8Array(9), "b.safetensors": new Uint8Array(9) });
    await expect(openModel(two)).rejects.toThrow(
      "The folder holds 2 model files (a.safetensors, b.safetensors), and one was expected.",
    );
  });
});
