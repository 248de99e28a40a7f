"""Writes e2e/goldens/models: `python e2e/oracle/models.py [--out DIR] [--gap] [name ...]`.

Needs torch, diffusers, transformers, peft, safetensors. Weights come from seeded.py and are not stored. Values are
computed in float64 and stored in float32, so that a golden carries one rounding; `--gap` prints how far diffusers'
own float32 lies from it. A second run writes the same numbers.
"""

import argparse
from pathlib import Path

import torch

import encoders
import sampling
import steps
import unets
from common import gap, save

GOLDENS = Path(__file__).resolve().parent.parent / "goldens" / "models"


def report(name: str, file: str, make, show_gap: bool) -> dict:
    """The float64 result of `make`, told in a line."""
    result = make(torch.float64)
    values = next(iter(result.values()))
    line = f"{name:18s} {file:22s} {sum(t.numel() for t in result.values()):7d} numbers"
    line += f", std {values.std().item():.2f}" if values.numel() > 1 else f", loss {values.item():.4f}"
    print(line + (f", float32: {gap(make(torch.float32), result)}" if show_gap else ""))
    return result


def write_unet(name: str, folder: Path, show_gap: bool) -> None:
    u = unets.UNETS[name]
    x = unets.inputs(name, u)
    unets.build(u).save_config(folder / "unet")
    save(folder / "inputs.safetensors", x)
    full = lambda dtype: unets.golden(unets.build(u, dtype), x)
    save(folder / "full.safetensors", report(name, "full", full, show_gap))
    for kind in ("attention", "linear", "conv"):
        lora = lambda dtype: unets.golden(unets.adapt(unets.build(u, dtype), kind, u.rank, u.alpha), x)
        save(folder / f"lora-{kind}.safetensors", report(name, f"lora-{kind}", lora, show_gap), rank=u.rank, alpha=u.alpha)


def write_text(name: str, folder: Path, show_gap: bool) -> None:
    x = encoders.text_inputs(name)
    encoders.text_config(name).save_pretrained(folder / "text_encoder")
    save(folder / "inputs.safetensors", x)
    save(folder / "full.safetensors", report(name, "full", lambda dtype: encoders.text_golden(name, x, dtype), show_gap))


def write_vae(name: str, folder: Path, show_gap: bool) -> None:
    x = encoders.vae_inputs(name)
    encoders.vae(name).save_config(folder / "vae")
    save(folder / "inputs.safetensors", x)
    save(folder / "encode.safetensors", report(name, "encode", lambda dtype: encoders.encode_golden(name, x, dtype), show_gap))
    save(folder / "decode.safetensors", report(name, "decode", lambda dtype: encoders.decode_golden(name, x, dtype), show_gap))


def write_tiled(name: str, folder: Path, show_gap: bool) -> None:
    for file, (vae, tile, _) in encoders.TILED.items():
        x = encoders.tiled_inputs(file)
        result = report(name, file, lambda dtype: encoders.tiled_golden(file, x, dtype), show_gap)
        save(folder / f"{file}.safetensors", {**x, **result}, vae=vae, tile=tile)


def write_steps(name: str, folder: Path, show_gap: bool) -> None:
    """Files that `studio step` reads as they are: two diffusers folders, two adapters, five batches."""
    players = {torch.float64: steps.Players(), torch.float32: steps.Players(torch.float32)}
    for player, model in (("policy", players[torch.float32].base), ("opponent", players[torch.float32].opponent["full"])):
        model.save_pretrained(folder / player / "unet")
    for player, tensors in players[torch.float64].adapters.items():
        save(folder / f"{player}-adapter.safetensors", tensors, rank=steps.UNET.rank, alpha=steps.UNET.alpha)
    for file, batch in steps.batches().items():
        save(folder / f"{file}.safetensors", batch)
    for file, (train, batch, objective, loss, beta, *factor) in {**steps.STEPS, **steps.GUARDED, **steps.VELOCITY}.items():
        result = report(name, file, lambda dtype: players[dtype].step(file), show_gap)
        if show_gap and "inside" in result:
            print(f"{'':41s} inside {[round(v, 3) for v in result['inside'].tolist()]}")
        save(folder / f"{file}.safetensors", result, train=train, batch=batch, objective=objective, loss=loss, beta=beta, **({"safeguard": factor[0]} if factor else {}))
    for file, (batch, objective, weighting, count, beta, eta, gamma) in steps.PAPER.items():
        result = report(name, file, lambda dtype: players[dtype].paper(file), show_gap)
        if show_gap and "inside" in result:
            print(f"{'':41s} inside {[round(v, 3) for v in result['inside'].tolist()]}")
        more = {"weighting": weighting, "ddim-steps": count, "eta": eta, "snr-gamma": gamma}
        save(folder / f"{file}.safetensors", result, train="lora", batch=batch, objective=objective, loss="logistic", beta=beta, **{k: v for k, v in more.items() if v})


def write_ddim(name: str, folder: Path, show_gap: bool) -> None:
    x = sampling.sample()
    print(f"{name:18s} latents, std {x['latents'].std().item():.2f}", end="")
    print(f", float32: max {(sampling.sample(torch.float64)['latents'] - x['latents']).abs().max():.1e}" if show_gap else "")
    save(folder / "ddim.safetensors", x, steps=sampling.STEPS, guidance=sampling.GUIDANCE, unet="step/policy/unet")


WRITERS = {
    **dict.fromkeys(unets.UNETS, write_unet),
    **dict.fromkeys(encoders.TEXTS, write_text),
    **dict.fromkeys(encoders.VAES, write_vae),
    "vae-tiled": write_tiled,
    "step": write_steps,
    "ddim": write_ddim,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=GOLDENS)
    parser.add_argument("--gap", action="store_true", help="print how far float32 lies from the stored float64 results")
    parser.add_argument("names", nargs="*", metavar="name")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in WRITERS]
    if unknown:
        parser.error(f"no golden is named {', '.join(unknown)}; there are {', '.join(WRITERS)}")
    for name in options.names or WRITERS:
        WRITERS[name](name, options.out / name, options.gap)


if __name__ == "__main__":
    main()
