/**
 * @file CLIPVisionModelWithProjection (Radford et al., 2021; Dosovitskiy et al., 2021): patches and a class token through a transformer.
 * Parameter names and arithmetic: transformers `models/clip/modeling_clip.py`, its `pre_layrnorm` too.
 */
import { add, concat, reshape, slice } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { emit } from "../graph/ir.ts";
import type { VisionConfig } from "./clip-config.ts";
import { clipLayer } from "./clip-layer.ts";
import type { Dims3, Scope } from "./layers.ts";
import { attention, l2Normalize, layerNorm, linear, patches } from "./layers.ts";
import type { Network, Segment } from "./segment.ts";

/** A learnt token before the others of every picture. token [C], x [N, T, C] -> [N, T + 1, C] */
export function prepend(token: Tensor, x: Tensor): Tensor {
  const [n, , c] = x.shape as Dims3;
  return concat([emit("Expand", [reshape(token, [1, 1, c])], { shape: [n, 1, c] }), x], 1);
}

/** The first token of each row. [N, T, C] -> [N, C] */
export function firstToken(x: Tensor): Tensor {
  const [n, , c] = x.shape as Dims3;
  return reshape(slice(x, 1, 0, 1), [n, c]);
}

function embed(p: Scope, pixels: Tensor, { hidden_size: c, patch_size }: VisionConfig): Tensor {
  const seen = patches(p.at("patch_embedding"), pixels, c, patch_size, { bias: false });
  const tokens = prepend(p.parameter("class_embedding", [c]), seen);
  return add(tokens, p.parameter("position_embedding.weight", [tokens.shape[1] as number, c]));
}

/** Input `pixel_values` [N, 3, S, S]; output `image_embeds` [N, projection], of length 1. */
export function clipVision(config: VisionConfig, projection: number, batch: number): Network {
  const { image_size, num_hidden_layers, layer_norm_eps } = config;
  const segments: Segment[] = [
    {
      name: "vision_model.embeddings",
      prefix: "vision_model.embeddings",
      stage: "embeddings",
      reads: ["pixel_values"],
      writes: "patches",
      build: (p, [pixels]) => embed(p, pixels as Tensor, config),
    },
    {
      name: "vision_model.pre_layrnorm",
      prefix: "vision_model.pre_layrnorm",
      stage: "embeddings",
      reads: ["patches"],
      writes: "x0",
      build: (p, [x]) => layerNorm(p, x as Tensor, layer_norm_eps),
    },
  ];
  for (let i = 0; i < num_hidden_layers; i++) {
    const prefix = `vision_model.encoder.layers.${i}`;
    segments.push({
      name: prefix,
      prefix,
      stage: prefix,
      reads: [`x${i}`],
      writes: `x${i + 1}`,
      build: (p, [x]) => clipLayer(p, x as Tensor, config, attention),
    });
  }
  segments.push({
    name: "image_embeds",
    prefix: "",
    stage: "image_embeds",
    reads: [`x${num_hidden_layers}`],
    writes: "image_embeds",
    build: (p, [x]) => {
      const pooled = layerNorm(p.at("vision_model.post_layernorm"), firstToken(x as Tensor), layer_norm_eps);
      return l2Normalize(linear(p.at("visual_projection"), pooled, projection, { bias: false }));
    },
  });
  return {
    inputs: { pixel_values: { dtype: "float32", shape: [batch, 3, image_size, image_size] } },
    segments,
    output: "image_embeds",
  };
}
