/** @file CLIP's own vocabulary for a model that brings none, as a single file does. The built-in model has all of it, so nothing is shipped twice. */
import type { FileSystem, ModelFolder } from "../artifacts/model-folder.ts";
import { readWhole } from "../artifacts/random-access.ts";

/** Every Stable Diffusion 1.x has CLIP ViT-L's rows, in the order of its merges. */
const CLIP_ROWS = 49408;

/** The folder with a tokenizer: its own, or else the one of `builtIn`, which is read only then. Another table of tokens stays without. */
export async function withVocabulary(folder: ModelFolder, builtIn: FileSystem): Promise<ModelFolder> {
  if (folder.tokenizer || folder.configs.text_encoder?.vocab_size !== CLIP_ROWS) return folder;
  const text = async (path: string) => new TextDecoder().decode(await readWhole(await builtIn.open(path)));
  const [vocab, merges] = await Promise.all([text("tokenizer/vocab.json"), text("tokenizer/merges.txt")]);
  return { ...folder, tokenizer: { vocab, merges } };
}
