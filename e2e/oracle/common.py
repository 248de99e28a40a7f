"""What every golden shares: weights by rule, public parameter names, files."""

import json
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers

import seeded
from values import VALUES

diffusers.utils.logging.set_verbosity_error()
transformers.utils.logging.set_verbosity_error()

DTYPES = {"float32": "F32", "float16": "F16", "int64": "I64"}


def public(name: str) -> str:
    """PEFT's module names without the adapter's own name."""
    return name.replace(".base_layer", "").replace(".default", "")


def seed_weights(model: torch.nn.Module, prefix: str = "") -> torch.nn.Module:
    """Fills every parameter by the rule, under its checkpoint name."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(seeded.tensor(prefix + public(name), tuple(parameter.shape))))
    return model


def gradients(model: torch.nn.Module, prefix: str = "") -> dict:
    return {prefix + public(n): p.grad for n, p in model.named_parameters() if p.grad is not None}


def like(model: torch.nn.Module, array: np.ndarray) -> torch.Tensor:
    """The array as a tensor, in the model's precision."""
    return torch.from_numpy(array).to(next(model.parameters()).dtype)


def save(path: Path, tensors: dict, **metadata) -> None:
    """A safetensors file whose bytes depend on its contents only (the library's own writer shuffles the metadata)."""
    header, blobs, at = {}, [], 0
    if metadata:
        header["__metadata__"] = {k: str(v) for k, v in metadata.items()}
    for name, t in tensors.items():
        a = t.detach().numpy() if isinstance(t, torch.Tensor) else t
        a = a.astype(np.float32) if a.dtype == np.float64 else a
        header[name] = {"dtype": DTYPES[a.dtype.name], "shape": a.shape, "data_offsets": [at, at + a.nbytes]}
        blobs.append(np.ascontiguousarray(a))
        at += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for blob in blobs:
            file.write(blob.data if blob.size else b"")


def gap(a: dict, b: dict) -> str:
    """The worst of `a` (float32) against `b` (float64), in the measures that the goldens are judged by."""
    norm = lambda t: float(t.detach().double().norm())
    whole = sum(norm(t) ** 2 for k, t in b.items() if k not in VALUES) ** 0.5
    share = lambda k: norm(a[k].double() - b[k]) / max(norm(b[k]), 0 if k in VALUES else 1e-5 * whole, 1e-300)
    values = f"values {max(share(k) for k in b if k in VALUES):.1e}"
    worst = max((k for k in b if k not in VALUES), key=share, default=None)
    return values if worst is None else f"{values}, gradients {share(worst):.1e} ({worst})"
