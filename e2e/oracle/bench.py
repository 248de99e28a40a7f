"""The bench's rival: the work of src/studio/bench.ts in PyTorch eager, on the same weights and batches.

`python e2e/oracle/bench.py THREADS` reads a setting (bench-models.ts, JSON) from the first line of its input, then a work
a line, and answers each with a line: the seconds that it took. `values` is answered with the errors themselves, `resident` with
the most bytes that the process had.
"""

import json
import math
import resource
import sys
import time

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

import seeded
import unets
from common import seed_weights

BETA = 2000


def numbers(name: str, *shape: int) -> torch.Tensor:
    """Of variance 1."""
    return torch.from_numpy(seeded.uniform(name, math.prod(shape), scale=math.sqrt(3))).reshape(shape)


class Model:
    def __init__(self, s: dict):
        config = s["configs"]["unet"]
        self.unet = seed_weights(UNet2DConditionModel.from_config(config)).train()
        if s["train"] == "lora":
            self.unet = unets.adapt(self.unet, "attention", s["rank"], s["rank"])
        if s["cut"] != "whole":
            self.unet.enable_gradient_checkpointing()
        self.vae = seed_weights(AutoencoderKL.from_config(s["configs"]["vae"])).eval() if "picture" in s["works"] else None
        self.scheduler = DDIMScheduler.from_config(s["configs"]["scheduler"])
        self.trained = [p for p in self.unet.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-9, weight_decay=1e-2)
        self.s, self.rows = s, 2 * s["pairs"]
        side = s["side"] // 2 ** (len(s["configs"]["vae"]["block_out_channels"]) - 1)
        self.latents = (config["in_channels"], side, side)
        self.text = lambda rows: numbers("bench/text", rows, s["tokens"], config["cross_attention_dim"])
        self.batches = {rows: self.batch(rows) for rows in {2, self.rows}}
        self.x0 = [numbers(f"bench/{name}", 1, *self.latents).expand(s["pairs"], -1, -1, -1) for name in ("x0", "x0_prime")]

    def batch(self, rows: int) -> tuple:
        t = torch.tensor([(37 + 61 * i) % 1000 for i in range(rows)])
        return numbers("bench/xt", rows, *self.latents), t, self.text(rows), numbers("bench/target", rows, *self.latents)

    def losses(self, x, t, text, target):
        return (self.unet(x, t, text).sample - target).pow(2).mean(dim=(1, 2, 3))

    @torch.no_grad()
    def forward(self):
        return self.unet(*self.batches[2][:3]).sample

    @torch.no_grad()
    def errors(self):
        return self.losses(*self.batches[self.rows])

    def step(self):
        pairs = self.s["pairs"]
        t = torch.randint(0, 1000, (pairs,)).repeat(2)
        noise = torch.randn(pairs, *self.latents).repeat(2, 1, 1, 1)
        x = self.scheduler.add_noise(torch.cat(self.x0), noise, t)
        text = self.text(1).expand(self.rows, -1, -1)
        with torch.no_grad():
            winner0, loser0 = self.losses(x, t, text, noise).chunk(2)
        winner, loser = self.losses(x, t, text, noise).chunk(2)
        inside = -0.5 * BETA * (winner - winner0 - (loser - loser0))
        loss = -torch.nn.functional.logsigmoid(inside).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    @torch.no_grad()
    def picture(self):
        self.scheduler.set_timesteps(self.s["steps"])
        x, text = torch.randn(1, *self.latents), self.text(1).repeat(2, 1, 1)
        for t in self.scheduler.timesteps:
            uncond, cond = self.unet(torch.cat([x, x]), t, text).sample.chunk(2)
            x = self.scheduler.step(uncond + self.s["guidance"] * (cond - uncond), t, x).prev_sample
        pixels = self.vae.decode(x / self.vae.config.scaling_factor).sample
        return ((pixels / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    model = Model(json.loads(sys.stdin.readline()))
    print("null", flush=True)
    for line in sys.stdin:
        work = line.strip()
        if work == "values":
            answer = model.errors().tolist()
        elif work == "resident":
            answer = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # in KiB on Linux
        else:
            start = time.perf_counter()
            getattr(model, work)()
            answer = time.perf_counter() - start
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
