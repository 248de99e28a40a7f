/** @file What the page asks of the worker that makes PNGs, and how: types, and the asking. */
import type { Pixels } from "../pictures.ts";
import type { Recipe } from "./parameters.ts";

export interface ExportedPicture {
  readonly name: string;
  readonly pixels: Pixels;
  readonly recipe: Recipe;
}

export interface ExportedGrid {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly text: string; readonly seed: number }[];
  /** row by row; null: not drawn */
  readonly cells: readonly (Pixels | null)[];
  readonly side: number;
  readonly recipe: Recipe;
}

/** One picture: a PNG. Several: a zip of PNGs. A grid: one PNG with labels. */
export type ExportJob =
  | { readonly kind: "pictures"; readonly pictures: readonly ExportedPicture[] }
  | { readonly kind: "grid"; readonly grid: ExportedGrid };

export type ExportAnswer =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly sentence: string };

/** In a worker of its own, which goes with its job. */
export function runExport(job: ExportJob): Promise<Uint8Array<ArrayBuffer>> {
  const worker = new Worker(new URL("./export.worker.ts", import.meta.url), { type: "module" });
  return new Promise<Uint8Array<ArrayBuffer>>((done, failed) => {
    worker.addEventListener("message", ({ data }: MessageEvent<ExportAnswer>) =>
      data.ok ? done(data.bytes) : failed(new Error(data.sentence)),
    );
    worker.addEventListener("error", (event) => failed(new Error(event.message)));
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}
