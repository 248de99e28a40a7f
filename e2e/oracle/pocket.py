"""Real diffusers on a pocket folder: does it load, and does it draw what our Model drew (e2e/pocket.ts)?

    python e2e/oracle/pocket.py public/pocket test-results/pocket

Prints the largest difference of the final latents at guidance 3, and writes diffusers.png beside sheet.png.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from safetensors.numpy import load_file

STEPS, GUIDANCE, COLUMNS, LIMIT = 16, 3.0, 8, 2e-3


def main(folder: Path, drawn: Path, count: int = 16) -> int:
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    ours = load_file(drawn / "pocket.safetensors")
    captions = json.loads((drawn / "captions.json").read_text())[:count]
    # float32 arithmetic on the float16 weights, as the studio computes
    pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    seeds = ours["seeds"][:count].tolist()
    initial = torch.cat([torch.randn(1, 4, 16, 16, generator=torch.Generator("cpu").manual_seed(s)) for s in seeds])
    latents = pipe(
        captions, latents=initial, height=64, width=64, num_inference_steps=STEPS, guidance_scale=GUIDANCE, output_type="latent"
    ).images
    worst = np.abs(latents.numpy() - ours["latents"][:count]).max()
    pictures = pipe.image_processor.postprocess(pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample, output_type="np")
    rows = [np.concatenate(list(pictures[i : i + COLUMNS]), axis=1) for i in range(0, count, COLUMNS)]
    sheet = (np.concatenate(rows) * 255).round().astype(np.uint8)
    Image.fromarray(sheet).save(drawn / "diffusers.png")
    mine = np.asarray(Image.open(drawn / "sheet.png").convert("RGB"))[: sheet.shape[0]]
    apart = np.abs(mine.astype(int) - sheet.astype(int))
    print(json.dumps({"latents": float(worst), "bytes_apart": int(apart.max()), "pictures": count, "limit": LIMIT}))
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
