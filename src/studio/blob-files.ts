/** @file A model's files as a person picked them: read in pieces where they lie, never whole. */
import type { FileSystem } from "../artifacts/model-folder.ts";
import type { RandomAccess } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";
import type { SourceFile } from "./data-api.ts";

/** @throws StudioError `file` when the file was changed or taken away after it was picked. */
export function blobAccess(path: string, blob: Blob): RandomAccess {
  return {
    size: blob.size,
    read: async (offset, length) => {
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch {
        throw new StudioError(
          "file",
          `${path} cannot be read any more.`,
          "Pick the model again: it was moved or changed.",
        );
      }
    },
  };
}

export function blobFiles(files: readonly SourceFile[]): FileSystem {
  const byPath = new Map(files.map(({ path, file }) => [path, file]));
  return {
    list: async () => [...byPath.keys()],
    open: async (path) => {
      const blob = byPath.get(path);
      if (!blob) throw new StudioError("file", `${path} is not among the files that were picked.`);
      return blobAccess(path, blob);
    },
  };
}
