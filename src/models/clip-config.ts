/** @file CLIP's configuration, as transformers and as open_clip write it. What would change the numbers and is not built is refused by name. */
import { type Json, Reader, readTextConfig, type TextConfig } from "./config.ts";

export interface VisionConfig {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly image_size: number;
  readonly patch_size: number;
  readonly layer_norm_eps: number;
  readonly hidden_act: "quick_gelu" | "gelu";
}

export interface ClipConfig {
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  readonly projection_dim: number;
}

const child = (json: Json, key: string): Json => {
  const value = json[key];
  return typeof value === "object" && value !== null ? (value as Json) : {};
};

/** config.json of a CLIPModel. @throws StudioError `config` */
export function readClipConfig(json: Json): ClipConfig {
  const top = new Reader(json, "CLIP configuration");
  const r = new Reader(child(json, "vision_config"), "CLIP vision configuration");
  r.only("num_channels", 3);
  return {
    vision: {
      hidden_size: r.count("hidden_size", 768),
      intermediate_size: r.count("intermediate_size", 3072),
      num_hidden_layers: r.count("num_hidden_layers", 12),
      num_attention_heads: r.count("num_attention_heads", 12),
      image_size: r.count("image_size", 224),
      patch_size: r.count("patch_size", 32),
      layer_norm_eps: r.number("layer_norm_eps", 1e-5),
      hidden_act: r.name("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
    },
    text: readTextConfig(child(json, "text_config")),
    projection_dim: top.count("projection_dim", 512),
  };
}

/** `model_cfg` of open_clip_config.json, or one of open_clip's model_configs. @throws StudioError `config` */
export function readOpenClipConfig(json: Json): ClipConfig {
  const top = new Reader(json, "open_clip configuration");
  const v = new Reader(child(json, "vision_cfg"), "open_clip vision configuration");
  const t = new Reader(child(json, "text_cfg"), "open_clip text configuration");
  top.only("custom_text", false);
  for (const key of ["timm_model_name", "ls_init_value", "attentional_pool", "act_kwargs", "norm_kwargs"]) v.only(key);
  for (const key of ["hf_model_name", "ls_init_value", "embed_cls", "act_kwargs", "norm_kwargs"]) t.only(key);
  v.only("pool_type", "tok");
  t.only("pool_type", "argmax");
  const hidden_act = top.flag("quick_gelu", false) ? "quick_gelu" : "gelu";
  const [seen, said] = [v.count("width", 768), t.count("width", 512)];
  const common = { layer_norm_eps: 1e-5, hidden_act } as const;
  return {
    vision: {
      ...common,
      hidden_size: seen,
      intermediate_size: seen * v.number("mlp_ratio", 4),
      num_hidden_layers: v.count("layers", 12),
      num_attention_heads: Math.floor(seen / v.count("head_width", 64)),
      image_size: v.count("image_size", 224),
      patch_size: v.count("patch_size", 16),
    },
    text: {
      ...common,
      hidden_size: said,
      intermediate_size: said * t.number("mlp_ratio", 4),
      num_hidden_layers: t.count("layers", 12),
      num_attention_heads: t.count("heads", 8),
      max_position_embeddings: t.count("context_length", 77),
      vocab_size: t.count("vocab_size", 49408),
    },
    projection_dim: top.count("embed_dim"),
  };
}
