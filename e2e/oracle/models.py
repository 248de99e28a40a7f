"""Writes e2e/goldens/models: `python e2e/oracle/models.py [--out DIR] [--gap] [name ...]`.

Needs torch, diffusers, transformers, peft, safetensors. Deterministic, so a second run writes the same numbers.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

import unets

HERE = Path(__file__).resolve().parent


def arrays(tensors: dict) -> dict:
    def stored(t):
        a = t.detach().numpy() if isinstance(t, torch.Tensor) else t
        return np.ascontiguousarray(a.astype(np.float32) if a.dtype == np.float64 else a)

    return {name: stored(t) for name, t in tensors.items()}


def save(path: Path, tensors: dict, **metadata) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays(tensors), path, {k: str(v) for k, v in metadata.items()} or None)


def gap(a: dict, b: dict) -> str:
    """The worst of float32 against float64, in the measures that the goldens are judged by."""
    grads = [k for k in a if k not in ("eps", "errors", "output")]
    norm = lambda t: float(t.detach().double().norm())
    whole = sum(norm(b[k]) ** 2 for k in grads) ** 0.5
    worst = max(grads, key=lambda k: norm(a[k].double() - b[k]) / max(norm(b[k]), 1e-5 * whole))
    share = norm(a[worst].double() - b[worst]) / max(norm(b[worst]), 1e-5 * whole)
    first = next(iter(b))
    return f"forward {norm(a[first].double() - b[first]) / norm(b[first]):.1e}, gradient {share:.1e} ({worst})"


def write_unet(name: str, out: Path, show_gap: bool) -> None:
    u = unets.UNETS[name]
    x = unets.inputs(name, u)
    folder = out / name
    unets.build(u).save_config(folder / "unet")
    save(folder / "inputs.safetensors", x)
    for kind in ("full", "attention", "linear", "conv"):
        make = lambda dtype: unets.build(u, dtype) if kind == "full" else unets.adapt(unets.build(u, dtype), kind, u.rank, u.alpha)
        result = unets.golden(make(torch.float64), x)
        file = "full" if kind == "full" else f"lora-{kind}"
        save(folder / f"{file}.safetensors", result, **({} if kind == "full" else {"rank": u.rank, "alpha": u.alpha}))
        numbers = sum(t.numel() for k, t in result.items() if k not in ("eps", "errors"))
        line = f"{name:18s} {file:15s} {numbers:7d} numbers, eps std {result['eps'].std().item():.2f}"
        print(line + (f", float32: {gap(unets.golden(make(torch.float32), x), result)}" if show_gap else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE.parent / "goldens" / "models")
    parser.add_argument("--gap", action="store_true", help="print how far float32 lies from the stored float64 results")
    parser.add_argument("names", nargs="*", metavar="name")
    options = parser.parse_args()
    writers = {**{name: write_unet for name in unets.UNETS}}
    unknown = [name for name in options.names if name not in writers]
    if unknown:
        parser.error(f"no golden is named {', '.join(unknown)}; there are {', '.join(writers)}")
    for name in options.names or writers:
        writers[name](name, options.out, options.gap)


if __name__ == "__main__":
    main()
