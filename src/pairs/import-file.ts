/** @file What is imported from: named bytes, and the helpers that every reader of them shares. */
import { StudioError } from "../lib/errors.ts";
import { decodeText } from "./captions.ts";

/** A file that need not be read whole. */
export interface FileParts {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

export interface ImportFile {
  /** with "/" between folders; a name and nothing else, never a place to write to */
  readonly path: string;
  bytes(): Promise<Uint8Array>;
  /** where it is known before anything is read */
  readonly size?: number;
  readonly parts?: FileParts;
}

export interface Refused {
  readonly path: string;
  /** a sentence */
  readonly reason: string;
}

const maxTextBytes = 64 * 2 ** 20;

/** @throws StudioError `pair`, whose sentence is the reason. */
export function refuse(reason: string): never {
  throw new StudioError("pair", reason);
}

export async function partsOf(file: ImportFile): Promise<FileParts> {
  if (file.parts) return file.parts;
  const bytes = await file.bytes();
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** @param reason for refusing what has more than `most` bytes, before it is read where that can be */
export async function readAtMost(file: ImportFile, most: number, reason: string): Promise<Uint8Array> {
  if ((file.size ?? file.parts?.size ?? 0) > most) refuse(reason);
  const bytes = await file.bytes();
  return bytes.length > most ? refuse(reason) : bytes;
}

export async function textOf(file: ImportFile): Promise<string> {
  return decodeText(await readAtMost(file, maxTextBytes, "The file has more than 64 MB, and text was expected."));
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Without what says "here": "./a//b" is "a/b". What says "above" stays, and names no file then. */
export function cleanPath(path: string): string {
  return path.replaceAll("\\", "/").replaceAll(/(^|\/)(\.?\/)+/g, "$1");
}
