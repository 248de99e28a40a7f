import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ModelFolder } from "../artifacts/model-folder.ts";
import { bytesAccess } from "../artifacts/random-access.ts";
import { createTokenizer } from "../artifacts/tokenizer.ts";
import { withVocabulary } from "./clip-vocabulary.ts";

function builtIn() {
  const opened: string[] = [];
  const open = async (path: string) => {
    opened.push(path);
    return bytesAccess(readFileSync(`public/pocket/${path}`));
  };
  return { opened, list: async () => [], open };
}

const model = (vocab_size: number, tokenizer: ModelFolder["tokenizer"] = null): ModelFolder => ({
  configs: { text_encoder: { vocab_size } },
  tensors: {},
  tokenizer,
});

test("a model without a tokenizer is given CLIP's", async () => {
  const files = builtIn();
  const { tokenizer } = await withVocabulary(model(49408), files);
  expect(files.opened).toEqual(["tokenizer/vocab.json", "tokenizer/merges.txt"]);
  const { encode } = createTokenizer(tokenizer?.vocab ?? "", tokenizer?.merges ?? "");
  expect(encode("a photo of a cat").ids.slice(0, 7)).toEqual([49406, 320, 1125, 539, 320, 2368, 49407]);
});

test("a model's own tokenizer is kept, one for other tokens is not made up, and neither fetches anything", async () => {
  const files = builtIn();
  const own = model(49408, { vocab: "{}", merges: "" });
  expect(await withVocabulary(own, files)).toBe(own);
  const other = model(1000);
  expect(await withVocabulary(other, files)).toBe(other);
  expect(files.opened).toEqual([]);
});
