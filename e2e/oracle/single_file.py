"""Checkpoints in one file, in LDM's names, proven by diffusers' own reader of such files.

    python e2e/oracle/single_file.py names        writes e2e/goldens/models/single-file/names.json: SD-1.5's own configuration
    python e2e/oracle/single_file.py write DIR    a small model: DIR/single.safetensors, and as diffusers folders DIR/{whole,fp16,sharded}

The names here follow the layout of LDM's modules. They are believed because `from_single_file` and the converters under it make of them
exactly the names, shapes and values that the model has: no name too many, none missing.
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_clip_checkpoint, convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from transformers import CLIPTextConfig, CLIPTextModel

import encoders
import fullsize
import generate
import sampling
from common import save, seed_weights

GOLDEN = Path(__file__).parents[1] / "goldens" / "models" / "single-file" / "names.json"
PREFIX = {"unet": "model.diffusion_model.", "vae": "first_stage_model.", "text_encoder": "cond_stage_model.transformer."}
UNET_PARTS = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
              "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}  # fmt: skip
UNET_ENDS = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "conv_in": "input_blocks.0.0",
             "conv_norm_out": "out.0", "conv_out": "out.2"}  # fmt: skip
VAE_PARTS = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out", "conv_shortcut": "nin_shortcut"}

# LDM's groups of 32, heads of CLIP 64 wide, 8 heads in the UNet: what a single file cannot say. Levels of different depth in every way
# that one number allows: two without and two with transformers.
UNET = dict(block_out_channels=(32, 32, 64), layers_per_block=2, cross_attention_dim=64, attention_head_dim=8, norm_num_groups=32, sample_size=64,
            down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))  # fmt: skip
VAE = dict(block_out_channels=(32, 64), layers_per_block=2, norm_num_groups=32, sample_size=512, scaling_factor=0.18215,
           down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)  # fmt: skip
TEXT = dict(vocab_size=54, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=1, max_position_embeddings=77,
            hidden_act="quick_gelu", bos_token_id=52, eos_token_id=53)  # fmt: skip


def unet_module(name: str, config) -> str:
    """LDM's module of a UNet's."""
    if name in UNET_ENDS:
        return UNET_ENDS[name]
    side, *rest = name.split(".")
    layers = config["layers_per_block"]
    if side == "mid_block":
        kind, index, *inner = rest
        module = "middle_block.1" if kind == "attentions" else f"middle_block.{2 * int(index)}"
    else:
        level, kind, index, *inner = rest
        level, index = int(level), int(index)
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (layers + 1)}.0.op"
        block = 1 + level * (layers + 1) + index if side == "down_blocks" else level * (layers + 1) + index
        if kind == "upsamplers":
            place = 2 if config["up_block_types"][level].startswith("CrossAttn") else 1
            return f"output_blocks.{(level + 1) * (layers + 1) - 1}.{place}.conv"
        module = f"{'input' if side == 'down_blocks' else 'output'}_blocks.{block}.{int(kind == 'attentions')}"
    inner = ".".join(inner)
    return f"{module}.{UNET_PARTS.get(inner, inner)}"


def vae_module(name: str, config) -> str:
    half, *rest = name.split(".")
    if not rest:
        return name
    if rest[0] == "mid_block":
        module = "mid.attn_1" if rest[1] == "attentions" else f"mid.block_{int(rest[2]) + 1}"
        inner = ".".join(rest[3:])
        return f"{half}.{module}.{VAE_PARTS.get(inner, inner)}"
    if rest[0] in ("down_blocks", "up_blocks"):
        side, level, kind, index, *inner = rest
        level = int(level) if side == "down_blocks" else len(config["block_out_channels"]) - 1 - int(level)
        side = side.removesuffix("_blocks")
        if kind != "resnets":
            return f"{half}.{side}.{level}.{side}sample.conv"
        inner = ".".join(inner)
        return f"{half}.{side}.{level}.block.{index}.{VAE_PARTS.get(inner, inner)}"
    return f"{half}.{rest[0].replace('conv_norm_out', 'norm_out')}"


MODULES = {"unet": unet_module, "vae": vae_module, "text_encoder": lambda name, _: name}


def rename(part: str, config, names) -> dict:
    """diffusers' name -> LDM's, without prefixes"""
    split = lambda name: name.rpartition(".")
    return {n: f"{MODULES[part](split(n)[0], config)}.{split(n)[2]}" for n in names}


def convert(part: str, config, checkpoint: dict) -> dict:
    """diffusers' own conversion of a whole LDM checkpoint, one component of it."""
    if part == "unet":
        return convert_ldm_unet_checkpoint(dict(checkpoint), config)
    if part == "vae":
        return convert_ldm_vae_checkpoint(dict(checkpoint), config)
    return convert_ldm_clip_checkpoint(dict(checkpoint))


def shape_in_ldm(name: str, shape: tuple) -> tuple:
    return (*shape, 1, 1) if ".mid.attn_1." in name and len(shape) == 2 else shape


def names() -> None:
    """[LDM's module, diffusers' module, shape of its weight, whether it has a bias] for each component of SD-1.5."""
    golden = {}
    for part, (model, prefix, _) in fullsize.models().items():
        shapes = {prefix + n: tuple(p.shape) for n, p in model.named_parameters()}
        ldm = rename(part, model.config, shapes)
        checkpoint = {PREFIX[part] + ldm[n]: torch.empty(shape_in_ldm(ldm[n], s), device="meta") for n, s in shapes.items()}
        back = convert(part, model.config, checkpoint)
        assert len(checkpoint) == len(shapes), part
        assert {n: tuple(t.shape) for n, t in back.items()} == shapes, part
        rows = [[ldm[n].removesuffix(".weight"), n.removesuffix(".weight"), list(s), int(n.replace(".weight", ".bias") in shapes)]
                for n, s in shapes.items() if n.endswith(".weight")]  # fmt: skip
        assert sum(1 + row[3] for row in rows) == len(shapes), part
        golden[part] = rows
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    parts = (f'"{part}": [\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]" for part, rows in golden.items())
    GOLDEN.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def pipeline(folder: Path) -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        unet=seed_weights(UNet2DConditionModel(**UNET)), vae=seed_weights(AutoencoderKL(**VAE)),
        text_encoder=seed_weights(CLIPTextModel(CLIPTextConfig(**TEXT)), encoders.PREFIX),
        tokenizer=generate.tokenizer(folder / "letters"), scheduler=DDIMScheduler(**sampling.SCHEDULER),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).to(torch.float16)  # fmt: skip


def tensors(model, part: str) -> dict:
    prefix = encoders.PREFIX if part == "text_encoder" else ""
    return {prefix + n: t.detach() for n, t in model.named_parameters()}


def write(folder: Path) -> None:
    pipe = pipeline(folder)
    pipe.save_pretrained(folder / "whole", safe_serialization=True)
    pipe.save_pretrained(folder / "fp16", safe_serialization=True, variant="fp16")
    pipe.save_pretrained(folder / "sharded", safe_serialization=True, variant="fp16", max_shard_size="300KB")
    checkpoint = {"model_ema.decay": torch.tensor([0.9999]), "betas": torch.zeros(1000)}
    for part in PREFIX:
        model = getattr(pipe, part)
        own = tensors(model, part)
        for name, ldm in rename(part, model.config, own).items():
            checkpoint[PREFIX[part] + ldm] = own[name].reshape(shape_in_ldm(ldm, own[name].shape))
    checkpoint["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    ema = {f"model_ema.{n.removeprefix('model.').replace('.', '')}": t + 1 for n, t in checkpoint.items() if n.startswith("model.")}
    save(folder / "single.safetensors", {**checkpoint, **ema})
    back = StableDiffusionPipeline.from_single_file(
        str(folder / "single.safetensors"), config=str(folder / "whole"), local_files_only=True, torch_dtype=torch.float16,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    for part in PREFIX:
        ours, theirs = tensors(getattr(pipe, part), part), tensors(getattr(back, part), part)
        assert ours.keys() == theirs.keys(), part
        for name, tensor in ours.items():
            assert torch.equal(tensor, theirs[name]), name
        print(f"{part}: diffusers reads {len(ours)} tensors back, bit for bit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("names")
    commands.add_parser("write").add_argument("folder", type=Path)
    args = parser.parse_args()
    names() if args.command == "names" else write(args.folder)


if __name__ == "__main__":
    main()
