/** @file Dropped files to pairs: captions are matched by the importer, pictures are decoded here by the browser. */
import { count } from "./format.ts";
import type { Pixels } from "./pictures.ts";
import type { NewPair, Refusal, StudioState } from "./state/studio-state.ts";

export interface FileIn {
  /** relative path with forward slashes */
  readonly path: string;
  bytes(): Promise<Uint8Array>;
}

export interface ImportedPair {
  readonly id: string;
  readonly path: string;
  readonly caption: string;
  read(): Promise<Uint8Array>;
}

export interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** What is not the page's own work: finding captions, and bringing a picture to the model's square. */
export interface PairReader {
  /** Says why it refuses a file; decodes nothing. */
  importPairs(
    files: readonly FileIn[],
  ): Promise<{ readonly pairs: readonly ImportedPair[]; readonly refused: readonly Refusal[] }>;
  cropResize(pixels: Decoded, side: number): Uint8ClampedArray<ArrayBuffer>;
}

export interface ReadRequest {
  readonly files: readonly File[];
  /** of the model's pictures, in pixels */
  readonly side: number;
  readonly loadReader: () => Promise<PairReader>;
  readonly actions: Pick<StudioState, "setReading" | "addPairs">;
}

export async function readFiles({ files, side, loadReader, actions }: ReadRequest): Promise<void> {
  actions.setReading({ done: 0, of: files.length });
  const refused: Refusal[] = [];
  const read: NewPair[] = [];
  try {
    const reader = await loadReader();
    const imported = await reader.importPairs(files.map(fileIn));
    refused.push(...imported.refused);
    for (const [at, pair] of imported.pairs.entries()) {
      actions.setReading({ done: at, of: imported.pairs.length });
      try {
        const { width, height, square } = await decode(await pair.read());
        const pixels: Pixels = { side, rgba: reader.cropResize(square, side) };
        const source = pair.path.split("/").at(-1) ?? pair.path;
        read.push({ id: pair.id, caption: pair.caption, source, size: `${width} × ${height}`, pixels });
      } catch (error) {
        refused.push({ path: pair.path, reason: wordsOf(error) });
      }
    }
    if (imported.pairs.length === 0 && imported.refused.length === 0) {
      const reason = "No picture is among them: .png, .jpg or .webp was expected.";
      refused.push({ path: count(files.length, "file"), reason });
    }
  } catch (error) {
    refused.push({ path: count(files.length, "file"), reason: wordsOf(error) });
  } finally {
    await actions.addPairs(read, refused);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fileIn(file: File): FileIn {
  const { path, relativePath } = file as File & { path?: string; relativePath?: string };
  const name = path ?? relativePath ?? (file.webkitRelativePath === "" ? file.name : file.webkitRelativePath);
  return {
    path: name.replace(/^(\.?\/)+/, ""),
    bytes: async () => new Uint8Array(await file.arrayBuffer()),
  };
}

/** The centre square, in the picture's own pixels; turned as its EXIF data says. */
async function decode(bytes: Uint8Array): Promise<{ width: number; height: number; square: Decoded }> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]), {
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new Error("This browser cannot open it. Save it as JPEG or PNG.");
  }
  const { width, height } = bitmap;
  const side = Math.min(width, height);
  try {
    const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error("This browser gives no canvas to read it with.");
    context.drawImage(bitmap, -Math.floor((width - side) / 2), -Math.floor((height - side) / 2));
    return { width, height, square: { width: side, height: side, rgba: context.getImageData(0, 0, side, side).data } };
  } finally {
    bitmap.close();
  }
}
