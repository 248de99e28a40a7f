/** @file What the page may ask of the worker that reads the user's pictures: types only. */
import type { Box } from "../pairs/crop.ts";
import type { Refused } from "../pairs/import-file.ts";
import type { KnownPicture } from "../pairs/import.ts";

export interface SourceFile {
  readonly path: string;
  readonly file: Blob;
}

export interface ReadPair {
  readonly id: string;
  readonly pictureHash: string;
  readonly path: string;
  /** "" where none was found */
  readonly caption: string;
  /** of the whole picture, as it is looked at */
  readonly width: number;
  readonly height: number;
  readonly likeness: string;
  /** the square in its middle */
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface Opened {
  readonly count: number;
  /** for pictures that came before without a caption */
  readonly captions: readonly { readonly id: string; readonly caption: string }[];
}

export interface ReadBatch {
  readonly pairs: readonly ReadPair[];
  /** images met so far, with those that were refused */
  readonly done: number;
  /** null while there is more */
  readonly refused: readonly Refused[] | null;
}

/** Every call of the worker: name -> parameters and result. */
export interface DataCalls {
  open: {
    params: { readonly files: readonly SourceFile[]; readonly known: readonly KnownPicture[]; readonly side: number };
    result: Opened;
  };
  /** The next pairs of what was opened last; some tenths of a second of work. */
  next: { params: Record<string, never>; result: ReadBatch };
  crop: {
    params: { readonly pictureHash: string; readonly box: Box | null; readonly side: number };
    result: Uint8ClampedArray<ArrayBuffer>;
  };
  /** The file of a picture as it came; null where it is not kept. */
  original: { params: { readonly pictureHash: string }; result: Blob | null };
  /** Forgets the files of all the project's pictures. */
  forget: { params: Record<string, never>; result: null };
}

export type DataCallName = keyof DataCalls;
