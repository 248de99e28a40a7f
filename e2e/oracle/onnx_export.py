"""An ONNX export in Optimum's layout of the nano pipeline in e2e/goldens/models/generate, by torch's own exporters.

    python e2e/oracle/onnx_export.py [--out DIR]       writes e2e/goldens/onnx

The TorchScript exporter with constants folded, as Optimum calls it: linear layers become anonymous transposed matrices, the weights of
group norms anonymous ones of [C, 1, 1]. The UNet's tensors lie beside it in model.onnx_data; the others are whole files.
dynamo/vae_decoder is by the newer exporter, whose nodes have numbers for names and the module's path in their metadata.
"""

import argparse
import shutil
from pathlib import Path

import onnx
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

SOURCE = Path(__file__).parents[1] / "goldens" / "models" / "generate"
FOLDER = Path(__file__).parents[1] / "goldens" / "onnx"
OPSET = 14
KEPT = ("namespace", "pkg.torch.onnx.name_scopes")  # stack traces tell paths of the machine


class Encoder(torch.nn.Module):
    """The half of an autoencoder, with its modules under their own names."""

    def __init__(self, vae: AutoencoderKL):
        super().__init__()
        self.encoder, self.quant_conv = vae.encoder, vae.quant_conv

    def forward(self, sample):
        return self.quant_conv(self.encoder(sample))


class Decoder(torch.nn.Module):
    def __init__(self, vae: AutoencoderKL):
        super().__init__()
        self.decoder, self.post_quant_conv = vae.decoder, vae.post_quant_conv

    def forward(self, latent_sample):
        return self.decoder(self.post_quant_conv(latent_sample))


def export(folder: Path, model: torch.nn.Module, inputs: dict, config: Path, external: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    torch.onnx.export(model.eval(), tuple(inputs.values()), str(path), dynamo=False, do_constant_folding=True,
                      opset_version=OPSET, input_names=list(inputs))  # fmt: skip
    if external:
        data = folder / "model.onnx_data"
        data.unlink(missing_ok=True)
        onnx.save_model(onnx.load(path), path, save_as_external_data=True, all_tensors_to_one_file=True, location=data.name,
                        size_threshold=64, convert_attribute=False)  # fmt: skip
    onnx.checker.check_model(str(path))
    shutil.copyfile(config, folder / "config.json")


def export_dynamo(folder: Path, model: torch.nn.Module, inputs: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    program = torch.onnx.export(model.eval(), tuple(inputs.values()), dynamo=True, input_names=list(inputs), verbose=False)
    program.save(folder / "model.onnx", external_data=False)
    exported = onnx.load(folder / "model.onnx")
    for node in exported.graph.node:
        kept = [(p.key, p.value) for p in node.metadata_props if p.key in KEPT]
        del node.metadata_props[:]
        onnx.helper.set_model_props(node, dict(kept))
    onnx.save(exported, folder / "model.onnx")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER)
    out = parser.parse_args().out
    unet = UNet2DConditionModel.from_pretrained(SOURCE / "unet")
    vae = AutoencoderKL.from_pretrained(SOURCE / "vae")
    text = CLIPTextModel.from_pretrained(SOURCE / "text_encoder")
    states = torch.zeros(1, 7, unet.config.cross_attention_dim)
    export(out / "unet", unet, {"sample": torch.zeros(1, 4, 8, 8), "timestep": torch.tensor([1]), "encoder_hidden_states": states},
           SOURCE / "unet" / "config.json", external=True)  # fmt: skip
    export(out / "text_encoder", text, {"input_ids": torch.zeros(1, 77, dtype=torch.int64)}, SOURCE / "text_encoder" / "config.json")
    export(out / "vae_encoder", Encoder(vae), {"sample": torch.zeros(1, 3, 16, 16)}, SOURCE / "vae" / "config.json")
    export(out / "vae_decoder", Decoder(vae), {"latent_sample": torch.zeros(1, 4, 8, 8)}, SOURCE / "vae" / "config.json")
    export_dynamo(out / "dynamo" / "vae_decoder", Decoder(vae), {"latent_sample": torch.zeros(1, 4, 8, 8)})


if __name__ == "__main__":
    main()
