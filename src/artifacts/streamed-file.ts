/** @file A file that is made while it is written: its size is known beforehand, and its bytes are never in memory together. */
import type { RandomAccess } from "./random-access.ts";

export interface StreamedFile {
  /** in all */
  readonly size: number;
  /** the bytes in order; each call begins anew */
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Relative paths with "/". */
export type StreamedFiles = ReadonlyMap<string, StreamedFile>;

const copyBytes = 8 * 2 ** 20;

export function streamedBytes(bytes: Uint8Array<ArrayBuffer>): StreamedFile {
  return {
    size: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

export function streamedText(text: string): StreamedFile {
  return streamedBytes(new TextEncoder().encode(text));
}

/** The file as it is. */
export function streamedCopy(source: RandomAccess): StreamedFile {
  return {
    size: source.size,
    async *chunks() {
      for (let at = 0; at < source.size; at += copyBytes)
        yield await source.read(at, Math.min(copyBytes, source.size - at));
    },
  };
}

export function sizeOfFiles(files: StreamedFiles): number {
  return [...files.values()].reduce((sum, { size }) => sum + size, 0);
}
