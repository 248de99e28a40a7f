"""What `studio export`, `lora` and `artifacts --bind` write, in the hands of the programs that it is written for.

    python e2e/oracle/exports.py model DIR     a small model that one file can tell, DIR/model, and a LoRA over it, DIR/adapter.safetensors
    python e2e/oracle/exports.py read DIR      draws with every export beside it, and prints how far each is from the studio's latents

DIR/studio-*.safetensors are the studio's latents. Weights of float16 are computed with in float32, as the studio does.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file

import seeded
import single_file
from common import save

CALL = dict(prompt="A red circle", negative_prompt="blue", num_inference_steps=20, guidance_scale=7.5, height=16, width=16)
SEED, RANK = 42, 2
TARGETS = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "ff.net.2", "conv1", "conv_in")
NO_CHECKER = dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)


def model(folder: Path) -> None:
    pipe = single_file.pipeline(folder).to(torch.float32)
    pipe.save_pretrained(folder / "model", safe_serialization=True)
    single_file.generate.tokenizer(folder / "model" / "tokenizer")
    factors = {}
    for name, weight in pipe.unet.named_parameters():
        module = name.removesuffix(".weight")
        if name.endswith(".weight") and module.endswith(TARGETS):
            out, *inner = weight.shape
            for side, shape in (("A", (RANK, *inner)), ("B", (out, RANK, *[1] * (len(inner) - 1)))):
                key = f"unet.{module}.lora_{side}.weight"
                factors[key] = torch.from_numpy(seeded.tensor(key, shape))
    save(folder / "adapter.safetensors", factors)


def draw(pipe: StableDiffusionPipeline) -> np.ndarray:
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(torch.float32)(**CALL, generator=torch.Generator("cpu").manual_seed(SEED), output_type="latent").images.numpy()


def opened(folder: Path) -> StableDiffusionPipeline:
    return StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)


def from_file(folder: Path, name: str) -> StableDiffusionPipeline:
    return StableDiffusionPipeline.from_single_file(
        str(folder / name), config=str(folder / "model"), local_files_only=True, torch_dtype=torch.float32, **NO_CHECKER
    )


def with_lora(folder: Path, name: str) -> StableDiffusionPipeline:
    pipe = opened(folder / "model")
    pipe.load_lora_weights(folder, weight_name=name)
    return pipe


def with_peft(folder: Path) -> StableDiffusionPipeline:
    pipe = opened(folder / "model")
    stored = load_file(folder / "pytorch_lora_weights.safetensors")
    factors = {f"base_model.model.{k.removeprefix('unet.')}": v for k, v in stored.items()}
    modules = sorted({k.removeprefix("unet.").split(".lora_")[0] for k in stored})
    unet = get_peft_model(pipe.unet, LoraConfig(r=RANK, lora_alpha=RANK, target_modules=modules))
    told = set_peft_model_state_dict(unet, factors)
    assert not told.unexpected_keys, told.unexpected_keys
    pipe.unet = unet.merge_and_unload()
    return pipe


def onnx_gap(path: Path, unet: Path, weights: Path | None = None) -> float:
    """Largest difference to torch's eps over its largest value; the weights lie in that one file."""
    onnx.checker.check_model(path)
    places = [{e.key: e.value for e in t.external_data} for t in onnx.load(path, load_external_data=False).graph.initializer if t.external_data]
    files = {path.parent / place["location"] for place in places}
    assert len(places) > 100 and len(files) == 1 and os.path.samefile(files.pop(), weights or unet / "diffusion_pytorch_model.safetensors")
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    feeds = {each.name: random.standard_normal(each.shape).astype(np.float32) for each in session.get_inputs()}
    feeds["timestep"] = np.array([501], np.float32)
    (eps,) = session.run(["out_sample"], feeds)
    theirs = UNet2DConditionModel.from_pretrained(unet).float()
    expected = theirs(torch.from_numpy(feeds["sample"]), torch.tensor(501), torch.from_numpy(feeds["encoder_hidden_states"])).sample.numpy()
    return float(np.abs(eps - expected).max() / np.abs(expected).max())


def read(folder: Path) -> None:
    torch.set_grad_enabled(False)
    latents = lambda name: load_file(folder / f"studio-{name}.safetensors")["latents"].numpy()
    whole, half = latents("float32"), latents("float16")
    gap = lambda pipe, ours: float(np.abs(draw(pipe) - ours.reshape(1, *ours.shape[-3:])).max())
    pictures = {
        "pipeline, float32": gap(opened(folder / "pipeline-float32"), whole),
        "pipeline, float16": gap(opened(folder / "pipeline-float16"), half),
        "one file, float32": gap(from_file(folder, "single-float32.safetensors"), whole),
        "one file, float16": gap(from_file(folder, "single-float16.safetensors"), half),
        "LoRA in kohya's names": gap(with_lora(folder, "kohya.safetensors"), whole),
        "LoRA as diffusers saves it": gap(with_lora(folder, "pytorch_lora_weights.safetensors"), whole),
        "LoRA in peft": gap(with_peft(folder), whole),
    }
    moved = float(np.abs(draw(opened(folder / "model")) - whole).max())
    assert moved > 0.1, f"the LoRA changes the latents by {moved} only"
    half_unet = folder / "pipeline-float16" / "unet"
    programs = {
        "bound to a folder, float32": onnx_gap(folder / "model" / "unet.onnx", folder / "model" / "unet"),
        "bound to a folder, float16": onnx_gap(folder / "pipeline-float16" / "unet" / "model.onnx", half_unet),
        "bound to one file, float16": onnx_gap(folder / "single.onnx", half_unet, folder / "single-float16.safetensors"),
        "exported, float32": onnx_gap(folder / "onnx" / "model.onnx", folder / "onnx"),
    }
    print(json.dumps({"pictures": pictures, "programs": programs}))


if __name__ == "__main__":
    {"model": model, "read": read}[sys.argv[1]](Path(sys.argv[2]))
