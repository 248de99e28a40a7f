/** @file One layer of CLIP's two transformers, pre-norm. Parameter names and arithmetic: transformers `models/clip/modeling_clip.py`. */
import { add } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { emit } from "../graph/ir.ts";
import type { TextConfig } from "./config.ts";
import type { Scope } from "./layers.ts";
import { layerNorm, linear } from "./layers.ts";

/** q, k, v [N, T, C] -> [N, T, C] */
export type Attend = (q: Tensor, k: Tensor, v: Tensor, heads: number) => Tensor;

export type LayerConfig = Pick<
  TextConfig,
  "hidden_size" | "intermediate_size" | "num_attention_heads" | "layer_norm_eps" | "hidden_act"
>;

/** x [N, T, C] */
export function clipLayer(p: Scope, x: Tensor, config: LayerConfig, attend: Attend): Tensor {
  const c = config.hidden_size;
  const attn = p.at("self_attn");
  const n1 = layerNorm(p.at("layer_norm1"), x, config.layer_norm_eps);
  const [q, k, v] = [
    linear(attn.at("q_proj"), n1, c),
    linear(attn.at("k_proj"), n1, c),
    linear(attn.at("v_proj"), n1, c),
  ];
  const h = add(x, linear(attn.at("out_proj"), attend(q, k, v, config.num_attention_heads), c));
  const up = linear(
    p.at("mlp.fc1"),
    layerNorm(p.at("layer_norm2"), h, config.layer_norm_eps),
    config.intermediate_size,
  );
  const act = config.hidden_act === "gelu" ? emit("Gelu", [up], {}) : emit("QuickGelu", [up], { alpha: 1.702 });
  return add(h, linear(p.at("mlp.fc2"), act, c));
}
