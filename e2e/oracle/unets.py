"""Small UNets that differ in every way in which an SD-1.x configuration may, and their goldens.

Weights, inputs and adapters come from seeded.py; all values are computed in float64 and stored in float32, so a
golden carries one rounding (diffusers' own float32 differs from it by a few 1e-6; `--gap` prints that).
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, inject_adapter_in_model

import seeded
from common import gradients, like, seed_weights

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


@dataclass
class Unet:
    channels: tuple
    down: tuple
    heads: int | tuple
    cross: int
    latent: tuple  # N, H, W
    tokens: int
    groups: int = 4
    layers: int = 1
    rank: int = 3
    alpha: int = 3
    extra: dict = field(default_factory=dict)


UNETS = {
    # the plainest: two levels, attention above
    "two-levels": Unet((8, 16), (CROSS, PLAIN), 2, 12, (2, 8, 8), 7),
    # SD-1.5's own pattern; odd sizes all the way down: 9x7, 5x4, 3x2, 2x1
    "four-levels": Unet((8, 8, 16, 16), (CROSS, CROSS, CROSS, PLAIN), 4, 8, (1, 9, 7), 77),
    # SD-2's way: linear projections, heads by level; 5x5, 3x3, 2x2; alpha is not the rank
    "linear-projection": Unet((8, 12, 16), (CROSS, CROSS, PLAIN), (1, 3, 2), 10, (3, 5, 5), 5, layers=2, rank=2, alpha=6,
                              extra={"use_linear_projection": True}),
    # deep, and attention only below
    "three-layers": Unet((8, 12), (PLAIN, CROSS), 1, 6, (1, 6, 10), 3, layers=3, groups=2),
    # no attention beside the middle's, every size odd, one group a channel pair
    "plain-blocks": Unet((4, 8, 8), (PLAIN, PLAIN, PLAIN), 4, 16, (2, 7, 3), 9, groups=2, layers=2,
                         extra={"norm_eps": 1e-6, "flip_sin_to_cos": False, "freq_shift": 1}),
    # more than one transformer block a layer; all channels one group
    "two-transformers": Unet((8, 8, 8), (CROSS, PLAIN, CROSS), 2, 8, (2, 4, 6), 4, groups=1,
                             extra={"transformer_layers_per_block": 2}),
}


def config(u: Unet) -> dict:
    up = [block.replace("Down", "Up") for block in reversed(u.down)]
    heads = list(u.heads) if isinstance(u.heads, tuple) else u.heads
    return {
        "in_channels": 4, "out_channels": 4, "block_out_channels": list(u.channels), "layers_per_block": u.layers,
        "down_block_types": list(u.down), "up_block_types": up, "attention_head_dim": heads, "cross_attention_dim": u.cross,
        "norm_num_groups": u.groups, "sample_size": u.latent[1], **u.extra,
    }  # fmt: skip


def build(u: Unet, dtype=torch.float64) -> UNet2DConditionModel:
    return seed_weights(UNet2DConditionModel(**config(u)).to(dtype).eval())


def inputs(name: str, u: Unet) -> dict:
    n, h, w = u.latent
    return {
        "sample": seeded.normal(f"{name}/sample", (n, 4, h, w)),
        "timesteps": np.array([17, 501, 998][:n], np.int64),
        "encoder_hidden_states": seeded.normal(f"{name}/text", (n, u.tokens, u.cross)),
        "target": seeded.normal(f"{name}/target", (n, 4, h, w)),
        "seeds": np.array([1.5, -0.75, 0.4][:n], np.float32),
    }


def targets(model: torch.nn.Module, kind: str) -> list[str]:
    """Module names that an adapter of this kind covers."""
    if kind == "attention":
        return [n for n, _ in model.named_modules() if n.endswith(ATTENTION)]
    layer = {"linear": torch.nn.Linear, "conv": torch.nn.Conv2d}[kind]
    return [n for n, m in model.named_modules() if isinstance(m, layer)]


def adapt(model: torch.nn.Module, kind: str, rank: int, alpha: int) -> torch.nn.Module:
    """Injects PEFT's LoRA; only the adapter is trainable after it."""
    dtype = next(model.parameters()).dtype
    lora = LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets(model, kind), init_lora_weights=False)
    model = inject_adapter_in_model(lora, model).to(dtype)
    seed_weights(model)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(".lora_" in name)
    return model


def predict(model, sample: np.ndarray, timesteps: np.ndarray, text: np.ndarray) -> torch.Tensor:
    return model(like(model, sample), torch.from_numpy(timesteps), like(model, text)).sample


def errors_of(eps: torch.Tensor, target: np.ndarray) -> torch.Tensor:
    """Mean over C, H, W of (eps - target)^2, per sample."""
    return (eps - torch.from_numpy(target).to(eps)).pow(2).mean(dim=(1, 2, 3))


def golden(model, x: dict) -> dict:
    """eps [N,4,h,w], errors [N], and d(sum_n seeds[n] errors[n]) for every trainable tensor."""
    eps = predict(model, x["sample"], x["timesteps"], x["encoder_hidden_states"])
    errors = errors_of(eps, x["target"])
    (torch.from_numpy(x["seeds"]).to(errors) * errors).sum().backward()
    return {"eps": eps, "errors": errors, **gradients(model)}
