/** @file Files to pairs: the worker reads them, and what it has read comes in while it goes on. */
import { count } from "./format.ts";
import type { Box, Refusal, StudioState } from "./state/studio-state.ts";

export interface SourceFile {
  /** with "/" between folders */
  readonly path: string;
  readonly file: Blob;
}

export interface ReadPair {
  readonly id: string;
  readonly pictureHash: string;
  readonly path: string;
  readonly caption: string;
  readonly width: number;
  readonly height: number;
  readonly likeness: string;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** What is not the page's own work: unpacking, finding captions, decoding, hashing, cropping. */
export interface PairReader {
  open(request: {
    readonly files: readonly SourceFile[];
    readonly known: readonly { readonly id: string; readonly path: string; readonly caption: string }[];
    /** of the model's pictures, in pixels */
    readonly side: number;
  }): Promise<{
    readonly count: number;
    readonly captions: readonly { readonly id: string; readonly caption: string }[];
  }>;
  /** The next pairs of what was opened last; `refused` is null while there is more. */
  next(none: Record<string, never>): Promise<{
    readonly pairs: readonly ReadPair[];
    readonly done: number;
    readonly refused: readonly Refusal[] | null;
  }>;
  crop(request: {
    readonly pictureHash: string;
    readonly box: Box | null;
    readonly side: number;
  }): Promise<Uint8ClampedArray<ArrayBuffer>>;
  /** The file of a picture as it came; null where it is not kept. */
  original(request: { readonly pictureHash: string }): Promise<Blob | null>;
  /** Forgets the files of all the project's pictures. */
  forget(request: Record<string, never>): Promise<null>;
}

export interface ReadRequest {
  readonly files: readonly SourceFile[];
  readonly side: number;
  readonly reader: PairReader;
  readonly state: () => StudioState;
  /** keeps what was read until then */
  readonly stop: AbortSignal;
}

const MOST_NAMED = 3;

export async function readFiles({ files, side, reader, state, stop }: ReadRequest): Promise<void> {
  const { setReading, whenRead, addPairs, giveCaptions, savePairs } = state();
  setReading({ done: 0, of: files.length });
  const already: string[] = [];
  let refused: readonly Refusal[] | null = null;
  await whenRead();
  try {
    const known = state().pairs.map(({ id, source, caption }) => ({ id, path: source, caption }));
    const opened = await reader.open({ files, known, side });
    giveCaptions(opened.captions);
    while (refused === null && !stop.aborted) {
      const batch = await reader.next({});
      refused = batch.refused;
      const pairs = batch.pairs.map(({ path, width, height, rgba, ...pair }) => {
        return { ...pair, source: path, whole: { width, height }, pixels: { side: pair.side, rgba } };
      });
      if (pairs.length > 0) already.push(...(await addPairs(pairs, [])));
      setReading({ done: batch.done, of: opened.count });
    }
    if (opened.count === 0 && opened.captions.length === 0 && (refused ?? []).length === 0) {
      const reason = "No picture is among them: .png, .jpg or .webp was expected.";
      refused = [{ path: count(files.length, "file"), reason }];
    }
    await savePairs();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    refused = [{ path: count(files.length, "file"), reason }];
  }
  await addPairs([], [...(refused ?? []), ...inAlready(already)]);
  setReading(null);
}

function inAlready(sources: readonly string[]): readonly Refusal[] {
  if (sources.length > MOST_NAMED) return [{ path: count(sources.length, "picture"), reason: "They are in already." }];
  return sources.map((path) => ({ path, reason: "The same picture is in already." }));
}

/** A dropped or chosen file, under the path that it has in its folder. */
export function sourceFile(file: File): SourceFile {
  const { path, relativePath } = file as File & { path?: string; relativePath?: string };
  const name = path ?? relativePath ?? (file.webkitRelativePath === "" ? file.name : file.webkitRelativePath);
  return { path: name.replace(/^(\.?\/)+/, ""), file };
}
