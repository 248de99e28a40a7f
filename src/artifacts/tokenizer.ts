/**
 * @file CLIP's tokenizer from the two files that SD-1.5 ships, vocab.json and merges.txt: byte-pair encoding with `</w>` at a word's
 * end, <|startoftext|> before, <|endoftext|> behind and as padding up to 77. A smaller vocabulary works too; what it lacks becomes
 * <|endoftext|>, CLIP's unknown token. Matches: transformers' CLIPTokenizer, see clip-words.ts.
 */
import { StudioError } from "../lib/errors.ts";
import { endMark, placeInPrompt, splitWords, startMark, type Word } from "./clip-words.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";

export interface Encoded {
  /** as many as the text encoder takes, 77 */
  readonly ids: readonly number[];
  /** tokens of the text itself, before anything was cut: up to 75 fit */
  readonly count: number;
  /** the text that fits, and the end that does not, or "": together they are the text; a character that is cut in two is in `cut` */
  readonly kept: string;
  readonly cut: string;
}

export interface Tokenizer {
  readonly length: number;
  /** @throws StudioError `prompt` for a text of more than 10,000 characters. */
  encode(text: string): Encoded;
}

const maxCharacters = 10_000;

/** `length` is the text encoder's max_position_embeddings. */
export function createTokenizer(vocabJson: string, mergesTxt: string, length = 77): Tokenizer {
  const vocab = parseJsonObject(vocabJson, "vocab.json");
  const startId = markOf(vocab, startMark);
  const endId = markOf(vocab, endMark);
  const ranks = parseMerges(mergesTxt);
  const room = length - 2;
  const idOf = (symbol: string): number => {
    const id = Object.hasOwn(vocab, symbol) ? vocab[symbol] : undefined;
    return typeof id === "number" ? id : endId;
  };
  return {
    length,
    encode: (text) => {
      if (text.length > maxCharacters) {
        throw new StudioError(
          "prompt",
          `A prompt has ${text.length} characters, and at most ${maxCharacters} are read.`,
        );
      }
      const tokens = splitWords(text).flatMap((word) => tokensOf(word, ranks));
      const ids = [startId, ...tokens.slice(0, room).map(({ symbol }) => idOf(symbol))];
      while (ids.length < length) ids.push(endId);
      const first = tokens[room];
      const end = first ? placeInPrompt(text, { ...first.word, offset: first.offset }) : text.length;
      return { ids, count: tokens.length, kept: text.slice(0, end), cut: text.slice(end) };
    },
  };
}

function markOf(vocab: JsonObject, mark: string): number {
  const id = Object.hasOwn(vocab, mark) ? vocab[mark] : undefined;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0) return id;
  throw new StudioError("tokenizer", `vocab.json has no ${mark}, and CLIP's vocabulary was expected.`);
}

/** "left right" -> rank. One merge a line, most frequent first; the first line names the file's version. */
type Ranks = ReadonlyMap<string, number>;

function parseMerges(text: string): Ranks {
  const ranks = new Map<string, number>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || (i === 0 && line.startsWith("#version"))) continue;
    if (!/^[^ ]+ [^ ]+$/.test(line))
      throw new StudioError("tokenizer", `Line ${i + 1} of merges.txt is not two parts with a space between.`);
    ranks.set(line, i);
  }
  return ranks;
}

interface Token {
  readonly symbol: string;
  readonly word: Word;
  /** where the character of its first byte begins in the normalized section */
  readonly offset: number;
}

const wordEnd = "</w>";

function tokensOf(word: Word, ranks: Ranks): Token[] {
  if (word.mark) return [{ symbol: word.text, word, offset: word.offset }];
  const { symbols, offsets } = bytesOf(word);
  let byte = 0;
  return merge(symbols, ranks).map((symbol) => {
    const offset = offsets[byte] ?? word.offset;
    byte += symbol.endsWith(wordEnd) ? symbol.length - wordEnd.length : symbol.length;
    return { symbol, word, offset };
  });
}

const utf8 = new TextEncoder();

/** A word's bytes as the vocabulary's letters, and for each the place of its character. */
function bytesOf({ text, offset }: Word): { symbols: string[]; offsets: number[] } {
  const symbols: string[] = [];
  const offsets: number[] = [];
  let at = offset;
  for (const character of text) {
    for (const byte of utf8.encode(character)) {
      symbols.push(byteLetters[byte] as string);
      offsets.push(at);
    }
    at += character.length;
  }
  symbols.push((symbols.pop() ?? "") + wordEnd);
  return { symbols, offsets };
}

/** Joins the pair of the lowest rank wherever it stands, from the left, until no pair has a rank. */
function merge(symbols: readonly string[], ranks: Ranks): readonly string[] {
  const rankOf = (left: string, right: string): number => ranks.get(`${left} ${right}`) ?? Infinity;
  let parts = symbols;
  // of each part and the next one
  let pairs = symbols.slice(1).map((right, i) => rankOf(symbols[i] as string, right));
  for (;;) {
    const best = pairs.reduce((a, b) => Math.min(a, b), Infinity);
    if (best === Infinity) return parts;
    const joined: string[] = [];
    const joinedPairs: number[] = [];
    let fresh = false;
    for (let i = 0; i < parts.length; i++) {
      const joins = pairs[i] === best;
      const part = joins ? `${parts[i]}${parts[i + 1]}` : (parts[i] as string);
      const before = joined.at(-1);
      if (before !== undefined) joinedPairs.push(joins || fresh ? rankOf(before, part) : (pairs[i - 1] as number));
      joined.push(part);
      fresh = joins;
      if (joins) i++;
    }
    [parts, pairs] = [joined, joinedPairs];
  }
}

/** GPT-2's letters for bytes: those that print stand for themselves, the others for U+0100 onwards. */
const byteLetters: readonly string[] = (() => {
  const prints = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : next++));
})();
