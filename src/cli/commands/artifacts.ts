/** @file `studio artifacts`: from a model's configurations to plans and ONNX programs on disk. Weights are not read. */
import { readUNetConfig } from "../../models/config.ts";
import { cutFor } from "../../studio/cut.ts";
import { explainLimit } from "../../studio/limits.ts";
import { makeArtifacts } from "../../studio/model.ts";
import { command } from "../command.ts";
import { boundFile } from "../bound-file.ts";
import { writeFileWhole, writeFolderWhole } from "../files.ts";
import { openConfigs } from "../model-files.ts";
import { integer, oneOf, required, text } from "../options.ts";
import { compileOptions, loraOptions, vaeTileOption } from "../shared-options.ts";
import { predictedPeak } from "../../plan/peak.ts";
import { size } from "../table.ts";

export const artifacts = command({
  name: "artifacts",
  summary:
    "Compiles a model's configurations into plans and ONNX programs: an artifact set; its weights stay in the model's files.",
  options: {
    model: required(text("DIR", "the model; only its config.json files are read")),
    out: required(text("DIR", "the new folder")),
    resolution: integer("side of the pictures in pixels; the model's own by default", { min: 1, max: 4096 }),
    batch: integer("pairs of a micro-batch; the UNet runs two rows a pair", { min: 1, max: 1024 }, 1),
    train: oneOf(["full", "lora"], "what is trained", "lora"),
    ...loraOptions,
    ...compileOptions,
    "vae-tile": vaeTileOption,
    bind: text(
      "FILE",
      "and the UNet as this ONNX file, whose weights stay in the model's own; in the model's folder or above",
    ),
  },
  run: async ({
    model,
    out,
    resolution,
    batch,
    train,
    rank,
    alpha,
    targets,
    cut,
    weights,
    "vae-tile": vaeTile,
    bind,
  }) => {
    const folder = await openConfigs(model);
    const rows = { samples: 2 * batch, drawSamples: 2 * batch };
    const lora = { rank, ...(alpha === undefined ? {} : { alpha }), targets };
    const side = resolution === undefined ? {} : { resolution };
    const { artifact, files } = await explainLimit(() =>
      makeArtifacts(folder, {
        ...side,
        ...rows,
        ...lora,
        train,
        cut: cutFor(cut, readUNetConfig(folder.configs.unet ?? {})),
        weights,
        vaeTile: vaeTile ?? null,
      }),
    );
    const { set, choices } = artifact;
    const bound = bind === undefined ? null : await boundFile(model, bind, { ...choices, batch: choices.drawSamples });
    await writeFolderWhole(out, files);
    if (bind !== undefined && bound) await writeFileWhole(bind, bound);
    const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
    const latents = [choices.height, choices.width];
    const programs = Object.keys(set.programs).length;
    const peak = predictedPeak(set.bytes);
    return {
      json: { out, latents, programs, plans: Object.keys(set.plans), trained: set.layout.length, bytes, peak },
      text: `${out}: ${programs} programs, ${size(bytes)}, latents ${latents.join("x")}; ${size(peak)} predicted at the peak.`,
    };
  },
});
