"""Judges a file of `studio step` (or of a test) by a golden: `python e2e/oracle/compare.py GOT EXPECTED [--floor F]`.

values      |got - expected| <= 1e-4 |expected|; inside and loss: within 0.01, the allowed noise of the logit
gradients   |got - expected| <= 1e-3 max(|expected|, F |all gradients|) for every tensor, F = 1e-5; in text encoders and
            autoencoders the gradient of to_k's bias is zero in exact arithmetic, so F = 1e-3 is fair there
summaries   a file of fullsize.py holds `norm/NAME` and `projection/NAME` (4 products with the rule's uniform vectors);
            |got - expected| is then estimated as sqrt(3 mean(projected difference^2)), since u has variance 1/3

Prints the worst tensors; exit code 1 where one fails or is missing. Needs numpy and safetensors only.
"""

import argparse
import math
import sys

import numpy as np
from safetensors import safe_open

import seeded
from values import VALUES

PROJECTIONS = 4


def norm(a: np.ndarray) -> float:
    return float(np.sqrt(np.square(a, dtype=np.float64).sum()))


def summary(name: str, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The norm, [1], and the projections, [4], of one gradient: what a full-size golden keeps."""
    flat = np.ascontiguousarray(gradient, np.float32).reshape(-1)
    products = [np.dot(flat, seeded.uniform(f"projection/{k}/{name}", flat.size)) for k in range(PROJECTIONS)]
    return np.array([norm(flat)], np.float32), np.array(products, np.float32)


def judge(got, expected, floor: float) -> list[tuple[float, str, str]]:
    """(share of what is allowed, name, what was seen) for every tensor that `expected` names, worst first."""
    given, wanted = set(got.keys()), set(expected.keys())
    values = wanted & VALUES
    summed = {k.removeprefix("norm/") for k in wanted if k.startswith("norm/")}
    plain = wanted - values - {f"{kind}/{k}" for k in summed for kind in ("norm", "projection")}
    norms = {k: norm(expected.get_tensor(k)) for k in plain} | {k: float(expected.get_tensor(f"norm/{k}")[0]) for k in summed}
    whole = math.sqrt(sum(n * n for n in norms.values()))

    def share(name: str) -> tuple[float, str]:
        if name not in given:
            return math.inf, "missing"
        a = got.get_tensor(name)
        if name in summed:
            _, products = summary(name, a)
            difference = math.sqrt(3 * float(np.mean(np.square(products - expected.get_tensor(f"projection/{name}")))))
            difference = max(difference, abs(norm(a) - norms[name]))
        else:
            b = expected.get_tensor(name)
            if a.shape != b.shape:
                return math.inf, f"shape {list(a.shape)}, expected {list(b.shape)}"
            difference = norm(a.astype(np.float64) - b)
        if not math.isfinite(difference):
            return math.inf, "not finite"
        if name in ("inside", "loss"):
            worst = float(np.abs(a.astype(np.float64) - b).max())
            return worst / 0.01, f"max difference {worst:.2e}"
        size = norm(b) if name in values else max(norms[name], floor * whole)
        relative = difference / max(size, 1e-300)
        return relative / (1e-4 if name in values else 1e-3), f"relative difference {relative:.2e}, norm {size:.2e}"

    return sorted(((*share(name), name) for name in values | plain | summed), key=lambda row: -row[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("got")
    parser.add_argument("expected")
    parser.add_argument("--floor", type=float, default=1e-5)
    parser.add_argument("--worst", type=int, default=5, help="how many tensors to print")
    options = parser.parse_args()
    with safe_open(options.got, "np") as got, safe_open(options.expected, "np") as expected:
        rows = judge(got, expected, options.floor)
    failed = [row for row in rows if not row[0] <= 1]
    for ratio, seen, name in rows[: max(options.worst, min(len(failed), 20))]:
        print(f"{'FAIL' if ratio > 1 else 'ok  '} {ratio:9.2e} of allowed  {name}: {seen}")
    print(f"{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
