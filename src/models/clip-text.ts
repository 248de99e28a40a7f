/**
 * @file CLIPTextModel (Radford et al., 2021): a causal transformer over token embeddings, which the host looks up.
 * Parameter names and arithmetic: transformers `models/clip/modeling_clip.py`.
 */
import { add, matMul, mul, reshape, slice, transpose } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { constant, emit } from "../graph/ir.ts";
import type { TextConfig } from "./config.ts";
import type { Dims3, Scope } from "./layers.ts";
import { layerNorm, linear } from "./layers.ts";
import type { Network, Segment } from "./segment.ts";

/** softmax(q k^T / sqrt(d) + mask) v, token i seeing tokens 0..i. [N, T, C] each. */
function causalAttention(q: Tensor, k: Tensor, v: Tensor, heads: number): Tensor {
  const [n, t, c] = q.shape as Dims3;
  const d = c / heads;
  const split = (x: Tensor, perm: readonly number[]): Tensor => transpose(reshape(x, [n, t, heads, d]), perm);
  const mask = Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0));
  const scores = matMul(mul(split(q, [0, 2, 1, 3]), 1 / Math.sqrt(d)), split(k, [0, 2, 3, 1])); // [N, h, T, T]
  const p = emit("Softmax", [add(scores, constant(mask, { dtype: "float32", shape: [t, t] }))], {});
  return reshape(transpose(matMul(p, split(v, [0, 2, 1, 3])), [0, 2, 1, 3]), [n, t, c]);
}

function encoderLayer(p: Scope, x: Tensor, config: TextConfig): Tensor {
  const c = config.hidden_size;
  const attn = p.at("self_attn");
  const n1 = layerNorm(p.at("layer_norm1"), x, config.layer_norm_eps);
  const [q, k, v] = [
    linear(attn.at("q_proj"), n1, c),
    linear(attn.at("k_proj"), n1, c),
    linear(attn.at("v_proj"), n1, c),
  ];
  const h = add(x, linear(attn.at("out_proj"), causalAttention(q, k, v, config.num_attention_heads), c));
  const up = linear(
    p.at("mlp.fc1"),
    layerNorm(p.at("layer_norm2"), h, config.layer_norm_eps),
    config.intermediate_size,
  );
  const act = config.hidden_act === "gelu" ? emit("Gelu", [up], {}) : emit("QuickGelu", [up], { alpha: 1.702 });
  return add(h, linear(p.at("mlp.fc2"), act, c));
}

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
      build: (p, [x]) => encoderLayer(p, x as Tensor, config),
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
