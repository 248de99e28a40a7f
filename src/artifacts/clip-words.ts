/**
 * @file A prompt as the words that CLIP's byte-pair encoding is applied to. `<|endoftext|>` is a mark as it is typed and `<|startoftext|>` in
 * any case, which follows from SD-1.5's special_tokens_map.json. Matches: transformers' CLIPTokenizer (5.24; HTML entities stay) for every
 * character of Unicode 16. Letters and numbers that Unicode 17 added are such here as far as the engine knows them, and signs there.
 */

export const startMark = "<|startoftext|>";
export const endMark = "<|endoftext|>";

/** A word or a mark, with what is needed to find its characters in the prompt again. */
export interface Word {
  readonly text: string;
  readonly mark: boolean;
  /** where its section begins in the prompt, and where the word does in the normalized section, in UTF-16 units */
  readonly section: number;
  readonly offset: number;
}

const lone = /[\uD800-\uDFFF]/gu;
const space = /\p{White_Space}+/gu;
const words = /<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^ \p{L}\p{N}]+/gu;

/** Character by character: a sigma at a word's end stays σ, which toLowerCase on the whole would make ς. */
const lowerCase = (text: string): string => text.replace(/\p{Changes_When_Lowercased}/gu, (c) => c.toLowerCase());

const normalize = (text: string): string => lowerCase(text.normalize("NFC").replace(space, " "));

/** Half of a surrogate pair is read as U+FFFD, as it is wherever text becomes UTF-8. */
export const wellFormed = (text: string): string => text.replace(lone, "\uFFFD");

export function splitWords(prompt: string): Word[] {
  const found: Word[] = [];
  let section = 0;
  for (const [i, raw] of wellFormed(prompt).split(endMark).entries()) {
    if (i > 0) {
      found.push({ text: endMark, mark: true, section, offset: 0 });
      section += endMark.length;
    }
    let offset = 0;
    for (const [j, plain] of normalize(raw).split(startMark).entries()) {
      if (j > 0) {
        found.push({ text: startMark, mark: true, section, offset });
        offset += startMark.length;
      }
      for (const { 0: text, index } of plain.matchAll(words)) {
        // a mark that only lower case made is spelled out
        const parts = text === endMark ? ["<|", "endoftext", "|>"] : [text];
        let at = offset + index;
        for (const part of parts) {
          found.push({ text: part, mark: false, section, offset: at });
          at += part.length;
        }
      }
      offset += plain.length;
    }
    section += raw.length;
  }
  return found;
}

/** White space, or a character with the marks and Hangul letters that NFC may join to it: what is normalized by itself. */
const cluster = /\p{White_Space}+|\P{M}[\p{M}\u1160-\u11FF]*|\p{M}+/gu;

/** Where the character at `offset` of a normalized section begins in the prompt. */
export function placeInPrompt(prompt: string, { section, offset }: Pick<Word, "section" | "offset">): number {
  let at = 0;
  for (const { 0: text, index } of wellFormed(prompt).slice(section).matchAll(cluster)) {
    at += normalize(text).length;
    if (at > offset) return section + index;
  }
  return prompt.length;
}
