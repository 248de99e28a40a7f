/**
 * @file What a scorer is made of, wherever it lies: the tensors of all .safetensors files of a folder, of one file, or of a folder above,
 * and its small text files. Headers are read, weights only when asked for.
 */
import { StudioError } from "../lib/errors.ts";
import { type JsonObject, parsePythonObject } from "./json-object.ts";
import type { FileSystem, ModelTensors } from "./model-folder.ts";
import { modelTensors, type Source } from "./model-tensors.ts";
import { readWhole } from "./random-access.ts";
import { openSafetensors } from "./safetensors.ts";

export interface ScorerFiles {
  readonly tensors: ModelTensors;
  /** Null where there is no file of that name, in whichever folder. */
  json(name: string): Promise<JsonObject | null>;
  text(name: string): Promise<string | null>;
}

const maxTextBytes = 16 * 2 ** 20;

/** Tables of positions and masks, which are no weights. */
const noWeight = /(^|\.)(position_ids|attn_mask)$/;

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** @throws StudioError `scorer` where there are no weights; `safetensors`, `model` for what is damaged. */
export async function openScorerFiles(fs: FileSystem): Promise<ScorerFiles> {
  const paths = await fs.list();
  const sources = await weightsOf(fs, paths);
  const text = async (name: string): Promise<string | null> => {
    const path = paths.find((each) => baseName(each) === name);
    if (path === undefined) return null;
    const source = await fs.open(path);
    if (source.size > maxTextBytes)
      throw new StudioError("scorer", `${path} has ${source.size} bytes, and at most 16 MB of text are read.`);
    return new TextDecoder().decode(await readWhole(source));
  };
  return {
    tensors: modelTensors(sources, (stored) => (noWeight.test(stored) ? null : stored)),
    text,
    json: async (name) => {
      const found = await text(name);
      return found === null ? null : parsePythonObject(found, name);
    },
  };
}

/** Of files that hold the same tensors, as variants do, the one with the shortest name. */
async function weightsOf(fs: FileSystem, paths: readonly string[]): Promise<readonly Source[]> {
  const files = paths.filter((path) => path.endsWith(".safetensors"));
  // one file that was picked is what it is, whatever it is called: its first bytes tell
  const wanted = files.length === 0 && paths.length === 1 ? paths : files;
  if (wanted.length === 0) explainMissing(paths);
  const known = new Set<string>();
  const sources: Source[] = [];
  for (const path of [...wanted].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const file = await openSafetensors(await fs.open(path), path);
    const names = [...file.tensors.keys()].filter((name) => !noWeight.test(name));
    if (names.some((name) => known.has(name))) continue;
    for (const name of names) known.add(name);
    sources.push({ path, file });
  }
  return sources;
}

function explainMissing(paths: readonly string[]): never {
  const pickle = paths.find((path) => /\.(bin|pt|pth|ckpt)$/.test(path));
  if (pickle === undefined)
    throw new StudioError("scorer", "The folder has no .safetensors file, and a scorer's weights were expected.");
  throw new StudioError(
    "scorer",
    `${pickle} is a pickle, which can run code when it is read, and a .safetensors file was expected.`,
    "Nothing of it was run. Convert it where you trust it: torch.load, then safetensors.torch.save_file of its state_dict.",
  );
}
