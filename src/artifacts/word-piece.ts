/**
 * @file BERT's tokenizer from vocab.txt, one word piece a line: lower case without accents, words cut at spaces, signs and Chinese
 * characters, each word into the longest pieces there are, `##` before what goes on. Matches: transformers' BertTokenizer (uncased).
 */
import { StudioError } from "../lib/errors.ts";

export interface WordPieces {
  /** [CLS], the pieces, [SEP], then [PAD] up to `length`; `count`: how many come before the padding. What is too long is cut. */
  encode(text: string, length: number): { readonly ids: readonly number[]; readonly count: number };
}

const LONGEST_WORD = 100;

/** Typed in a text they are what they stand for. */
const marks = /(\[(?:CLS|SEP|PAD|UNK|MASK)\])/;

/** @throws StudioError `tokenizer` where vocab.txt lacks one of BERT's marks. */
export function wordPieces(vocabTxt: string): WordPieces {
  const ids = new Map(
    vocabTxt
      .replace(/\r?\n$/, "")
      .split(/\r?\n/)
      .map((piece, id) => [piece, id]),
  );
  const mark = (name: string): number => {
    const id = ids.get(name);
    if (id === undefined)
      throw new StudioError("tokenizer", `vocab.txt has no ${name}, and BERT's vocabulary was expected.`);
    return id;
  };
  const [start, end, pad, unknown] = [mark("[CLS]"), mark("[SEP]"), mark("[PAD]"), mark("[UNK]")];
  const plain = (text: string) => wordsOf(text).flatMap((word) => piecesOf(word, ids) ?? [unknown]);
  return {
    encode: (text, length) => {
      const pieces = text.split(marks).flatMap((part, i) => (i % 2 === 1 ? [mark(part)] : plain(part)));
      const kept = [start, ...pieces.slice(0, length - 2), end];
      return { ids: [...kept, ...new Array<number>(length - kept.length).fill(pad)], count: kept.length };
    },
  };
}

const control = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\uFFFD]/gu;
const accents = /\p{Mn}/gu;
const han =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
/** Signs of ASCII, whatever Unicode calls them, and its punctuation. */
const sign = /[!-/:-@[-`{-~\p{P}]/gu;

function wordsOf(text: string): readonly string[] {
  return text
    .replace(/[\t\n\r\p{Zs}]/gu, " ")
    .replace(control, "")
    .replace(han, " $& ")
    .normalize("NFD")
    .replace(accents, "")
    .toLowerCase()
    .replace(sign, " $& ")
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** Null where a part of the word is in no piece. */
function piecesOf(word: string, ids: ReadonlyMap<string, number>): readonly number[] | null {
  const letters = [...word];
  if (letters.length > LONGEST_WORD) return null;
  const found: number[] = [];
  for (let start = 0; start < letters.length; ) {
    let end = letters.length;
    let id: number | undefined;
    for (; end > start; end--) {
      id = ids.get((start > 0 ? "##" : "") + letters.slice(start, end).join(""));
      if (id !== undefined) break;
    }
    if (id === undefined) return null;
    found.push(id);
    start = end;
  }
  return found;
}
