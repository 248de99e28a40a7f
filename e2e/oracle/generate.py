"""The files of `studio generate`: a whole nano pipeline as diffusers saves it, and the latents and pixels that diffusers draws with it.

    python e2e/oracle/generate.py [--out DIR]       writes e2e/goldens/models/generate
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import sampling
import steps
import unets
from common import save, seed_weights

FOLDER = Path(__file__).parents[1] / "goldens" / "models" / "generate"
LETTERS = [c + end for c in "abcdefghijklmnopqrstuvwxyz" for end in ("", "</w>")]
PROMPT, NEGATIVE, STEPS, GUIDANCE, SEED, SIDE = "A red circle", "blue", 50, 7.5, 42, 16


def tokenizer(folder: Path) -> CLIPTokenizer:
    """CLIP's tokenizer without merges: a token a letter."""
    folder.mkdir(parents=True, exist_ok=True)
    vocab = {token: i for i, token in enumerate([*LETTERS, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)


def text_encoder() -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(LETTERS) + 2, hidden_size=steps.UNET.cross, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, bos_token_id=len(LETTERS), eos_token_id=len(LETTERS) + 1,
    )  # fmt: skip
    return seed_weights(CLIPTextModel(config)).eval()


def vae() -> AutoencoderKL:
    return seed_weights(
        AutoencoderKL(
            block_out_channels=(4, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=2, sample_size=12, scaling_factor=0.18215,
        )  # fmt: skip
    ).eval()


def draw(pipe: StableDiffusionPipeline, unet) -> dict:
    pipe.unet = unet
    call = lambda kind: pipe(
        PROMPT, negative_prompt=NEGATIVE, num_inference_steps=STEPS, guidance_scale=GUIDANCE, height=SIDE, width=SIDE,
        generator=torch.Generator("cpu").manual_seed(SEED), output_type=kind,
    ).images  # fmt: skip
    return {"latents": call("latent"), "pixels": torch.from_numpy(np.asarray(call("pil")[0]).astype(np.float32))}


def pipeline(scheduler) -> StableDiffusionPipeline:
    pipe = StableDiffusionPipeline(
        vae=vae(), unet=unets.build(steps.UNET, torch.float32), scheduler=scheduler,
        text_encoder=text_encoder(), tokenizer=tokenizer(FOLDER / "tokenizer"),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER)
    folder = parser.parse_args().out
    pipe = pipeline(DDIMScheduler(**sampling.SCHEDULER))
    for part in ("unet", "vae", "text_encoder", "scheduler"):
        getattr(pipe, part).save_pretrained(folder / part)
    tokenizer(folder / "tokenizer")
    players = steps.Players(torch.float32)
    metadata = dict(prompt=PROMPT, negative=NEGATIVE, steps=STEPS, guidance=GUIDANCE, seed=SEED, resolution=SIDE)
    save(folder / "base.safetensors", draw(pipe, pipe.unet), **metadata)
    save(folder / "adapted.safetensors", draw(pipe, players.policy["lora"]), **metadata, adapter="step/policy-adapter")


if __name__ == "__main__":
    main()
