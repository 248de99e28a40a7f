/** @file `studio generate`: a prompt to a PNG that carries what made it, and the latents where they are asked for. */
import { withLoras } from "../../artifacts/lora-folder.ts";
import { samplerTitles } from "../../diffusion/samplers.ts";
import { readUNetConfig } from "../../models/config.ts";
import { cutFor } from "../../studio/cut.ts";
import { basename, resolve } from "node:path";
import { writeSafetensors } from "../../artifacts/safetensors.ts";
import { generate as makePicture } from "../../studio/generate.ts";
import { backendOption, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { writeFileWhole } from "../files.ts";
import { encodePng, parametersText } from "../images.ts";
import { openAdapter, openLoras, openModelFolder } from "../model-files.ts";
import { integer, number, required, text } from "../options.ts";
import { compileOptions, lorasOption, samplerOption, vaeTileOption } from "../shared-options.ts";

export const generate = command({
  name: "generate",
  summary: "Draws a picture; the seed means what it means to diffusers on the CPU.",
  options: {
    model: required(text("PATH", "the model: a diffusers folder, or a checkpoint in one .safetensors file")),
    prompt: required(text("P", "what to draw")),
    out: required(text("FILE", "the PNG")),
    negative: text("P", "what to keep away from", ""),
    seed: integer("of the initial noise", {}, 0),
    steps: integer("of the sampler", { min: 1, max: 1000 }, 50),
    sampler: samplerOption("the model's own by default, or ddim where that is another"),
    guidance: number("classifier-free guidance; 1 is none", { min: 0 }, 7.5),
    resolution: integer("side in pixels; the model's own by default", { min: 1, max: 4096 }),
    lora: lorasOption("merged into the model, text encoder too"),
    adapter: text("FILE", "a LoRA, in PEFT's, diffusers' or kohya's names"),
    latents: text("FILE", "where the final latents go too, as safetensors"),
    ...compileOptions,
    "vae-tile": vaeTileOption,
    backend: backendOption,
  },
  run: async (options, _, { progress }) => {
    const { prompt, negative, seed, steps, guidance, cut, weights, out } = options;
    const opened = await openModelFolder(options.model);
    for (const note of opened.notes ?? []) progress(note);
    const folder = withLoras(opened, await openLoras(options.lora, opened, progress));
    const lora = options.adapter === undefined ? null : await openAdapter(options.adapter, folder);
    const { sampler, latents, shape, side, rgba } = await withBackend(options.backend, (backend) =>
      makePicture(
        backend,
        { folder, lora },
        {
          prompt,
          negativePrompt: negative,
          seed,
          steps,
          sampler: options.sampler ?? null,
          guidance,
          cut: cutFor(cut, readUNetConfig(folder.configs.unet ?? {})),
          weights,
          vaeTile: options["vae-tile"] ?? null,
          resolution: options.resolution ?? null,
          onProgress: (done, of) => {
            if (done % 10 === 0 || done === of) progress(`step ${done} of ${of}`);
          },
        },
      ),
    );
    const model = basename(resolve(options.model));
    const made = {
      prompt,
      negativePrompt: negative,
      steps,
      sampler: samplerTitles[sampler],
      guidance,
      seed,
      width: side,
      height: side,
      model,
    };
    if (options.latents !== undefined) {
      const tensor = { dtype: "F32", shape: [1, ...shape], data: latents } as const;
      await writeFileWhole(options.latents, writeSafetensors(new Map([["latents", tensor]])));
    }
    await writeFileWhole(out, encodePng({ width: side, height: side, rgba }, parametersText(made)));
    return { json: { out, latents: options.latents ?? null, ...made }, text: `${out}: ${side}x${side}, seed ${seed}` };
  },
});
