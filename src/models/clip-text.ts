/**
 * @file CLIPTextModel (Radford et al., 2021): a causal transformer over token embeddings, which the host looks up.
 * Parameter names and arithmetic: transformers `models/clip/modeling_clip.py`.
 */
import { add, matMul, reshape, slice } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { constant } from "../graph/ir.ts";
import { type Attend, clipLayer } from "./clip-layer.ts";
import type { TextConfig } from "./config.ts";
import { l2Normalize, layerNorm, linear, maskedAttention } from "./layers.ts";
import type { Network, Segment } from "./segment.ts";

/** Token i sees tokens 0..i: what is added to the scores, [T, T]. */
function causalMask(t: number): Tensor {
  const mask = Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0));
  return constant(mask, { dtype: "float32", shape: [t, t] });
}

const causalAttention: Attend = (q, k, v, heads) => maskedAttention(q, k, v, heads, causalMask(q.shape[1] as number));

/** Input `inputs_embeds` [N, T, C], rows of the token table; output `last_hidden_state` [N, T, C]. */
export function clipText(config: TextConfig, batch: number, tokens: number): Network {
  const c = config.hidden_size;
  const segments: Segment[] = [
    {
      name: "embeddings",
      prefix: "text_model.embeddings",
      stage: "embeddings",
      reads: ["inputs_embeds"],
      writes: "x0",
      build: (p, [x]) =>
        add(
          x as Tensor,
          slice(p.parameter("position_embedding.weight", [config.max_position_embeddings, c]), 0, 0, tokens),
        ),
    },
  ];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const prefix = `text_model.encoder.layers.${i}`;
    segments.push({
      name: prefix,
      prefix,
      stage: prefix,
      reads: [`x${i}`],
      writes: `x${i + 1}`,
      build: (p, [x]) => clipLayer(p, x as Tensor, config, causalAttention),
    });
  }
  segments.push({
    name: "final_layer_norm",
    prefix: "text_model.final_layer_norm",
    stage: "final_layer_norm",
    reads: [`x${config.num_hidden_layers}`],
    writes: "last_hidden_state",
    build: (p, [x]) => layerNorm(p, x as Tensor, config.layer_norm_eps),
  });
  return {
    inputs: { inputs_embeds: { dtype: "float32", shape: [batch, tokens, c] } },
    segments,
    output: "last_hidden_state",
  };
}

/**
 * CLIPTextModelWithProjection. Inputs `inputs_embeds` [N, T, C] and `last_token` [N, 1, T], 1 where a text's first end mark stands
 * and 0 elsewhere; output `text_embeds` [N, projection], of length 1.
 */
export function clipTextEmbeds(config: TextConfig, projection: number, batch: number, tokens: number): Network {
  const c = config.hidden_size;
  const text = clipText(config, batch, tokens);
  return {
    inputs: { ...text.inputs, last_token: { dtype: "float32", shape: [batch, 1, tokens] } },
    segments: [
      ...text.segments,
      {
        name: "text_embeds",
        prefix: "",
        stage: "text_embeds",
        reads: ["last_token", text.output],
        writes: "text_embeds",
        build: (p, [last, hidden]) => {
          const pooled = reshape(matMul(last as Tensor, hidden as Tensor), [batch, c]);
          return l2Normalize(linear(p.at("text_projection"), pooled, projection, { bias: false }));
        },
      },
    ],
    output: "text_embeds",
  };
}
