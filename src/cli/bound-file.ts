/** @file The UNet as an ONNX file among the model's own files. onnxruntime reads weights in that file's folder or below, not behind links. */
import { realpathSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { type BoundSize, boundUNet } from "../artifacts/bound-unet.ts";
import { modelRoot } from "../artifacts/model-root.ts";
import { required, StudioError } from "../lib/errors.ts";
import { listFiles } from "./files.ts";
import { openModelFolder } from "./model-files.ts";

/** What is to be written to `path`. @throws StudioError `bind` where the weights cannot be read from there as they lie. */
export async function boundFile(model: string, path: string, size: BoundSize): Promise<Uint8Array> {
  const { configs, tensors } = await openModelFolder(model, ["unet"]);
  const root = await rootOf(model);
  const home = realFolder(dirname(resolve(path)));
  const locate = (file: string): string => {
    const real = realpathSync(join(root, file));
    const location = relative(home, real);
    if (location.startsWith("..") || isAbsolute(location))
      throw new StudioError(
        "bind",
        `${path} cannot point to ${real}, for ONNX files read weights in their own folder or below.`,
        `Write it into ${dirname(real)} or a folder above that.`,
      );
    return location.split(sep).join("/");
  };
  const config = required(configs.unet, "the UNet's configuration");
  return boundUNet(config, size, required(tensors.unet, "the UNet"), locate);
}

async function rootOf(model: string): Promise<string> {
  if ((await stat(model)).isFile()) return dirname(model);
  return join(model, modelRoot(await listFiles(model)));
}

/** A folder that is not there yet lies in its parent's real one. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realFolder(dirname(path)), basename(path));
  }
}
