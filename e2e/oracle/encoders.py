"""Small CLIP text encoders and autoencoders, and their goldens."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextConfig, CLIPTextModel

import seeded
from common import gradients, like, seed_weights

PREFIX = "text_model."  # SD-1.5's checkpoint names; transformers 5 leaves it out

TEXTS = {
    # SD-1.5's kind
    "text-quick-gelu": dict(hidden_size=16, intermediate_size=40, num_attention_heads=4, num_hidden_layers=2,
                            vocab_size=50, max_position_embeddings=77, hidden_act="quick_gelu"),
    # SD-2's activation, one head, fewer positions
    "text-gelu": dict(hidden_size=12, intermediate_size=24, num_attention_heads=1, num_hidden_layers=3,
                      vocab_size=31, max_position_embeddings=11, hidden_act="gelu", layer_norm_eps=1e-6),
}  # fmt: skip

VAES = {
    # picture and latents of odd sizes
    "vae-two-levels": (dict(block_out_channels=(8, 12), layers_per_block=1, norm_num_groups=4), (2, 11, 7), (2, 5, 3)),
    # SD-1.5's pattern
    "vae-four-levels": (dict(block_out_channels=(4, 8, 8, 12), layers_per_block=2, norm_num_groups=2), (1, 24, 40), (1, 3, 2)),
}

# file -> the autoencoder, latents along a tile, picture in latents
TILED = {
    "two-levels-16x16": ("vae-two-levels", 8, (16, 16)),
    # tiles of 2 and of 5 at the ends
    "two-levels-20x11": ("vae-two-levels", 8, (20, 11)),
    # one side is a tile's
    "two-levels-8x17": ("vae-two-levels", 8, (8, 17)),
    "four-levels-6x5": ("vae-four-levels", 4, (6, 5)),
}


def text_config(name: str) -> CLIPTextConfig:
    c = TEXTS[name]
    return CLIPTextConfig(**c, bos_token_id=c["vocab_size"] - 2, eos_token_id=c["vocab_size"] - 1, projection_dim=c["hidden_size"])


def text_inputs(name: str) -> dict:
    c = text_config(name)
    u = seeded.uniform(f"{name}/ids", 2 * c.max_position_embeddings).astype(np.float64) * 0.5 + 0.5
    ids = (u * (c.vocab_size - 2)).astype(np.int64).reshape(2, -1)
    ids[:, 0] = c.bos_token_id
    ids[0, 6:] = c.eos_token_id  # a short caption, padded as CLIP's tokenizer pads; the other fills every position
    ids[1, -1] = c.eos_token_id
    return {"input_ids": ids, "cotangent": seeded.normal(f"{name}/cotangent", (*ids.shape, c.hidden_size))}


def text_golden(name: str, x: dict, dtype=torch.float64) -> dict:
    """last_hidden_state [N,L,d] after final_layer_norm, and the gradients of its product with the cotangent."""
    model = CLIPTextModel._from_config(text_config(name), attn_implementation="eager").to(dtype).eval()
    seed_weights(model, PREFIX)
    hidden = model(torch.from_numpy(x["input_ids"])).last_hidden_state
    (hidden * like(model, x["cotangent"])).sum().backward()
    return {"last_hidden_state": hidden, **gradients(model, PREFIX)}


def vae_config(name: str) -> dict:
    config, picture, _ = VAES[name]
    levels = len(config["block_out_channels"])
    return {**config, "down_block_types": ["DownEncoderBlock2D"] * levels, "up_block_types": ["UpDecoderBlock2D"] * levels,
            "latent_channels": 4, "sample_size": picture[1]}  # fmt: skip


def vae(name: str, dtype=torch.float64) -> AutoencoderKL:
    return seed_weights(AutoencoderKL(**vae_config(name)).to(dtype).eval())


def vae_inputs(name: str) -> dict:
    _, (n, h, w), (m, lh, lw) = VAES[name]
    model = vae(name)
    x = {
        "picture": np.clip(seeded.normal(f"{name}/picture", (n, 3, h, w)) * 0.5, -1, 1),
        "latents": seeded.normal(f"{name}/latents", (m, 4, lh, lw)),
    }
    with torch.no_grad():
        x["moments_cotangent"] = seeded.normal(f"{name}/moments", encode(model, x).shape)
        x["decoded_cotangent"] = seeded.normal(f"{name}/decoded", decode(model, x).shape)
    return x


def encode(model, x: dict) -> torch.Tensor:
    """Mean and log variance, before the clamp that sampling applies: [N, 8, h, w]."""
    return model.quant_conv(model.encoder(like(model, x["picture"])))


def decode(model, x: dict) -> torch.Tensor:
    return model.decode(like(model, x["latents"])).sample


def encode_golden(name: str, x: dict, dtype=torch.float64) -> dict:
    model = vae(name, dtype)
    moments = encode(model, x)
    (moments * like(model, x["moments_cotangent"])).sum().backward()
    return {"moments": moments, **gradients(model)}


def decode_golden(name: str, x: dict, dtype=torch.float64) -> dict:
    model = vae(name, dtype)
    decoded = decode(model, x)
    (decoded * like(model, x["decoded_cotangent"])).sum().backward()
    return {"decoded": decoded, **gradients(model)}


def tiled_inputs(file: str) -> dict:
    name, _, (h, w) = TILED[file]
    factor = 2 ** (len(VAES[name][0]["block_out_channels"]) - 1)
    return {
        "picture": np.clip(seeded.normal(f"{file}/picture", (1, 3, h * factor, w * factor)) * 0.5, -1, 1),
        "latents": seeded.normal(f"{file}/latents", (1, 4, h, w)),
    }


def tiled_golden(file: str, x: dict, dtype=torch.float64) -> dict:
    """Moments and picture as diffusers has them with `enable_tiling`."""
    name, tile, _ = TILED[file]
    model = vae(name, dtype)
    model.enable_tiling()
    model.tile_latent_min_size = tile
    model.tile_sample_min_size = tile * 2 ** (len(model.config.block_out_channels) - 1)
    with torch.no_grad():
        return {"moments": model.encode(like(model, x["picture"])).latent_dist.parameters, "decoded": decode(model, x)}
