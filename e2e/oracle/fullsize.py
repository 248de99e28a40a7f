"""SD-1.5's exact configuration with weights by rule: 859,520,964 parameters in the UNet, no checkpoint needed.

  python e2e/oracle/fullsize.py write DIR      a diffusers folder in fp16 (unet, text_encoder, vae, scheduler: 2.1 GB), and
                                               beside it what `studio step` reads: batch, policy-adapter, opponent-adapter
  python e2e/oracle/fullsize.py check DIR [--double] [--lora]   diffusers' values on those files, at 8x8 latents: writes into DIR
                                               expected-values, expected-lora and, without --lora, expected-full (.safetensors)
  python e2e/oracle/fullsize.py summary DIR OUT   values, norms and projections, with configurations and inputs: committed as
                                               e2e/goldens/fullsize (made with --double)

expected-values: last_hidden_state of input_ids, moments of picture, decoded of latents (inputs.safetensors), and eps of
the batch's noised winner. expected-lora and expected-full are what `studio step --objective spin --loss logistic
--beta 500` writes with `--train lora --adapter policy-adapter --opponent-adapter opponent-adapter`, and with
`--train full` (the opponent being the base itself). Compare with compare.py, against either the files or their summaries.
"""

import argparse
import json
import resource
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

import encoders
import sampling
import seeded
import steps
import unets
from common import DTYPES, public, save
from compare import summary
from values import VALUES

UNET = dict(sample_size=64, cross_attention_dim=768, attention_head_dim=8)  # the rest are diffusers' defaults
TEXT = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12, vocab_size=49408,
            max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=768)  # fmt: skip
VAE = dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4, norm_num_groups=32, sample_size=512,
           down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)  # fmt: skip
RANK, BETA, SIDE = 4, 500, 8  # at 5000, fp32 noise in the logit alone moves every gradient by 5e-4
BATCH = 1  # one pair


def models() -> dict:
    """Without weights: folder -> (model on the meta device, prefix of its checkpoint names, file of its weights)."""
    with torch.device("meta"):
        return {
            "unet": (UNet2DConditionModel(**UNET), "", "diffusion_pytorch_model.safetensors"),
            "text_encoder": (CLIPTextModel(CLIPTextConfig(**TEXT)), encoders.PREFIX, "model.safetensors"),
            "vae": (AutoencoderKL(**VAE), "", "diffusion_pytorch_model.safetensors"),
        }


def write_weights(path: Path, shapes: dict) -> None:
    """Streams: one tensor in memory at a time."""
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": DTYPES["float16"], "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            file.write(seeded.tensor(name, shape, np.float16).data)


def write(folder: Path) -> None:
    for part, (model, prefix, file) in models().items():
        (model.save_config if hasattr(model, "save_config") else model.config.save_pretrained)(folder / part)
        shapes = {prefix + n: tuple(p.shape) for n, p in model.named_parameters()}
        print(f"{part:13s} {len(shapes):4d} tensors, {sum(int(np.prod(s)) for s in shapes.values()):,} parameters")
        write_weights(folder / part / file, shapes)
    DDIMScheduler(**sampling.SCHEDULER).save_config(folder / "scheduler")
    index = {"_class_name": "StableDiffusionPipeline",
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
             "text_encoder": ["transformers", "CLIPTextModel"], "scheduler": ["diffusers", "DDIMScheduler"]}  # fmt: skip
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    save(folder / "batch.safetensors", steps.batches(768, (SIDE, SIDE), BATCH)["batch"])
    save(folder / "inputs.safetensors", value_inputs())
    unet = models()["unet"][0]
    wrapped = {n: unet.get_submodule(n) for n in unets.targets(unet, "attention")}
    shapes = {}
    for name, layer in wrapped.items():
        shapes[f"{name}.lora_A.weight"] = (RANK, layer.in_features)
        shapes[f"{name}.lora_B.weight"] = (layer.out_features, RANK)
    for player in ("policy", "opponent"):
        tensors = {n: steps.near(n, s, f"{player}/", 0.02) for n, s in shapes.items()}
        save(folder / f"{player}-adapter.safetensors", tensors, rank=RANK, alpha=RANK)


def value_inputs() -> dict:
    ids = (np.arange(77, dtype=np.int64) * 977) % 49406
    ids[0], ids[9:] = 49406, 49407
    return {
        "input_ids": ids[None],
        "picture": np.clip(seeded.normal("fullsize/picture", (1, 3, 64, 64)) * 0.5, -1, 1),
        "latents": seeded.normal("fullsize/latents", (1, 4, SIDE, SIDE)),
    }


def load(folder: Path, part: str, dtype: torch.dtype) -> torch.nn.Module:
    """In `dtype`, from the stored fp16."""
    model, prefix, file = models()[part]
    model = model.to(dtype).to_empty(device="cpu").eval()
    if part == "text_encoder":  # a buffer that no checkpoint of the rule holds
        model.embeddings.position_ids = torch.arange(77)[None]
    return fill(model, folder / part / file, prefix)


def fill(model: torch.nn.Module, path: Path, prefix: str = "") -> torch.nn.Module:
    """All weights but an adapter's."""
    with safe_open(path, "pt") as weights, torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" not in name:
                parameter.copy_(weights.get_tensor(prefix + public(name)))
    return model


def values(folder: Path, dtype: torch.dtype) -> dict:
    x = {k: v.numpy() for k, v in load_file(folder / "inputs.safetensors").items()}
    with torch.no_grad():
        hidden = load(folder, "text_encoder", dtype)(torch.from_numpy(x["input_ids"])).last_hidden_state
        vae = load(folder, "vae", dtype)
        return {"last_hidden_state": hidden, "moments": encoders.encode(vae, x), "decoded": encoders.decode(vae, x)}


class Clock:
    def __init__(self):
        self.start = time.time()

    def tell(self, what: str) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{time.time() - self.start:6.1f} s, peak {peak:4.1f} GiB  {what}", flush=True)


def check(folder: Path, dtype: torch.dtype, clock: Clock, full: bool) -> None:
    show = lambda v: f"std {v.std():.3f}" if v.numel() > 4 else str(v.flatten().tolist())
    told = lambda out: ", ".join(f"{k} {show(v)}" for k, v in out.items() if k in VALUES)
    result = values(folder, dtype)
    clock.tell(told(result))
    batch = {k: v.numpy() for k, v in load_file(folder / "batch.safetensors").items()}
    unet = load(folder, "unet", dtype)
    clock.tell("UNet loaded")
    with torch.no_grad():
        noisy = steps.noised(batch["x0"], batch["noise"], batch["timesteps"])
        eps = unets.predict(unet, noisy, batch["timesteps"], batch["encoder_hidden_states"])
        save(folder / "expected-values.safetensors", {**result, "eps": eps})
        clock.tell(f"eps std {eps.std():.3f}")
    if full:
        with torch.no_grad():
            against = steps.errors(unet, batch)
        result = steps.step(unet, against, batch, "spin", "logistic", BETA)
        save(folder / "expected-full.safetensors", result)
        clock.tell(f"full: {told(result)}")
        del result
        unet.zero_grad()
    # adapt gives the base the rule's weights in full: back to the stored ones
    unet = fill(unets.adapt(unet, "attention", RANK, RANK), folder / "unet" / models()["unet"][2])
    player = lambda name: {k: v.numpy() for k, v in load_file(folder / f"{name}-adapter.safetensors").items()}
    # one copy of the base serves both players in turn
    with torch.no_grad():
        against = steps.errors(steps.load(unet, player("opponent")), batch)
    result = steps.step(steps.load(unet, player("policy")), against, batch, "spin", "logistic", BETA)
    save(folder / "expected-lora.safetensors", result, rank=RANK, alpha=RANK)
    clock.tell(f"lora: {told(result)}")


def summarize(folder: Path, out: Path) -> None:
    for file in ("batch.safetensors", "inputs.safetensors", "unet/config.json", "text_encoder/config.json", "vae/config.json"):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / file, out / file)
    for file in ("values", "lora", "full"):
        tensors = {}
        with safe_open(folder / f"expected-{file}.safetensors", "np") as expected:
            for name in expected.keys():
                tensor = expected.get_tensor(name)
                if name in VALUES:
                    tensors[name] = tensor
                else:
                    tensors[f"norm/{name}"], tensors[f"projection/{name}"] = summary(name, tensor)
        save(out / f"{file}.safetensors", tensors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["write", "check", "summary"])
    parser.add_argument("dir", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--double", action="store_true", help="check in float64: about 15 GiB")
    parser.add_argument("--lora", action="store_true", help="check without the gradient of every weight")
    options = parser.parse_args()
    clock = Clock()
    if options.mode == "write":
        write(options.dir)
    elif options.mode == "check":
        check(options.dir, torch.float64 if options.double else torch.float32, clock, full=not options.lora)
    elif options.out is None:
        parser.error("summary needs OUT, the folder for the small files")
    else:
        summarize(options.dir, options.out)
    clock.tell(options.mode)


if __name__ == "__main__":
    main()
