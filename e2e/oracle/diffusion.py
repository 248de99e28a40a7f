"""Goldens for src/diffusion and src/spin from torch and diffusers: e2e/goldens/diffusion/*.json.

Run: python e2e/oracle/diffusion.py    (torch, diffusers; CPU; a few seconds; the outputs are committed)
"""

import json
import math
import types
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMScheduler, StableDiffusionPipeline
from diffusers.models.embeddings import get_timestep_embedding
from diffusers.training_utils import EMAModel

OUT = Path(__file__).parent.parent / "goldens" / "diffusion"
SD15 = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)


def numbers(tensor):
    """float32 as the shortest decimals that read back to the same bits."""
    return [float(f"{x:.9g}") for x in tensor.detach().double().flatten().tolist()]


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    versions = {"torch": torch.__version__, "diffusers": __import__("diffusers").__version__}
    (OUT / f"{name}.json").write_text(json.dumps({"made with": versions, **value}) + "\n")


def schedule():
    ddpm = DDPMScheduler(**SD15)
    x0 = torch.randn(4, 16, generator=torch.Generator().manual_seed(1))
    eps = torch.randn(4, 16, generator=torch.Generator().manual_seed(2))
    t = torch.tensor([0, 1, 500, 999])
    write("schedule", {
        "betas": numbers(ddpm.betas),
        "alphasCumprod": numbers(ddpm.alphas_cumprod),
        "x0": numbers(x0), "eps": numbers(eps), "t": t.tolist(), "xt": numbers(ddpm.add_noise(x0, eps, t)),
    })


def embedding():
    cases = []
    for dim, flip, shift in [(32, True, 0), (320, True, 0), (7, False, 1)]:
        t = torch.tensor([0, 1, 250, 981, 999])
        emb = get_timestep_embedding(t, dim, flip_sin_to_cos=flip, downscale_freq_shift=shift)
        cases.append({"dim": dim, "flipSinToCos": flip, "downscaleFreqShift": shift, "t": t.tolist(), "emb": numbers(emb)})
    write("embedding", {"cases": cases})


def randn():
    cases = []
    for seed in [0, 1, 5775709, 2**32 - 1, 2**32 + 7, 2**53 - 1, -1]:
        for size in [1, 5, 15, 16, 17, 100, 4 * 8 * 8, 4 * 64 * 64]:
            x = torch.randn(size, generator=torch.Generator().manual_seed(seed))
            stride = 1 if size <= 256 else 127
            cases.append({"seed": seed, "size": size, "stride": stride,
                          "values": numbers(x[::stride]), "last": numbers(x[-16:])})
    calls = torch.Generator().manual_seed(3)
    write("randn", {"cases": cases, "calls": [numbers(torch.randn(n, generator=calls)) for n in [3, 16, 4, 21, 1]]})


class Eps(torch.nn.Module):
    """The exact denoiser of N(mu, 1), bent: eps = sqrt(1 - a_t) (x - sqrt(a_t) mu) + 0.05 sin(3 x + t / 100), mu = mean of the text."""

    def __init__(self, alphas_cumprod):
        super().__init__()
        self.a = alphas_cumprod
        self.config = types.SimpleNamespace(in_channels=4, sample_size=8, time_cond_proj_dim=None)
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def forward(self, x, t, encoder_hidden_states, **_):
        a, mu = self.a[int(t)], encoder_hidden_states.mean(dim=(1, 2))[:, None, None, None]
        return ((1 - a).sqrt() * (x - a.sqrt() * mu) + 0.05 * torch.sin(3 * x + float(t) / 100),)


def ddim():
    """The whole of StableDiffusionPipeline around an analytic model: order of the batch, seeds, timesteps, guidance."""
    scheduler = DDIMScheduler(**SD15, clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    pipe = StableDiffusionPipeline(
        vae=None, text_encoder=None, tokenizer=None, unet=Eps(scheduler.alphas_cumprod), scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    text = torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(9))  # two prompts and the negative one
    steps = []
    for count in [1, 7, 20, 50, 999]:
        scheduler.set_timesteps(count)
        steps.append({"steps": count, "timesteps": scheduler.timesteps.tolist()})
    cases = []
    for count, scale in [(50, 7.5), (20, 3.0), (50, 1.0)]:
        out = pipe(prompt_embeds=text[:2], negative_prompt_embeds=text[2:].expand(2, -1, -1), height=64, width=64,
                   num_inference_steps=count, guidance_scale=scale, output_type="latent",
                   generator=[torch.Generator().manual_seed(s) for s in (11, 2**32 + 12)])
        cases.append({"steps": count, "scale": scale, "seeds": [11, 2**32 + 12], "latents": numbers(out.images)})
    write("ddim", {"timesteps": steps, "text": numbers(text), "cases": cases})


def adamw():
    cases = []
    for lr, decay, scale in [(2e-5, 1e-2, 1.0), (1e-3, 0.1, 1e-3), (1e-4, 0.0, 30.0)]:
        g = torch.Generator().manual_seed(4)
        start = torch.randn(40, generator=g)
        start[:4] = torch.tensor([1.0, -1.0, 0.0, 100.0])
        p = torch.nn.Parameter(start.clone())
        opt = torch.optim.AdamW([p], lr=lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=decay)
        gradients = torch.randn(10, 40, generator=g) * scale
        gradients[:, 5] = 0
        rates, steps = [], []
        for i, gradient in enumerate(gradients):
            rates.append(lr * min(1, (i + 1) / 4))
            opt.param_groups[0]["lr"] = rates[-1]
            p.grad = gradient.clone()
            opt.step()
            steps.append(numbers(p))
        s = opt.state[p]
        cases.append({"weightDecay": decay, "rates": rates, "start": numbers(start), "gradients": numbers(gradients),
                      "vectors": steps, "m": numbers(s["exp_avg"]), "v": numbers(s["exp_avg_sq"])})
    write("adamw", {"cases": cases})


def ema():
    """Twelve updates of weights that wander; the decay is reached after some of them, or never."""
    cases = []
    for decay in (0.5, 0.9999):
        g = torch.Generator().manual_seed(6)
        p = torch.nn.Parameter(torch.randn(20, generator=g))
        start, model = numbers(p), EMAModel([p], decay=decay)
        vectors, averages, decays = [], [], []
        for _ in range(12):
            p.data += 0.1 * torch.randn(20, generator=g)
            model.step([p])
            vectors.append(numbers(p))
            averages.append(numbers(model.shadow_params[0]))
            decays.append(model.cur_decay_value)
        cases.append({"decay": decay, "start": start, "vectors": vectors, "averages": averages, "decays": decays})
    write("ema", {"cases": cases})


def clip():
    cases = []
    for scale, limit in [(1.0, 1.0), (1e-3, 1.0), (50.0, 0.3)]:
        p = [torch.nn.Parameter(torch.zeros(n)) for n in (7, 30)]
        for i, x in enumerate(p):
            x.grad = torch.randn(x.shape, generator=torch.Generator().manual_seed(i)) * scale
        before = torch.cat([x.grad.clone() for x in p])
        norm = torch.nn.utils.clip_grad_norm_(p, limit)
        cases.append({"maxNorm": limit, "gradient": numbers(before), "norm": norm.item(),
                      "clipped": numbers(torch.cat([x.grad for x in p]))})
    write("clip", {"cases": cases})


def losses():
    """Value and slope of the three objectives at u = inside, in float64."""
    u = torch.tensor([-800.0, -50.0, -3.0, -1e-9, 0.0, 1e-9, 0.5, 0.999, 1.001, 3.0, 40.0, 800.0], dtype=torch.float64)
    out = {"u": u.tolist()}
    functions = {"logistic": lambda x: -torch.nn.functional.logsigmoid(x), "hinge": lambda x: torch.relu(1 - x), "correlation": lambda x: 1 - x}
    for name, function in functions.items():
        x = u.clone().requires_grad_()
        y = function(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        out[name] = {"value": y.tolist(), "slope": slope.tolist()}
    write("losses", out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    assert math.isclose(float(DDPMScheduler(**SD15).alphas_cumprod[-1]), 0.0047, rel_tol=0.01)
    for make in (schedule, embedding, randn, ddim, adamw, ema, clip, losses):
        make()
