"""Goldens of the samplers from diffusers' own schedulers.

    python e2e/oracle/samplers.py        writes e2e/goldens/diffusion/samplers.json and e2e/goldens/models/samplers

The first file has the schedulers alone, around a model that is linear in x. The folder has what StableDiffusionPipeline draws
with each and the nano pipeline of generate.py: the final latents, and the scheduler as diffusers saves it.
"""

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, PNDMScheduler

import generate
from common import save
from diffusion import SD15, numbers, write

DPM = dict(algorithm_type="dpmsolver++", solver_order=2, final_sigmas_type="zero", lower_order_final=True)
SAMPLERS = {
    "ddim": (DDIMScheduler, dict(clip_sample=False)),
    "pndm": (PNDMScheduler, dict(skip_prk_steps=True)),
    "dpmpp-2m": (DPMSolverMultistepScheduler, DPM),
    "dpmpp-2m-karras": (DPMSolverMultistepScheduler, dict(DPM, use_karras_sigmas=True)),
}
PREDICTIONS = ("epsilon", "v_prediction")
SPACINGS = ("leading", "trailing", "linspace")
BETAS = {
    "scaled_linear": {},
    "linear": dict(beta_start=0.0001, beta_end=0.02, beta_schedule="linear"),
    "squaredcos_cap_v2": dict(beta_schedule="squaredcos_cap_v2"),
}
FOLDER = generate.FOLDER.parent / "samplers"


def scheduler(name: str, **config):
    kind, own = SAMPLERS[name]
    if name == "ddim" or name == "pndm":
        own = dict(own, set_alpha_to_one=config.pop("set_alpha_to_one", False))
    return kind(**{**SD15, **own, "steps_offset": 1, **config})


def alone(name: str, count: int, **config) -> dict | None:
    """t of every step (of every 37th where they are many), and where they lead; None where a t lies outside the schedule."""
    s = scheduler(name, **config)
    s.set_timesteps(count)
    timesteps = s.timesteps.tolist()
    if max(timesteps) >= SD15["num_train_timesteps"]:
        return None
    if hasattr(s, "set_begin_index"):
        s.set_begin_index(0)
    x = torch.randn(4, generator=torch.Generator().manual_seed(count))
    start = numbers(x)
    for t in s.timesteps:
        x = s.step(0.5 * x + 0.1 * torch.cos(t / 100), t, x).prev_sample
    stride = 1 if count <= 50 else 37
    return {"sampler": name, "steps": count, **config, "stride": stride, "timesteps": timesteps[::stride], "start": start, "end": numbers(x)}


def ladder() -> list[dict]:
    cases = []
    for name in SAMPLERS:
        for prediction in PREDICTIONS:
            cases += [alone(name, count, prediction_type=prediction) for count in (1, 2, 3, 5, 20, 50, 999)]
        for spacing in SPACINGS:
            cases += [alone(name, count, timestep_spacing=spacing, steps_offset=0) for count in (1, 2, 5, 20, 48, 50)]
        for betas in ("linear", "squaredcos_cap_v2"):
            cases.append(alone(name, 20, **BETAS[betas]))
        if name in ("ddim", "pndm"):
            cases.append(alone(name, 20, set_alpha_to_one=True))
    return [case for case in cases if case]


def alone_goldens() -> None:
    schedules = {name: numbers(DDIMScheduler(**{**SD15, **betas}).alphas_cumprod[::37]) for name, betas in BETAS.items()}
    x0 = torch.randn(16, generator=torch.Generator().manual_seed(1))
    eps = torch.randn(16, generator=torch.Generator().manual_seed(2))
    ddpm = DDIMScheduler(**SD15)
    velocity = [
        {"t": t, "v": numbers(ddpm.get_velocity(x0[None], eps[None], torch.tensor([t])))} for t in (0, 500, 999)
    ]
    write("samplers", {"alphasCumprod": schedules, "velocity": {"x0": numbers(x0), "eps": numbers(eps), "at": velocity}, "cases": ladder()})


def pipeline_goldens() -> None:
    pipe, latents = generate.pipeline(scheduler("ddim")), {}
    for name in SAMPLERS:
        for prediction in PREDICTIONS:
            pipe.scheduler = scheduler(name, prediction_type=prediction)
            pipe.scheduler.save_pretrained(FOLDER / f"{name}-{prediction}")
            latents[f"{name}-{prediction}"] = generate.draw(pipe, pipe.unet)["latents"]
    metadata = dict(prompt=generate.PROMPT, negative=generate.NEGATIVE, steps=generate.STEPS, guidance=generate.GUIDANCE)
    save(FOLDER / "latents.safetensors", latents, **metadata, seed=generate.SEED, resolution=generate.SIDE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    alone_goldens()
    pipeline_goldens()
