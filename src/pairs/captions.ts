/** @file Captions from text files: sidecars of one caption, and metadata.jsonl with one image a line. */
import { StudioError } from "../lib/errors.ts";

const maxCaption = 10_000;

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

/** The caption without white space around it and without NULs. @throws StudioError `text` */
export function cleanCaption(text: string): string {
  const caption = text.replaceAll("\0", "").trim();
  if (caption === "") throw new StudioError("text", "The caption is empty.");
  if (caption.length > maxCaption) {
    throw new StudioError("text", `The caption has ${caption.length} characters, and at most ${maxCaption} are read.`);
  }
  return caption;
}

export interface MetadataLine {
  readonly line: number;
  /** the image, relative to the folder of the metadata file */
  readonly fileName: string;
  readonly caption: string;
  /** what is wrong with the line, to stand after its number; null where nothing is */
  readonly fault: string | null;
}

/** `{"file_name": "a.png", "text": "a red circle"}` a line; empty lines are skipped. */
export function parseMetadata(text: string): readonly MetadataLine[] {
  const lines: MetadataLine[] = [];
  for (const [i, raw] of text.split("\n").entries()) {
    if (raw.trim() !== "") lines.push({ line: i + 1, ...parseLine(raw) });
  }
  return lines;
}

function parseLine(raw: string): Omit<MetadataLine, "line"> {
  const bad = (fault: string) => ({ fileName: "", caption: "", fault });
  try {
    const row = (JSON.parse(raw) ?? {}) as { file_name?: unknown; text?: unknown };
    if (typeof row.file_name !== "string") return bad('has no "file_name"');
    if (typeof row.text !== "string") return bad('has no "text"');
    return { fileName: row.file_name, caption: cleanCaption(row.text), fault: null };
  } catch (error) {
    if (error instanceof StudioError) return bad(`is of no use: ${error.message.replace(/\.$/, "")}`);
    return bad("is not JSON");
  }
}
