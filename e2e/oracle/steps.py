"""One SPIN step in plain torch, as DiffusionDPO's train.py computes it, and the files of `studio step`.

x_t    = sqrt(abar_t) x0 + sqrt(1 - abar_t) noise            winner
x'_t   = the same of x0_opponent, at timesteps_opponent and noise_opponent where given
L      = mean over C, H, W of (eps(x_t, t, c) - target)^2     target: the noise; the loser's is target_opponent where given
         a network that predicts v: diffusers' get_velocity of each arm, as its training scripts have it
inside = -0.5 beta ((L_w - L_l) policy - (L_w - L_l) opponent)
spin   = mean of -logsigmoid(inside) | max(0, 1 - inside) | 1 - inside
dpo    = spin whose opponent is the base model without an adapter
sft    = mean of L_w

The paper's weighting: inside = -beta (h_t^2 (|e_w|^2 - |e_w0|^2) - h_t'^2 (|e_l|^2 - |e_l0|^2)) with e = eps(x_t) - target and
h_t = sqrt(abar_s / abar_t) sqrt(1 - abar_t) - sqrt(1 - abar_s), s = t - 1000 / T, abar = abar_0 below t = 0.
(C.5): x'_t is xt_opponent, and its target is what the opponent predicts there.
min-SNR: every error is multiplied by min(snr, gamma) / snr, snr = abar_t / (1 - abar_t).

Exact (4.8): inside = -beta sum_t (|x_s - mu(x_t)|^2 - |x_s - mu_0(x_t)|^2 - the loser's), s the next lower of the timesteps,
mu = DDIM's mean at sigma_t = eta sqrt((1 - abar_s) / (1 - abar_t)) sqrt(1 - abar_t / abar_s); autograd goes through the whole sum.
With `mean` weighting |x_s - mu|^2 becomes 0.5 / T of the mean of (eps - target)^2, target = the output at which mu is x_s.

With a safeguard, g_w and g_l are the gradients of that mean through L_w alone and through L_l alone, and the gradient is
g_w + s g_l with s = min(1, factor |g_w|^2 / -<g_w, g_l>) where the product is negative, else 1 (Diffusion-SDPO's idea).
"""

import numpy as np
import torch
from diffusers import DDPMScheduler

import seeded
import unets
from common import gradients, like, public

UNET = unets.Unet((4, 8), (unets.CROSS, unets.PLAIN), 2, 12, (3, 6, 8), 77, groups=2)
B = 3
NOISE = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")

LOSSES = {
    "logistic": lambda inside: -torch.nn.functional.logsigmoid(inside),
    "hinge": lambda inside: torch.relu(1 - inside),
    "correlation": lambda inside: 1 - inside,
}

# file: (train, batch, objective, loss, beta)
STEPS = {
    "lora-spin-logistic": ("lora", "batch", "spin", "logistic", 5000),
    "lora-spin-hinge": ("lora", "batch", "spin", "hinge", 5000),
    "lora-spin-correlation": ("lora", "batch", "spin", "correlation", 5000),
    "lora-spin-independent": ("lora", "batch-independent", "spin", "logistic", 2000),
    "lora-spin-target": ("lora", "batch-target", "spin", "logistic", 2000),
    "lora-dpo-logistic": ("lora", "batch", "dpo", "logistic", 20),
    "lora-sft": ("lora", "batch", "sft", "logistic", 5000),
    "full-spin-logistic": ("full", "batch-independent", "spin", "logistic", 500),
    "full-spin-hinge": ("full", "batch", "spin", "hinge", 2000),
    "full-spin-correlation": ("full", "batch-target", "spin", "correlation", 2000),
    "full-dpo-logistic": ("full", "batch", "dpo", "logistic", 5000),
    "full-sft": ("full", "batch", "sft", "logistic", 5000),
}

# the same, and the safeguard's factor
GUARDED = {
    "lora-spin-safeguard": ("lora", "batch", "spin", "logistic", 2000, 0.3),
    "lora-dpo-safeguard": ("lora", "batch", "dpo", "logistic", 20, 0.9),
    "full-spin-safeguard": ("full", "batch", "spin", "logistic", 500, 0.3),
}

# the same as STEPS, for a network that predicts v
VELOCITY = {
    "lora-spin-velocity": ("lora", "batch-independent", "spin", "logistic", 20),
    "lora-sft-velocity": ("lora", "batch", "sft", "logistic", 5000),
}

# file: (batch, objective, weighting, T, beta, eta, gamma); trained is the LoRA
PAPER = {
    "lora-spin-paper": ("batch-independent", "spin", "paper", 50, 100, 0, 0),
    # against the base: the policy is near its opponent, and the square of their difference would be that of two roundings
    "lora-dpo-trajectory": ("batch-trajectory", "dpo", "paper", 50, 10, 0, 0),
    "lora-dpo-snr": ("batch-independent", "dpo", "mean", 0, 20, 0, 5),
    "lora-sft-snr": ("batch", "sft", "mean", 0, 1, 0, 5),
    "lora-exact-paper": ("batch-trajectories", "exact", "paper", 0, 2, 0.7, 0),
    "lora-exact-mean": ("batch-trajectories", "exact", "mean", 0, 200, 0, 0),
}


def batches(width: int = UNET.cross, size: tuple = UNET.latent[1:], count: int = B) -> dict:
    """The three `--batch` files by name."""
    latents = lambda key: seeded.normal(f"step/{key}", (count, 4, *size))
    batch = {
        "x0": latents("x0"),
        "x0_opponent": latents("x0_opponent"),
        "timesteps": np.array([23, 480, 971][:count], np.int64),
        "noise": latents("noise"),
        "encoder_hidden_states": seeded.normal("step/text", (count, 77, width)),
    }
    apart = {**batch, "noise_opponent": latents("noise_opponent"), "timesteps_opponent": np.array([700, 5, 310][:count], np.int64)}
    met = {k: v for k, v in apart.items() if k not in ("x0_opponent", "noise_opponent")} | {"xt_opponent": latents("xt_opponent")}
    return {"batch": batch, "batch-independent": apart, "batch-target": {**apart, "target_opponent": latents("target_opponent")}, "batch-trajectory": met, "batch-trajectories": trajectories(width, size)}


def trajectories(width: int, size: tuple, count: int = 2) -> dict:
    """Two pairs over T = 4 steps: x_T, ..., x_0 of winner and loser, each point moved off its picture's own by noise, the loser's by more."""
    times = [751, 501, 251, 1, 0]

    def walk(key: str, by: float) -> np.ndarray:
        x0, eps = (seeded.normal(f"step/{key}/{part}", (count, 4, *size)) for part in ("x0", "eps"))
        moved = lambda i: by * abs(levels(times[min(i, 3)], times[min(i, 3) + 1])[3]) * seeded.normal(f"step/{key}/{i}", x0.shape)
        return np.stack([noised(x0, eps, np.full(count, t)) + moved(i) for i, t in enumerate(times)], axis=1).astype(np.float32)

    text = seeded.normal("step/text", (B, 77, width))[:count]
    return {"trajectory": walk("trajectory", 0.3), "trajectory_opponent": walk("trajectory_opponent", 1), "timesteps": np.array(times[:-1], np.int64), "encoder_hidden_states": text}


def noised(x0: np.ndarray, noise: np.ndarray, timesteps: np.ndarray) -> np.ndarray:
    abar = DDPMScheduler(**NOISE).alphas_cumprod.double().numpy()[timesteps].reshape(-1, 1, 1, 1)
    return np.sqrt(abar) * x0 + np.sqrt(1 - abar) * noise


def velocity_of(x0: np.ndarray, noise: np.ndarray, timesteps: np.ndarray) -> np.ndarray:
    double = lambda a: torch.from_numpy(a).double()
    return DDPMScheduler(**NOISE).get_velocity(double(x0), double(noise), torch.from_numpy(timesteps)).numpy()


def errors(model, batch: dict, velocity: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """L_w and L_l, [B] each."""
    noise_l = batch.get("noise_opponent", batch["noise"])
    t_l = batch.get("timesteps_opponent", batch["timesteps"])
    xt = np.concatenate([noised(batch["x0"], batch["noise"], batch["timesteps"]), noised(batch["x0_opponent"], noise_l, t_l)])
    t, text = np.concatenate([batch["timesteps"], t_l]), np.concatenate([batch["encoder_hidden_states"]] * 2)
    of = velocity_of if velocity else lambda _, noise, __: noise
    target_l = batch.get("target_opponent", of(batch["x0_opponent"], noise_l, t_l))
    target = np.concatenate([of(batch["x0"], batch["noise"], batch["timesteps"]), target_l])
    return unets.errors_of(unets.predict(model, xt, t, text), target).chunk(2)


def guarded(model, value: torch.Tensor, w: torch.Tensor, l: torch.Tensor, factor: float) -> torch.Tensor:
    """Leaves g_w + s g_l as the parameters' gradients, and returns s."""
    trained = [p for p in model.parameters() if p.requires_grad]

    def through(errors: torch.Tensor) -> tuple:
        (pull,) = torch.autograd.grad(value, errors, retain_graph=True)
        return torch.autograd.grad(errors, trained, pull, retain_graph=True)

    g_w, g_l = through(w), through(l)
    dot = lambda a, b: sum((x * y).sum() for x, y in zip(a, b)).double()
    conflict = -dot(g_w, g_l)
    s = torch.clamp(factor * dot(g_w, g_w) / conflict, max=1) if conflict > 0 else torch.ones(())
    for p, a, b in zip(trained, g_w, g_l):
        p.grad = a + s.to(a) * b
    return s


def step(policy, against: tuple, batch: dict, objective: str, loss: str, beta: float, factor: float = 0, velocity: bool = False) -> dict:
    """What `studio step` writes. `against`: the opponent's L_w and L_l; sft does not read it."""
    policy.zero_grad()
    w, l = errors(policy, batch, velocity)
    out = {"error_winner": w, "error_loser": l}
    if objective == "sft":
        value = w.mean()
    else:
        w0, l0 = against
        inside = -0.5 * beta * ((w - l) - (w0 - l0)).double()
        value = LOSSES[loss](inside).mean()
        out |= {"inside": inside, "error_winner_opponent": w0, "error_loser_opponent": l0}
    if factor:
        out["safeguard_scale"] = guarded(policy, value, w, l, factor)
    else:
        value.backward()
    return {"loss": value, **out, **gradients(policy)}


def levels(t: int, s: int, eta: float = 0) -> tuple:
    """abar_t, abar_s, sigma_t, h_t"""
    abar = DDPMScheduler(**NOISE).alphas_cumprod.double().numpy()
    a, b = float(abar[t]), float(abar[max(s, 0)])
    sigma = eta * ((1 - b) / (1 - a)) ** 0.5 * (1 - a / b) ** 0.5
    return a, b, sigma, (b / a) ** 0.5 * (1 - a) ** 0.5 - (1 - b - sigma**2) ** 0.5


def shaped(policy, against, batch: dict, objective: str, weighting: str, steps: int, beta: float, gamma: float) -> dict:
    """`step` with errors that are scaled by their t; `against` is the opponent's network."""
    policy.zero_grad()
    t_l = batch.get("timesteps_opponent", batch["timesteps"])
    if "xt_opponent" in batch:
        text = batch["encoder_hidden_states"]
        with torch.no_grad():
            target = unets.predict(against, batch["xt_opponent"], t_l, text)
        eps = unets.predict(policy, batch["xt_opponent"], t_l, text)
        met = {**batch, "x0_opponent": batch["x0"], "noise_opponent": batch["noise"]}
        w, l = errors(policy, met)[0], (eps - target).pow(2).mean(dim=(1, 2, 3))
        with torch.no_grad():
            w0, l0 = errors(against, met)[0], torch.zeros_like(l)
    else:
        w, l = errors(policy, batch)
        with torch.no_grad():
            w0, l0 = errors(against, batch)
    size = batch["x0"][0].size
    snr = lambda t: (lambda a: a / (1 - a))(levels(t, t)[0])
    one = {"paper": lambda t: size * levels(t, t - 1000 // max(steps, 1))[3] ** 2, "mean": lambda t: 1.0 if objective == "sft" else 0.5}[weighting]
    scale = lambda times: torch.tensor([one(int(t)) * (min(snr(int(t)), gamma) / snr(int(t)) if gamma else 1) for t in times]).double()
    out = {"error_winner": w, "error_loser": l}
    if objective == "sft":
        value = (scale(batch["timesteps"]) * w).mean()
    else:
        inside = -beta * (scale(batch["timesteps"]) * (w - w0) - scale(t_l) * (l - l0)).double()
        value = LOSSES["logistic"](inside).mean()
        out |= {"inside": inside, "error_winner_opponent": w0, "error_loser_opponent": l0}
    value.backward()
    return {"loss": value, **out, **gradients(policy)}


def exact(policy, against, batch: dict, weighting: str, beta: float, eta: float) -> dict:
    policy.zero_grad()
    times = [int(t) for t in batch["timesteps"]]
    text = batch["encoder_hidden_states"]

    def norms(model, walk: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """sum_t of what counts in the logit, and the errors' mean over t."""
        weighed, plain = 0, 0
        for i, t in enumerate(times):
            a, b, sigma, h = levels(t, times[i + 1] if i + 1 < len(times) else -1, eta)
            xt, xs = walk[:, i], torch.from_numpy(walk[:, i + 1]).double()
            eps = unets.predict(model, xt, np.full(len(xt), t), text)
            x0 = (torch.from_numpy(xt).double() - (1 - a) ** 0.5 * eps) / a**0.5
            square = (xs - b**0.5 * x0 - (1 - b - sigma**2) ** 0.5 * eps).pow(2)
            error = square.mean(dim=(1, 2, 3)) / h**2
            weighed = weighed + (square.sum(dim=(1, 2, 3)) if weighting == "paper" else 0.5 / len(times) * error)
            plain = plain + error / len(times)
        return weighed, plain

    (W, w), (L, l) = norms(policy, batch["trajectory"]), norms(policy, batch["trajectory_opponent"])
    with torch.no_grad():
        (W0, w0), (L0, l0) = norms(against, batch["trajectory"]), norms(against, batch["trajectory_opponent"])
    inside = -beta * (W - W0 - L + L0)
    value = LOSSES["logistic"](inside).mean()
    out = {"inside": inside, "error_winner": w, "error_loser": l, "error_winner_opponent": w0, "error_loser_opponent": l0}
    value.backward()
    return {"loss": value, **out, **gradients(policy)}


def near(name: str, shape, salt: str, by: float) -> np.ndarray:
    """The rule's tensor, moved a little: both players must be close, or the logit saturates."""
    return seeded.tensor(name, shape) + np.float32(by) * (seeded.tensor(salt + name, shape) - seeded.rule(name, shape)[0])


def adapter(model, salt: str, by: float) -> dict:
    """The LoRA tensors of an adapted model, under PEFT's names."""
    shapes = {public(n): tuple(p.shape) for n, p in model.named_parameters() if ".lora_" in n}
    return {n: near(n, s, salt, by).astype(np.float32) for n, s in shapes.items()}


def load(model, tensors: dict) -> torch.nn.Module:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if public(name) in tensors:
                parameter.copy_(like(model, tensors[public(name)]))
    return model


class Players:
    """Policy and opponent of the step goldens, for both kinds of training."""

    def __init__(self, dtype=torch.float64):
        base = lambda: unets.build(UNET, dtype)
        lora = lambda tensors: load(unets.adapt(base(), "attention", UNET.rank, UNET.alpha), tensors)
        adapted = unets.adapt(base(), "attention", UNET.rank, UNET.alpha)
        self.adapters = {"policy": adapter(adapted, "policy/", 0.002), "opponent": adapter(adapted, "opponent/", 0.002)}
        self.base = base()
        shapes = {n: tuple(p.shape) for n, p in self.base.named_parameters()}
        self.weights = {n: near(n, s, "opponent/", 0.002).astype(np.float32) for n, s in shapes.items()}
        self.policy = {"lora": lora(self.adapters["policy"]), "full": base()}
        self.opponent = {"lora": lora(self.adapters["opponent"]), "full": load(base(), self.weights)}

    def paper(self, name: str) -> dict:
        batch, objective, weighting, steps, beta, eta, gamma = PAPER[name]
        against = self.base if objective == "dpo" else self.opponent["lora"]
        if objective == "exact":
            return exact(self.policy["lora"], against, batches()[batch], weighting, beta, eta)
        return shaped(self.policy["lora"], against, batches()[batch], objective, weighting, steps, beta, gamma)

    def step(self, name: str) -> dict:
        train, batch, objective, loss, beta, *factor = {**STEPS, **GUARDED, **VELOCITY}[name]
        velocity = name in VELOCITY
        with torch.no_grad():
            against = errors(self.base if objective == "dpo" else self.opponent[train], batches()[batch], velocity)
        return step(self.policy[train], against, batches()[batch], objective, loss, beta, *factor, velocity=velocity)
