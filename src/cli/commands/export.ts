/** @file `studio export RUN`: what a run made of a model, in the forms that other programs read; without a run the model itself. */
import { exportedFiles, exportForms } from "../../artifacts/export-forms.ts";
import { sizeOfFiles } from "../../artifacts/streamed-file.ts";
import { StudioError } from "../../lib/errors.ts";
import { readTextConfig } from "../../models/config.ts";
import { factorOf, resolutionOf } from "../../studio/model.ts";
import { command } from "../command.ts";
import { writeFileWhole, writeFolderWhole } from "../files.ts";
import { modelFiles, openModelFolder } from "../model-files.ts";
import { integer, oneOf, required, text } from "../options.ts";
import { size as shown } from "../table.ts";
import { openRun } from "../trained-model.ts";

export const exportModel = command({
  name: "export",
  summary: "Writes a trained model, its LoRA added up, as a diffusers folder, as one file or as ONNX.",
  positional: {
    placeholder: "RUN",
    help: "a run's folder, one of its checkpoints, or a LoRA; none: the model as it came",
  },
  options: {
    model: required(text("DIR", "the model that was trained, as a folder or as one file")),
    out: required(text("PATH", "the new folder; of single-file the file")),
    as: oneOf(
      exportForms,
      "pipeline: a whole diffusers folder; unet: its UNet's; single-file: for A1111 and ComfyUI; onnx: the UNet, and model.onnx that points into its weights",
      "pipeline",
    ),
    dtype: oneOf(["float16", "float32"], "float16 is half as large, float32 exact", "float16"),
    iteration: integer("of the run; the newest by default", { min: 1 }),
    resolution: integer("side in pixels, which an ONNX file fixes; the model's own by default", { min: 8, max: 4096 }),
    batch: integer("rows of an ONNX file's inputs; two are a picture with guidance", { min: 1, max: 1024 }, 2),
  },
  run: async ({ model: path, out, as, dtype, iteration, resolution, batch }, run) => {
    const folder = await openModelFolder(path);
    const trained = run === "" ? { folder, trained: {}, title: "Model" } : await openRun(run, folder, iteration);
    const side = resolution ?? resolutionOf(folder.configs);
    const factor = factorOf(folder.configs.vae);
    if (side % factor !== 0)
      throw new StudioError("resolution", `The resolution is ${side}, expected a multiple of ${factor}.`);
    const { max_position_embeddings: tokens } = readTextConfig(folder.configs.text_encoder ?? {});
    const files = await exportedFiles(as, trained, {
      dtype: dtype === "float16" ? "F16" : "F32",
      titled: { title: trained.title, side, now: new Date() },
      size: { batch, height: side / factor, width: side / factor, tokens },
      picked: await modelFiles(path),
    });
    const [single] = files.values();
    if (as === "single-file" && single) await writeFileWhole(out, single);
    else await writeFolderWhole(out, files);
    const bytes = sizeOfFiles(files);
    return {
      json: { out, form: as, title: trained.title, files: [...files.keys()].sort(), bytes },
      text: `${out} holds ${trained.title} as ${dtype}, ${shown(bytes)}.`,
    };
  },
});
