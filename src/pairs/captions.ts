/** @file Captions as text: decoded, trimmed, without what cannot be seen, and of a bounded length. */
import { StudioError } from "../lib/errors.ts";

export const maxCaption = 10_000;

/** UTF-8 with or without a byte order mark, or UTF-16 with one. @throws StudioError `text` */
export function decodeText(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new StudioError("text", `The file is not ${encoding === "utf-8" ? "UTF-8" : "UTF-16"} text.`);
  }
}

/**
 * The caption without white space around it and without control characters; half a surrogate pair, which no file can hold, is
 * U+FFFD as in any decoder. Marks that turn the direction of text are the caption's own and stay: who shows them spells them out.
 * @throws StudioError `text`
 */
export function cleanCaption(text: string): string {
  const caption = text.replaceAll(/[^\P{Cc}\t\r\n]|\p{Cs}/gu, (mark) => (mark >= "\ud800" ? "\ufffd" : "")).trim();
  if (caption === "") throw new StudioError("text", "The caption is empty.");
  if (caption.length > maxCaption) {
    throw new StudioError("text", `The caption has ${caption.length} characters, and at most ${maxCaption} are read.`);
  }
  return caption;
}
