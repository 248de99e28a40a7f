/**
 * @file CLIP's tokenizer from the two files that SD-1.5 ships, vocab.json and merges.txt: lower case, byte-level BPE with `</w>`
 * at a word's end, <|startoftext|> before, <|endoftext|> behind and as padding up to 77. A smaller vocabulary works too;
 * what it lacks becomes <|endoftext|>, CLIP's unknown token. Matches: transformers' CLIPTokenizer (which leaves HTML entities).
 */
import { Tokenizer as BpeTokenizer } from "@huggingface/tokenizers";
import { StudioError } from "../lib/errors.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";

export interface Encoded {
  /** as many as the text encoder takes, 77 */
  readonly ids: readonly number[];
  /** tokens of the text itself, before anything was cut: up to 75 fit */
  readonly count: number;
  /** the text that fits, as the tokens say it, and the end that does not, or "" */
  readonly kept: string;
  readonly cut: string;
}

export interface Tokenizer {
  readonly length: number;
  /** @throws StudioError `prompt` for a text of more than 10,000 characters. */
  encode(text: string): Encoded;
}

const start = "<|startoftext|>";
const end = "<|endoftext|>";
const maxCharacters = 10_000;

/** `length` is the text encoder's max_position_embeddings. */
export function createTokenizer(vocabJson: string, mergesTxt: string, length = 77): Tokenizer {
  const vocab = parseJsonObject(vocabJson, "vocab.json");
  const startId = markOf(vocab, start);
  const endId = markOf(vocab, end);
  const bpe = new BpeTokenizer(tokenizerJson(vocab, parseMerges(mergesTxt), startId, endId), {});
  const room = length - 2;
  return {
    length,
    encode: (text) => {
      if (text.length > maxCharacters) {
        throw new StudioError(
          "prompt",
          `A prompt has ${text.length} characters, and at most ${maxCharacters} are read.`,
        );
      }
      const words = bpe.encode(text, { add_special_tokens: false }).ids;
      const ids = [startId, ...words.slice(0, room)];
      while (ids.length < length) ids.push(endId);
      ids[length - 1] = endId;
      const textOf = (tokens: number[]) => (tokens.length > 0 ? bpe.decode(tokens).trim() : "");
      return { ids, count: words.length, kept: textOf(words.slice(0, room)), cut: textOf(words.slice(room)) };
    },
  };
}

function markOf(vocab: JsonObject, mark: string): number {
  const id = Object.hasOwn(vocab, mark) ? vocab[mark] : undefined;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0) return id;
  throw new StudioError("tokenizer", `vocab.json has no ${mark}, and CLIP's vocabulary was expected.`);
}

/** One merge a line, most frequent first; the first line names the file's version. */
function parseMerges(text: string): readonly (readonly string[])[] {
  const merges: (readonly string[])[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || (i === 0 && line.startsWith("#version"))) continue;
    const pair = line.split(" ");
    if (pair.length !== 2)
      throw new StudioError("tokenizer", `Line ${i + 1} of merges.txt is not two parts with a space between.`);
    merges.push(pair);
  }
  return merges;
}

/** The same tokenizer in the form of tokenizer.json, which SD-1.5 does not ship. */
function tokenizerJson(
  vocab: JsonObject,
  merges: readonly (readonly string[])[],
  startId: number,
  endId: number,
): object {
  const mark = (content: string, id: number) => ({ id, content, special: true, normalized: false });
  const words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  return {
    version: "1.0",
    added_tokens: [mark(start, startId), mark(end, endId)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: words }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      unk_token: end,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}
