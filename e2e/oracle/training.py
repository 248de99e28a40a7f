"""Ten optimizer steps of self-play in torch, end to end: the player starts as the opponent, as in Algorithm 1.

Each step has its own t and noise; the gradient is clipped at 1, AdamW is torch's (float32), the rate falls linearly after two
steps of warm-up. Written: the draws, the loss of each step, and the change of every weight.

  python e2e/oracle/training.py        writes e2e/goldens/models/training/{draws,lora,full}.safetensors
"""

from pathlib import Path

import numpy as np
import torch

import seeded
import steps
from common import gradients, public, save

OUT = Path(__file__).parents[1] / "goldens" / "models" / "training"
STEPS, WARMUP, BETA, RATE = 10, 2, 500, {"lora": 1e-3, "full": 1e-4}


def draws() -> list[dict]:
    batch = steps.batches()["batch"]
    shape = batch["noise"].shape
    times = lambda i: np.array([(137 * (3 * i + k) + 11) % 1000 for k in range(shape[0])], np.int64)
    return [{**batch, "timesteps": times(i), "noise": seeded.normal(f"training/{i}", shape)} for i in range(STEPS)]


def rate(step: int, peak: float) -> float:
    return peak * ((step + 1) / WARMUP if step < WARMUP else (STEPS - step) / (STEPS - WARMUP))


def run(kind: str) -> dict:
    torch.manual_seed(0)
    players = steps.Players(torch.float32)
    policy, opponent = players.policy[kind], steps.Players(torch.float32).policy[kind]
    trained = {n: p for n, p in policy.named_parameters() if kind == "full" or ".lora_" in n}
    before = {n: p.detach().clone() for n, p in trained.items()}
    optimizer = torch.optim.AdamW(trained.values(), lr=0, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)
    losses = []
    for i, batch in enumerate(draws()):
        with torch.no_grad():
            against = steps.errors(opponent, batch)
        losses.append(steps.step(policy, against, batch, "spin", "logistic", BETA)["loss"].item())
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate(i, RATE[kind])
        optimizer.step()
    assert gradients(policy).keys() >= {public(n) for n in trained}
    change = {public(n): (p.detach().double() - before[n].double()) for n, p in trained.items()}
    return {"loss": np.array(losses), **change}


if __name__ == "__main__":
    all_draws = draws()
    save(OUT / "draws.safetensors", {
        "timesteps": np.stack([d["timesteps"] for d in all_draws]),
        "noise": np.stack([d["noise"] for d in all_draws]).astype(np.float32),
    })  # fmt: skip
    for kind in RATE:
        save(OUT / f"{kind}.safetensors", run(kind), steps=STEPS, warmup=WARMUP, beta=BETA, rate=RATE[kind])
