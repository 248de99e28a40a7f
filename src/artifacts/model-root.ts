/** @file Where in a picked folder the model lies: people pick the folder above it, and browsers put the picked folder's name first. */
import { StudioError } from "../lib/errors.ts";
import type { FileSystem } from "./model-folder.ts";

/** A path that tells where a diffusers folder begins. */
const mark =
  /^(.*\/)?(?:model_index\.json|(?:unet|vae|vae_encoder|vae_decoder|text_encoder|text_encoder_2|transformer)\/[^/]+)$/;

/** What is above the model: "" or a path that ends with "/". @throws StudioError `model` where the folder holds several. */
export function modelRoot(paths: Iterable<string>): string {
  const all = [...paths];
  const roots = [...new Set(all.flatMap((path) => (mark.test(path) ? (mark.exec(path)?.[1] ?? "") : [])))].sort();
  const [first, ...others] = roots;
  if (first === undefined) return commonFolder(all);
  const beside = others.filter((root) => !root.startsWith(first));
  if (beside.length === 0) return first;
  const names = [first, ...beside].map((root) => root.slice(0, -1));
  throw new StudioError(
    "model",
    `The folder holds ${names.length} models (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}), and one was expected.`,
    "Pick one of these folders.",
  );
}

function commonFolder(paths: readonly string[]): string {
  const [first = ""] = paths;
  const parts = first.split("/").slice(0, -1);
  let root = "";
  for (const part of parts) {
    const longer = `${root}${part}/`;
    if (!paths.every((path) => path.startsWith(longer))) break;
    root = longer;
  }
  return root;
}

export function filesBelow(files: FileSystem, root: string): FileSystem {
  if (root === "") return files;
  return {
    list: async () =>
      (await files.list()).filter((path) => path.startsWith(root)).map((path) => path.slice(root.length)),
    open: (path) => files.open(root + path),
  };
}
