import { expect, test } from "vitest";
import { kohyaName, loraKey, parseLoraKey } from "./lora-names.ts";

const block = "down_blocks.0.attentions.0.transformer_blocks.0";
const layer = "text_model.encoder.layers.3";

const cases: readonly (readonly [key: string, component: string, module: string, part: string])[] = [
  [`${block}.attn1.to_q.lora_A.weight`, "unet", `${block}.attn1.to_q`, "down"],
  [`unet.${block}.attn1.to_q.lora_B.weight`, "unet", `${block}.attn1.to_q`, "up"],
  [`base_model.model.${block}.attn1.to_q.lora_B.default.weight`, "unet", `${block}.attn1.to_q`, "up"],
  [`unet.${block}.attn2.to_out.0.lora.down.weight`, "unet", `${block}.attn2.to_out.0`, "down"],
  [`unet.${block}.attn2.processor.to_out_lora.up.weight`, "unet", `${block}.attn2.to_out.0`, "up"],
  [`${block}.attn2.processor.to_v_lora.down.weight`, "unet", `${block}.attn2.to_v`, "down"],
  ["unet.mid_block.attentions.0.proj_in.alpha", "unet", "mid_block.attentions.0.proj_in", "alpha"],
  [`text_encoder.${layer}.mlp.fc1.lora_linear_layer.up.weight`, "text_encoder", `${layer}.mlp.fc1`, "up"],
  [`text_encoder.${layer}.self_attn.to_out_lora.down.weight`, "text_encoder", `${layer}.self_attn.out_proj`, "down"],
  [`base_model.model.${layer}.mlp.fc2.lora_A.weight`, "text_encoder", `${layer}.mlp.fc2`, "down"],
  ["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", "unet", "mid_block_attentions_0_proj_in", "up"],
  ["lora_unet_mid_block_attentions_0_proj_in.alpha", "unet", "mid_block_attentions_0_proj_in", "alpha"],
  [
    "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight",
    "text_encoder",
    "text_model_encoder_layers_0_mlp_fc1",
    "down",
  ],
  [
    "lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha",
    "text_encoder",
    "text_model_encoder_layers_0_mlp_fc1",
    "alpha",
  ],
];
test.each(cases)("%s", (key, component, module, part) => {
  expect(parseLoraKey(key)).toMatchObject({ component, module, part, flat: key.startsWith("lora_") });
});

test("other keys are no LoRA's", () => {
  const keys = ["conv_in.weight", "x.lora_A.bias", "x.lora_down", "lora_A.weight", "x.diff", "emb_params"];
  expect(keys.filter((key) => parseLoraKey(key))).toEqual([]);
});

test("PEFT's keys and kohya's", () => {
  expect(loraKey({ prefix: "unet.", adapter: null }, "a.to_q", "A")).toBe("unet.a.to_q.lora_A.weight");
  expect(loraKey({ prefix: "", adapter: "default" }, "a.to_q", "B")).toBe("a.to_q.lora_B.default.weight");
  expect(kohyaName("unet", `${block}.attn1.to_out.0`)).toBe(
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0",
  );
  expect(kohyaName("text_encoder", `${layer}.self_attn.q_proj`)).toBe(
    "lora_te_text_model_encoder_layers_3_self_attn_q_proj",
  );
});
