"""What torch, transformers and open_clip say of pictures: `python e2e/oracle/scorers.py [--out DIR] [--full] [name ...]`.

Small models by default, into e2e/goldens/scorers; with --full the published configurations, which are not committed. Weights come from
seeded.py under the names of the published files and are not stored: `files.json` holds file -> name -> shape, from which the studio
makes the very files. A folder has

  files.json        the .safetensors files; a name with a number in place of a shape is a tensor of that one value
  config.json, open_clip_config.json, vocab.txt     as they lie beside the published weights, where they do
  expected.safetensors   `scores` [pictures], `pixel_values` of each picture; computed in float64 (--full: float32)

and beside them stand pictures/*.png with their prompts as *.txt, and resized.json: Pillow's bicubic of pictures by rule, as sha256;
pieces.json: BERT's ids of hard prompts with ImageReward's small vocabulary.
"""

import argparse
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import open_clip
import torch
import torchvision.transforms as T
from PIL import Image
from transformers import (BlipTextConfig, BlipVisionConfig, BertTokenizer, CLIPConfig, CLIPImageProcessorPil, CLIPModel,
                          CLIPTokenizer)  # fmt: skip
from transformers.models.blip.modeling_blip import BlipVisionModel
from transformers.models.blip.modeling_blip_text import BlipTextModel

import seeded
from common import save
from images import by_rule

ROOT = Path(__file__).resolve().parents[1]
GOLDENS = ROOT / "goldens" / "scorers"
VOCABULARY = ROOT.parent / "public" / "pocket" / "tokenizer"
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
LOGIT_SCALE = math.log(100)
WORDS = "a the cat dog red blue at night , ! un ##der ##stand ##ing cafe sat on 2 ##0 painting of mountain ##s".split()

# size of each picture and its prompt; HPS v2 and the others treat what is no square unlike
PICTURES = {
    "square": ((64, 64), "a cat at night"),
    "wide": ((67, 41), "The Understanding of a café, on 20 mountains!"),
    "tall": ((19, 40), "a painting of a red dog " * 20),
}


def picture(width: int, height: int) -> Image.Image:
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    values = 0.5 + 0.5 * np.sin(x / 3 + (x + width) * y / 90 * (c + 1) + c)
    return Image.fromarray((255 * values).astype(np.uint8))


def clip_vision(width, layers, heads, patch, size, act):
    return dict(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads,
                patch_size=patch, image_size=size, hidden_act=act)  # fmt: skip


def clip_text(width, layers, heads, act):
    return dict(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads,
                vocab_size=49408, max_position_embeddings=77, hidden_act=act)  # fmt: skip


def fill(model: torch.nn.Module, rename=lambda name: name) -> dict:
    """Weights by the rule under the published names. Returns name -> shape, or the value where there is but one."""
    shapes = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            public = rename(name)
            if name == "logit_scale":
                parameter.fill_(LOGIT_SCALE)
                shapes[public] = LOGIT_SCALE
                continue
            shapes[public] = list(parameter.shape)
            parameter.copy_(torch.from_numpy(seeded.tensor(public, tuple(parameter.shape))))
    return shapes


def on_cpu(model: torch.nn.Module, dtype) -> torch.nn.Module:
    """From the meta device, where nothing was drawn at random; tables that are no weights are made again."""
    model = model.to(dtype).to_empty(device="cpu").eval()
    for module in model.modules():
        if "position_ids" in module._buffers:
            count = module._buffers["position_ids"].shape[-1]
            module._buffers["position_ids"] = torch.arange(count)[None]
        if getattr(module, "attn_mask", None) is not None:
            length = module.attn_mask.shape[0]
            module.attn_mask = torch.full((length, length), float("-inf")).triu_(1).to(dtype)
    return model


class PickScore:
    def __init__(self, full: bool, dtype):
        vision = clip_vision(1280, 32, 16, 14, 224, "gelu") if full else clip_vision(24, 2, 3, 7, 28, "gelu")
        text = clip_text(1024, 24, 16, "gelu") if full else clip_text(20, 2, 2, "gelu")
        self.config = CLIPConfig(vision_config=vision, text_config=text, projection_dim=1024 if full else 12)
        with torch.device("meta"):
            model = CLIPModel(self.config)
        self.model = on_cpu(model, dtype)
        self.files = {"model.safetensors": fill(self.model)}
        side = vision["image_size"]
        self.processor = CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
        self.tokenizer = CLIPTokenizer.from_pretrained(VOCABULARY)

    def texts(self) -> dict:
        return {"config.json": self.config.to_json_string(use_diff=False)}

    def pixels(self, image):
        return self.processor(image, return_tensors="pt")["pixel_values"]

    def score(self, pixels, prompt: str) -> torch.Tensor:
        ids = self.tokenizer(prompt, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids
        return self.model(input_ids=ids, pixel_values=pixels).logits_per_image[0, 0]


class HpsV2:
    def __init__(self, full: bool, dtype):
        name = "ViT-H-14"
        small = {"embed_dim": 12,
                 "vision_cfg": {"image_size": 28, "layers": 2, "width": 24, "head_width": 8, "patch_size": 7},
                 "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 20, "heads": 2, "layers": 2}}  # fmt: skip
        self.config = open_clip.get_model_config(name) if full else small
        with torch.device("meta"):
            model = open_clip.model.CLIP(**self.config)
        self.model = on_cpu(model, dtype)
        # as a checkpoint of training is converted: every tensor of the state
        self.files = {"HPS_v2.safetensors": fill(self.model)}
        side = self.config["vision_cfg"]["image_size"]
        self.transform = open_clip.image_transform(side, is_train=False, mean=MEAN, std=STD, resize_mode="longest", interpolation="bicubic")
        self.tokenizer = open_clip.tokenizer.SimpleTokenizer()
        self.full = full

    def texts(self) -> dict:
        return {} if self.full else {"open_clip_config.json": json.dumps({"model_cfg": self.config}, indent=1)}

    def pixels(self, image):
        return self.transform(image)[None]

    def score(self, pixels, prompt: str) -> torch.Tensor:
        image = self.model.encode_image(pixels, normalize=True)
        return (image @ self.model.encode_text(self.tokenizer([prompt]), normalize=True).T)[0, 0]


def head(width: int) -> torch.nn.Module:
    """The MLP of both published heads: no activations, dropouts in between."""
    linear, dropout = torch.nn.Linear, torch.nn.Dropout
    layers = (linear(width, 1024), dropout(), linear(1024, 128), dropout(), linear(128, 64), dropout(), linear(64, 16), linear(16, 1))
    return torch.nn.ModuleDict({"layers": torch.nn.Sequential(*layers)})


def torchvision_transform(side: int):
    return T.Compose([T.Resize(side, interpolation=T.InterpolationMode.BICUBIC), T.CenterCrop(side), T.ToTensor(), T.Normalize(MEAN, STD)])


class Aesthetic:
    def __init__(self, full: bool, dtype):
        vision = clip_vision(1024, 24, 16, 14, 224, "quick_gelu") if full else clip_vision(16, 3, 2, 14, 28, "quick_gelu")
        text = clip_text(768 if full else 8, 1, 1, "quick_gelu")  # not read
        self.config = CLIPConfig(vision_config=vision, text_config=text, projection_dim=768 if full else 10)
        with torch.device("meta"):
            clip, mlp = CLIPModel(self.config), head(self.config.projection_dim)
        self.clip, self.mlp = on_cpu(clip, dtype), on_cpu(mlp, dtype)
        self.files = {"clip/model.safetensors": fill(self.clip), "head.safetensors": fill(self.mlp)}
        self.transform = torchvision_transform(vision["image_size"])

    def texts(self) -> dict:
        return {"clip/config.json": self.config.to_json_string(use_diff=False)}

    def pixels(self, image):
        return self.transform(image)[None]

    def score(self, pixels, prompt: str) -> torch.Tensor:
        pooled = self.clip.vision_model(pixel_values=pixels).pooler_output
        return self.mlp["layers"](torch.nn.functional.normalize(self.clip.visual_projection(pooled)))[0, 0]


TIMM = [
    ("embeddings.class_embedding", "cls_token"),
    ("embeddings.position_embedding", "pos_embed"),
    ("embeddings.patch_embedding", "patch_embed.proj"),
    ("encoder.layers", "blocks"),
    ("self_attn.projection", "attn.proj"),
    ("self_attn", "attn"),
    ("layer_norm", "norm"),
    ("post_layernorm", "norm"),
]


class ImageReward:
    mean, std = 0.16717362830052426, 1.0333394966054072

    def __init__(self, full: bool, dtype):
        # ImageReward's own names: timm's for the picture, BERT's with cross-attention for the text
        vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=16, image_size=224)
        text = dict(hidden_size=768, encoder_hidden_size=1024, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                    vocab_size=30524, max_position_embeddings=512)  # fmt: skip
        if not full:
            vision = dict(hidden_size=16, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, patch_size=16, image_size=32)
            text = dict(hidden_size=24, encoder_hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3,
                        vocab_size=5 + len(WORDS) + 2, max_position_embeddings=64)  # fmt: skip
        self.vision_config = BlipVisionConfig(**vision, layer_norm_eps=1e-6, hidden_act="gelu")
        self.text_config = BlipTextConfig(**text, layer_norm_eps=1e-12, hidden_act="gelu", is_decoder=True)
        with torch.device("meta"):
            seen, said = BlipVisionModel(self.vision_config), BlipTextModel(self.text_config, add_pooling_layer=False)
            mlp = head(text["hidden_size"])
        self.seen, self.said, self.mlp = on_cpu(seen, dtype), on_cpu(said, dtype), on_cpu(mlp, dtype)

        def timm(name: str) -> str:
            for ours, theirs in TIMM:
                name = name.replace(ours, theirs)
            return f"blip.visual_encoder.{name}"

        shapes = fill(self.seen, timm) | fill(self.said, lambda name: f"blip.text_encoder.{name}")
        self.files = {"ImageReward.safetensors": shapes | fill(self.mlp, lambda name: f"mlp.{name}")}
        self.transform = torchvision_transform(vision["image_size"])
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
        self.vocabulary = "\n".join(words) + "\n"
        # what BertTokenizer makes of vocab.txt
        self.tokenizer = BertTokenizer(vocab={word: i for i, word in enumerate(words)}, do_lower_case=True)
        self.full = full

    def texts(self) -> dict:
        med = {"architectures": ["BertModel"], "hidden_act": "gelu", "model_type": "bert", "encoder_width": self.text_config.encoder_hidden_size,
               "add_cross_attention": True}  # fmt: skip
        keys = ("hidden_size", "intermediate_size", "layer_norm_eps", "max_position_embeddings", "num_attention_heads",
                "num_hidden_layers", "vocab_size")  # fmt: skip
        config = med | {key: getattr(self.text_config, key) for key in keys}
        vision = {key: getattr(self.vision_config, key) for key in ("hidden_size", "num_attention_heads", "num_hidden_layers", "patch_size", "image_size")}
        small = {} if self.full else {"vision_config.json": json.dumps(vision, indent=1)}
        return {"vocab.txt": self.vocabulary, "med_config.json": json.dumps(config, indent=1), **small}

    def pixels(self, image):
        return self.transform(image)[None]

    def score(self, pixels, prompt: str) -> torch.Tensor:
        image = self.seen(pixel_values=pixels).last_hidden_state
        text = self.tokenizer(prompt, padding="max_length", truncation=True, max_length=35, return_tensors="pt")
        hidden = self.said(input_ids=text.input_ids, attention_mask=text.attention_mask, encoder_hidden_states=image,
                           encoder_attention_mask=torch.ones(image.shape[:-1], dtype=torch.long), is_decoder=False).last_hidden_state  # fmt: skip
        return (self.mlp["layers"](hidden[:, 0])[0, 0] - self.mean) / self.std


SCORERS = {"pickscore": PickScore, "hpsv2": HpsV2, "aesthetic": Aesthetic, "imagereward": ImageReward}


def write(name: str, folder: Path, full: bool) -> None:
    dtype = torch.float32 if full else torch.float64
    scorer = SCORERS[name](full, dtype)
    for file, text in scorer.texts().items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "files.json").write_text(json.dumps(scorer.files))
    scores, seen = [], []
    with torch.no_grad():
        for size, prompt in PICTURES.values():
            pixels = scorer.pixels(picture(*size)).to(dtype)
            seen.append(pixels[0])
            scores.append(scorer.score(pixels, prompt))
    print(name, [round(float(s), 6) for s in scores], flush=True)
    save(folder / "expected.safetensors", {"scores": torch.stack(scores), "pixel_values": torch.stack(seen)})


def write_pictures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (size, prompt) in PICTURES.items():
        picture(*size).save(folder / f"{name}.png", optimize=True)
        (folder / f"{name}.txt").write_text(prompt + "\n")


def write_resized(path: Path) -> None:
    """From and to which size -> sha256 of Pillow's bytes."""
    sizes = [((512, 512), (224, 224)), ((640, 427), (335, 224)), ((100, 333), (224, 745)), ((224, 224), (224, 224)), ((31, 17), (28, 15))]
    digest = lambda a, b: hashlib.sha256(by_rule(*a).resize(b, Image.Resampling.BICUBIC).tobytes()).hexdigest()
    path.write_text(json.dumps([{"from": a, "to": b, "sha256": digest(a, b)} for a, b in sizes], indent=1))


# what BERT's tokenizer treats unlike a plain split: accents, signs, marks typed by hand, Han, control, joiners, long words, cut at the end
HARD = ["", "  The  CAT sat,on a\tdog!", "Understanding caf\u00e9 cafe\u0301", "$20-red|blue~^`", "\u4e2d\u6587cat\u56fd", "cat\u200bdog \u00adred\u0000blue\ufffd",
        "a" * 101 + " dog", "x\u3000red\u00a0blue", "\u201cred\u201d \u2014 blue\u2026 \u20ac20 \u00a9", "\u0130stanbul STRASSE \u1e9e", "the cat sat on a mountain " * 9,
        "red \U0001f431 dog", "[CLS] cat [SEP] dog", "it's the dog's"]  # fmt: skip


def write_pieces(path: Path) -> None:
    tokenizer = ImageReward(False, torch.float32).tokenizer
    ids = lambda text: tokenizer(text, padding="max_length", truncation=True, max_length=35).input_ids
    path.write_text(json.dumps([{"text": text, "ids": ids(text)} for text in HARD], indent=None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=GOLDENS)
    parser.add_argument("--full", action="store_true", help="the published configurations")
    parser.add_argument("names", nargs="*", metavar="name")
    options = parser.parse_args()
    write_pictures(options.out / "pictures")
    write_resized(options.out / "resized.json")
    write_pieces(options.out / "pieces.json")
    for name in options.names or SCORERS:
        write(name, options.out / name, options.full)


if __name__ == "__main__":
    main()
