"""DDIM end to end: diffusers' own StableDiffusionPipeline on the UNet of the step goldens, in float32."""

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline

import seeded
import steps
import unets

SEEDS = (5775709, 42)
STEPS, GUIDANCE = 50, 7.5
SCHEDULER = dict(**steps.NOISE, clip_sample=False, set_alpha_to_one=False, steps_offset=1)


def sample(dtype=torch.float32) -> dict:
    """Text in, initial and final latents out; each picture has its own seed, as the studio draws it."""
    h, w = 8, 16
    text = {k: seeded.normal(f"ddim/{k}", (len(SEEDS), 77, steps.UNET.cross)) for k in ("prompt_embeds", "negative_prompt_embeds")}
    pipe = StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(4,), norm_num_groups=1),  # only its scale, 1, is used
        unet=unets.build(steps.UNET, dtype), scheduler=DDIMScheduler(**SCHEDULER), text_encoder=None, tokenizer=None,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    initial = torch.cat([torch.randn(1, 4, h, w, generator=torch.Generator("cpu").manual_seed(s)) for s in SEEDS])
    latents = pipe(
        **{k: torch.from_numpy(v).to(dtype) for k, v in text.items()}, latents=initial.to(dtype), height=h, width=w,
        num_inference_steps=STEPS, guidance_scale=GUIDANCE, output_type="latent",
    ).images  # fmt: skip
    return {**text, "seeds": np.array(SEEDS, np.int64), "initial": initial, "latents": latents}
