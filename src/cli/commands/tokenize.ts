/** @file `studio tokenize TEXT`: what CLIP's text encoder is given for a prompt. */
import { join } from "node:path";
import { createTokenizer } from "../../artifacts/tokenizer.ts";
import { readTextConfig } from "../../models/config.ts";
import { parseJsonObject } from "../../artifacts/json-object.ts";
import { command } from "../command.ts";
import { listFiles, readText } from "../files.ts";
import { integer, refuse, text } from "../options.ts";

export const tokenize = command({
  name: "tokenize",
  summary: "Prints a prompt's tokens, and what of it was cut off.",
  positional: { placeholder: "TEXT", help: "the prompt" },
  options: {
    model: text("DIR", "the model whose tokenizer is used"),
    vocab: text("FILE", "vocab.json, instead of a model"),
    merges: text("FILE", "merges.txt, instead of a model"),
    length: integer("tokens in all; the text encoder's, else 77", { min: 3, max: 1024 }),
  },
  run: async (options, prompt) => {
    const { vocab, merges, length } = await filesOf(options);
    const tokenizer = createTokenizer(await readText(vocab), await readText(merges), options.length ?? length);
    const { ids, count, cut } = tokenizer.encode(prompt);
    const tail = cut === "" ? "" : `\ncut off: ${cut}`;
    return { json: { ids, count, cut }, text: `${ids.join(" ")}\n${count} of ${tokenizer.length - 2} tokens${tail}` };
  },
});

async function filesOf(given: {
  readonly model: string | undefined;
  readonly vocab: string | undefined;
  readonly merges: string | undefined;
}): Promise<{ vocab: string; merges: string; length: number }> {
  const { model, vocab, merges } = given;
  if (model === undefined) {
    if (vocab === undefined || merges === undefined)
      return refuse("A tokenizer is missing, and either --model or --vocab and --merges were expected.");
    return { vocab, merges, length: 77 };
  }
  const config = "text_encoder/config.json";
  const known = (await listFiles(model)).includes(config);
  const json = known ? parseJsonObject(await readText(join(model, config)), config) : {};
  return {
    vocab: vocab ?? join(model, "tokenizer", "vocab.json"),
    merges: merges ?? join(model, "tokenizer", "merges.txt"),
    length: known ? readTextConfig(json).max_position_embeddings : 77,
  };
}
