/**
 * @file BLIP (Li et al., 2022) as ImageReward (Xu et al., 2023) has it: a vision transformer, and BERT whose every layer also attends to the
 * picture; ImageReward's head reads the text's first token. Names: timm's `VisionTransformer` and BLIP's `med.py`, as in ImageReward.pt.
 */
import { add, slice } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { emit } from "../graph/ir.ts";
import { firstToken, prepend } from "./clip-vision.ts";
import { type Json, Reader } from "./config.ts";
import type { Scope } from "./layers.ts";
import { attention, layerNorm, linear, maskedAttention, patches } from "./layers.ts";
import { scoreHead } from "./score-head.ts";
import type { Network, Segment } from "./segment.ts";

export interface BlipConfig {
  readonly vision: {
    readonly hidden_size: number;
    readonly num_hidden_layers: number;
    readonly num_attention_heads: number;
    readonly image_size: number;
    readonly patch_size: number;
  };
  /** BLIP's med_config.json */
  readonly text: {
    readonly hidden_size: number;
    readonly intermediate_size: number;
    readonly num_hidden_layers: number;
    readonly num_attention_heads: number;
    readonly max_position_embeddings: number;
    readonly vocab_size: number;
    readonly layer_norm_eps: number;
  };
}

const VISION_EPS = 1e-6;

/** `text`: med_config.json; what lacks is ImageReward's. @throws StudioError `config` */
export function readBlipConfig(vision: Json, text: Json): BlipConfig {
  const v = new Reader(vision, "BLIP vision configuration");
  const t = new Reader(text, "BLIP text configuration");
  t.only("hidden_act", "gelu");
  return {
    vision: {
      hidden_size: v.count("hidden_size", 1024),
      num_hidden_layers: v.count("num_hidden_layers", 24),
      num_attention_heads: v.count("num_attention_heads", 16),
      image_size: v.count("image_size", 224),
      patch_size: v.count("patch_size", 16),
    },
    text: {
      hidden_size: t.count("hidden_size", 768),
      intermediate_size: t.count("intermediate_size", 3072),
      num_hidden_layers: t.count("num_hidden_layers", 12),
      num_attention_heads: t.count("num_attention_heads", 12),
      max_position_embeddings: t.count("max_position_embeddings", 512),
      vocab_size: t.count("vocab_size", 30524),
      layer_norm_eps: t.number("layer_norm_eps", 1e-12),
    },
  };
}

function embedPicture(p: Scope, pixels: Tensor, { hidden_size: c, patch_size }: BlipConfig["vision"]): Tensor {
  const tokens = prepend(p.parameter("cls_token", [c]), patches(p.at("patch_embed.proj"), pixels, c, patch_size));
  return add(tokens, p.parameter("pos_embed", [1, tokens.shape[1] as number, c]));
}

/** Pre-norm. x [N, T, C] */
function visionBlock(p: Scope, x: Tensor, { hidden_size: c, num_attention_heads }: BlipConfig["vision"]): Tensor {
  const qkv = linear(p.at("attn.qkv"), layerNorm(p.at("norm1"), x, VISION_EPS), 3 * c);
  const [q, k, v] = [slice(qkv, 2, 0, c), slice(qkv, 2, c, 2 * c), slice(qkv, 2, 2 * c, 3 * c)];
  const h = add(x, linear(p.at("attn.proj"), attention(q, k, v, num_attention_heads), c));
  const up = linear(p.at("mlp.fc1"), layerNorm(p.at("norm2"), h, VISION_EPS), 4 * c);
  return add(h, linear(p.at("mlp.fc2"), emit("Gelu", [up], {}), c));
}

type TextConfig = BlipConfig["text"];

/** BERT's `output`: back to the stream's width, added to it, normalized. */
function settle(p: Scope, x: Tensor, stream: Tensor, { hidden_size, layer_norm_eps }: TextConfig): Tensor {
  return layerNorm(p.at("LayerNorm"), add(linear(p.at("dense"), x, hidden_size), stream), layer_norm_eps);
}

/** x [N, T, C], mask [N, 1, 1, T] added to the text's own scores, image [N, P, D] */
function textLayer(p: Scope, x: Tensor, mask: Tensor, image: Tensor, config: TextConfig): Tensor {
  const { hidden_size: c, num_attention_heads: heads } = config;
  const project = (module: Scope, q: Tensor, kv: Tensor) =>
    [linear(module.at("query"), q, c), linear(module.at("key"), kv, c), linear(module.at("value"), kv, c)] as const;
  const said = maskedAttention(...project(p.at("attention.self"), x, x), heads, mask);
  const own = settle(p.at("attention.output"), said, x, config);
  const seen = attention(...project(p.at("crossattention.self"), own, image), heads);
  const both = settle(p.at("crossattention.output"), seen, own, config);
  const up = emit("Gelu", [linear(p.at("intermediate.dense"), both, config.intermediate_size)], {});
  return settle(p.at("output"), up, both, config);
}

function visionSegments({ vision }: BlipConfig): readonly Segment[] {
  const root = "blip.visual_encoder";
  const blocks = Array.from({ length: vision.num_hidden_layers }, (_, i): Segment => {
    const prefix = `${root}.blocks.${i}`;
    const build: Segment["build"] = (p, [x]) => visionBlock(p, x as Tensor, vision);
    return { name: prefix, prefix, stage: prefix, reads: [`v${i}`], writes: `v${i + 1}`, build };
  });
  return [
    {
      name: `${root}.embeddings`,
      prefix: root,
      stage: "embeddings",
      reads: ["pixel_values"],
      writes: "v0",
      build: (p, [pixels]) => embedPicture(p, pixels as Tensor, vision),
    },
    ...blocks,
    {
      name: `${root}.norm`,
      prefix: `${root}.norm`,
      stage: "image_embeds",
      reads: [`v${blocks.length}`],
      writes: "image_embeds",
      build: (p, [x]) => layerNorm(p, x as Tensor, VISION_EPS),
    },
  ];
}

function textSegments({ text }: BlipConfig, tokens: number): readonly Segment[] {
  const root = "blip.text_encoder";
  const layers = Array.from({ length: text.num_hidden_layers }, (_, i): Segment => {
    const prefix = `${root}.encoder.layer.${i}`;
    const build: Segment["build"] = (p, [x, mask, image]) =>
      textLayer(p, x as Tensor, mask as Tensor, image as Tensor, text);
    const reads = [`t${i}`, "attention_bias", "image_embeds"];
    return { name: prefix, prefix, stage: prefix, reads, writes: `t${i + 1}`, build };
  });
  return [
    {
      name: `${root}.embeddings`,
      prefix: `${root}.embeddings`,
      stage: "text_embeddings",
      reads: ["inputs_embeds"],
      writes: "t0",
      build: (p, [x]) => {
        const all = p.parameter("position_embeddings.weight", [text.max_position_embeddings, text.hidden_size]);
        return layerNorm(p.at("LayerNorm"), add(x as Tensor, slice(all, 0, 0, tokens)), text.layer_norm_eps);
      },
    },
    ...layers,
  ];
}

/**
 * Inputs `pixel_values` [N, 3, S, S], `inputs_embeds` [N, T, C] (rows of the word table), `attention_bias` [N, 1, 1, T] (0, or far
 * below it where the text is padding); output `reward` [N, 1], not yet normalized.
 */
export function imageReward(config: BlipConfig, batch: number, tokens: number): Network {
  const { image_size } = config.vision;
  const { hidden_size, num_hidden_layers } = config.text;
  return {
    inputs: {
      pixel_values: { dtype: "float32", shape: [batch, 3, image_size, image_size] },
      inputs_embeds: { dtype: "float32", shape: [batch, tokens, hidden_size] },
      attention_bias: { dtype: "float32", shape: [batch, 1, 1, tokens] },
    },
    segments: [
      ...visionSegments(config),
      ...textSegments(config, tokens),
      {
        name: "reward",
        prefix: "",
        stage: "reward",
        reads: [`t${num_hidden_layers}`],
        writes: "reward",
        build: (p, [hidden]) => scoreHead(p.at("mlp.layers"), firstToken(hidden as Tensor)),
      },
    ],
    output: "reward",
  };
}
