"""LoRA files as peft, diffusers and kohya's trainer write them, and ours read by diffusers. The model is models/generate; factors
follow the rule of seeded.py under the public names, `MODULE.lora_A.weight`.

  python e2e/oracle/lora.py            writes e2e/goldens/lora: peft/, diffusers, old, older, kohya, and the lists of names
  python e2e/oracle/lora.py --check    loads exports/ (written by `tsx e2e/lora-exports.ts`) with load_lora_weights

A check passes where the UNet and the text encoder give, under diffusers' LoRA, what they give with our merged weights.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders.lora_conversion_utils import _convert_non_diffusers_lora_to_diffusers, _maybe_map_sgm_blocks_to_diffusers
from diffusers.training_utils import _collate_lora_metadata
from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_kohya, convert_unet_state_dict_to_peft
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import seeded
from common import public, save

GOLDENS = Path(__file__).parents[1] / "goldens"
OUT, MODEL, FULL = GOLDENS / "lora", GOLDENS / "models" / "generate", GOLDENS / "fullsize"
RANK, ALPHA = 2, 5
BLOCK = "down_blocks.0.attentions.0"
UNET = [
    *(f"{BLOCK}.transformer_blocks.0.attn{i}.{to}" for i in (1, 2) for to in ("to_q", "to_k", "to_v", "to_out.0")),
    *(f"{BLOCK}.{name}" for name in ("proj_in", "proj_out", "transformer_blocks.0.ff.net.0.proj", "transformer_blocks.0.ff.net.2")),
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_k",
    "down_blocks.0.resnets.0.conv1", "down_blocks.0.resnets.0.time_emb_proj", "down_blocks.0.downsamplers.0.conv",
    "up_blocks.0.upsamplers.0.conv", "up_blocks.1.resnets.0.conv_shortcut", "conv_in", "conv_out", "time_embedding.linear_1",
]  # fmt: skip
TEXT = [f"encoder.layers.0.{n}" for n in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")]
PREFIX = "text_model."  # SD-1.5's checkpoint names; transformers 5 leaves it out


def adapted(model: torch.nn.Module, modules: list[str], prefix: str, alpha: int):
    """PEFT's model with factors by the rule."""
    model = get_peft_model(model, LoraConfig(r=RANK, lora_alpha=alpha, target_modules=modules, init_lora_weights=False))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" in name:
                key = prefix + public(name).removeprefix("base_model.model.")
                parameter.copy_(torch.from_numpy(seeded.tensor(key, tuple(parameter.shape))))
    return model


def pipeline() -> StableDiffusionPipeline:
    part = lambda kind, name: kind.from_pretrained(MODEL / name)
    return StableDiffusionPipeline(
        unet=part(UNet2DConditionModel, "unet"), vae=part(AutoencoderKL, "vae"), scheduler=part(DDIMScheduler, "scheduler"),
        text_encoder=part(CLIPTextModel, "text_encoder"), tokenizer=part(CLIPTokenizer, "tokenizer"),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def plain(model) -> dict:
    """The adapter's tensors by the model's own names."""
    return {k.removeprefix("base_model.model."): v for k, v in get_peft_model_state_dict(model).items()}


def kept(path: Path, out: Path) -> None:
    """A safetensors file again, its metadata in a fixed order."""
    with safe_open(path, "pt") as file:
        store(out, {k: file.get_tensor(k) for k in sorted(file.keys())}, **dict(sorted((file.metadata() or {}).items())))


def store(out: Path, tensors: dict, **metadata) -> None:
    if any(t.dtype == torch.bfloat16 for t in tensors.values()):  # NumPy has none
        save_file({k: t.contiguous() for k, t in tensors.items()}, out)
        out.chmod(0o644)
    else:
        save(out, {k: t.contiguous() for k, t in tensors.items()}, **metadata)


def older(state: dict) -> dict:
    """Attention's factors where the first versions had them: on the processor, with `to_out` for `to_out.0`."""
    old = {}
    for key, tensor in state.items():
        module, side = key.removesuffix(".weight").rsplit(".lora_", 1)
        path, _, to = module.replace(".to_out.0", ".to_out").rpartition(".")
        old[f"{path}.processor.{to}_lora.{'down' if side == 'A' else 'up'}.weight"] = tensor
    assert convert_unet_state_dict_to_peft(old).keys() == state.keys()
    return {f"unet.{k}": v for k, v in old.items()}


def write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        pipe = pipeline()
        unet = adapted(pipe.unet, UNET, "", ALPHA)
        text = adapted(pipe.text_encoder, TEXT, PREFIX, ALPHA)
        layers = {"unet_lora_layers": plain(unet), "text_encoder_lora_layers": plain(text)}
        unet.save_pretrained(work / "peft")
        kept(work / "peft" / "adapter_model.safetensors", OUT / "peft" / "adapter_model.safetensors")
        config = json.loads((work / "peft" / "adapter_config.json").read_text())
        config["target_modules"] = sorted(config["target_modules"])
        (OUT / "peft" / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n")
        metadata = _collate_lora_metadata({"unet": unet, "text_encoder": text})
        for each in metadata.values():
            each.update(target_modules=sorted(each["target_modules"]), base_model_name_or_path=None)
        StableDiffusionPipeline.save_lora_weights(work / "diffusers", **layers, **metadata)
        kept(work / "diffusers" / "pytorch_lora_weights.safetensors", OUT / "diffusers.safetensors")
        old = {k: convert_state_dict_to_diffusers({n: t.half() for n, t in state.items()}) for k, state in layers.items()}
        StableDiffusionPipeline.save_lora_weights(work / "old", **old)
        kept(work / "old" / "pytorch_lora_weights.safetensors", OUT / "old.safetensors")
        attention = {k: v for k, v in plain(unet).items() if ".attn" in k}
        store(OUT / "older.safetensors", older(attention))
        named = {f"unet.{k}": v for k, v in plain(unet).items()} | {f"text_encoder.{k}": v for k, v in plain(text).items()}
        kohya = convert_state_dict_to_kohya({k: v.bfloat16() for k, v in named.items()})
        store(OUT / "kohya.safetensors", kohya)


def names() -> None:
    """kohya's names of SD-1.5's modules, by kohya's rule: linears and convolutions below the classes that it adapts."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**UNet2DConditionModel.load_config(FULL / "unet"))
        text = CLIPTextModel(CLIPTextConfig.from_json_file(FULL / "text_encoder" / "config.json"))

    def below(model, kinds: set[str], convolutions: bool) -> list[str]:
        found = []
        for path, module in model.named_modules():
            if type(module).__name__ in kinds:
                for child, layer in module.named_modules():
                    if isinstance(layer, torch.nn.Linear) or (convolutions and isinstance(layer, torch.nn.Conv2d)):
                        found.append(f"{path}.{child}")
        return found

    flat = lambda prefix, found: sorted((f"{prefix}_{n.replace('.', '_')}", n) for n in found)
    lists = {
        "attention": flat("lora_unet", below(unet, {"Transformer2DModel"}, True)),
        "convolutions": flat("lora_unet", below(unet, {"ResnetBlock2D", "Downsample2D", "Upsample2D"}, True)),
        "text": flat("lora_te", [n if n.startswith(PREFIX) else PREFIX + n for n in below(text, {"CLIPAttention", "CLIPMLP"}, False)]),
    }
    assert len(lists["attention"]) == 192 and len(lists["text"]) == 72
    lines = [f"{kohya} {module}" for pairs in lists.values() for kohya, module in pairs]
    (OUT / "sd15-names.txt").write_text("\n".join(lines) + "\n")
    (OUT / "modules.json").write_text(json.dumps({"unet": UNET, "text_encoder": [PREFIX + n for n in TEXT]}, indent=1) + "\n")


def outputs(pipe: StableDiffusionPipeline) -> dict:
    """eps of three samples, and the text encoder's states, in float64."""
    unet, text = pipe.unet.double().eval(), pipe.text_encoder.double().eval()
    draw = lambda key, *shape: torch.from_numpy(seeded.normal(f"lora/{key}", shape)).double()
    with torch.no_grad():
        eps = unet(draw("sample", 3, 4, 6, 8), torch.tensor([17, 501, 998]), draw("text", 3, 77, unet.config.cross_attention_dim)).sample
        hidden = text(torch.arange(54).reshape(1, 54)).last_hidden_state
    return {"eps": eps, "hidden": hidden}


def merged(name: str = "merged") -> StableDiffusionPipeline:
    pipe = pipeline()
    weights = load_file(OUT / "exports" / f"{name}.safetensors")
    text = {k.removeprefix(PREFIX): v for k, v in weights.items() if k.startswith(PREFIX)}
    if any(k.startswith(PREFIX) for k in pipe.text_encoder.state_dict()):
        text = {PREFIX + k: v for k, v in text.items()}
    pipe.unet.load_state_dict({k: v for k, v in weights.items() if not k.startswith(PREFIX)})
    if not text:
        return pipe
    missing, strange = pipe.text_encoder.load_state_dict(text, strict=False)
    assert not strange and not [k for k in missing if not k.endswith("position_ids")], (missing, strange)
    return pipe


def check() -> None:
    base, ours = outputs(pipeline()), outputs(merged())
    far = lambda a, b: float((a - b).norm() / b.norm())
    print("merged against the base:", {k: f"{far(ours[k], base[k]):.3f}" for k in ours})
    assert all(far(ours[k], base[k]) > 0.01 for k in ours)
    for name, allowed in {"kohya-f32": 1e-5, "kohya-f16": 1e-2, "pytorch_lora_weights": 1e-5}.items():
        pipe = pipeline()
        pipe.load_lora_weights(OUT / "exports", weight_name=f"{name}.safetensors")
        theirs = outputs(pipe)
        print(f"{name}:", {k: f"{far(theirs[k], ours[k]):.1e}" for k in ours})
        assert all(far(theirs[k], ours[k]) < allowed for k in ours), name
    both(far)
    ldm()


def both(far) -> None:
    """Two LoRAs of unlike ranks and alphas, each with its share."""
    pipe = pipeline()
    for name in ("kohya-f32", "other"):
        pipe.load_lora_weights(OUT / "exports", weight_name=f"{name}.safetensors", adapter_name=name)
    pipe.unet.set_adapters(["kohya-f32", "other"], [0.7, -0.4])
    gap = far(outputs(pipe)["eps"], outputs(merged("merged-both"))["eps"])
    print(f"both: {gap:.1e}")
    assert gap < 1e-5


def ldm() -> None:
    """Our names of checkpoints in one file (second column of exports/ldm-names.txt), as diffusers reads them."""
    pairs = [line.split() for line in (OUT / "exports" / "ldm-names.txt").read_text().splitlines()]
    config = type("Config", (), {"layers_per_block": 2})
    wrong = []
    for module, kohya in pairs:
        # one at a time: together, diffusers takes block 10 for one of block 1
        state = {f"{kohya}.lora_{side}.weight": torch.zeros(1) for side in ("down", "up")}
        read, _ = _convert_non_diffusers_lora_to_diffusers(_maybe_map_sgm_blocks_to_diffusers(state, config))
        found = convert_unet_state_dict_to_peft(read).keys()
        if f"unet.{module}.lora_A.weight" not in found:
            wrong.append((kohya, *found))
    print(f"ldm: {len(pairs)} names, read otherwise: {wrong}")
    # made for SDXL, whose first level up attends: place 1 is attention there, and upsampling here
    assert [kohya for kohya, *_ in wrong] == ["lora_unet_output_blocks_2_1_conv"]


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    else:
        shutil.rmtree(OUT / "peft", ignore_errors=True)
        (OUT / "peft").mkdir(parents=True)
        write()
        names()
