/** @file The hub's files as the importers read them: in pieces, by Range, without a download. Headers tell what a model is before gigabytes come. */
import type { FileSystem } from "../artifacts/model-folder.ts";
import type { RandomAccess } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";
import { type Door, open, type Opened } from "./door.ts";
import { fileUrl, type HubFile, type Listing } from "./listing.ts";
import { Passing } from "./passing.ts";
import { withPatience } from "./patience.ts";
import { contentRange } from "./content-range.ts";
import { brokenOff, wrongSpan } from "./troubles.ts";

type Source = Pick<Listing, "repo" | "commit">;

/** Paths without `root`. @throws StudioError, when read, in words for whatever the hub answers, or the signal's reason. */
export function remoteFiles(
  door: Door,
  from: Source,
  files: readonly HubFile[],
  root: string,
  signal: AbortSignal,
): FileSystem {
  const byPath = new Map(files.map((file) => [file.path.slice(root.length), file]));
  return {
    list: async () => [...byPath.keys()],
    open: async (path) => {
      const file = byPath.get(path);
      if (!file) throw new StudioError("file", `${path} is not among the hub’s files.`);
      return remoteAccess(door, from, file, signal);
    },
  };
}

export function remoteAccess(door: Door, from: Source, file: HubFile, signal: AbortSignal): RandomAccess {
  const url = fileUrl(door, from, file.path);
  return {
    size: file.size,
    read: (offset, length) => {
      const wanted = Math.min(length, file.size - offset);
      if (wanted <= 0) return Promise.resolve(new Uint8Array());
      const whole = wanted === file.size;
      return withPatience(door, signal, async () => {
        const span = whole ? null : ([offset, offset + wanted - 1] as const);
        return readSpan(await open(door, url, file.path, span, signal), file.path, offset, wanted);
      });
    },
  };
}

/** Of a server that knows no ranges the bytes before are read and thrown away; where a header lies, they are few. */
async function readSpan(
  { answer, pieces, close }: Opened,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const range = contentRange(answer);
  const from = answer.status === 206 ? (range?.from ?? offset) : 0;
  const out = new Uint8Array(length);
  let at = from;
  if (answer.status === 416 || from > offset) {
    close();
    throw new Passing(wrongSpan(path, range?.text ?? `status ${answer.status}`, offset));
  }
  for await (const piece of pieces()) {
    const begin = Math.max(0, offset - at);
    const taken = piece.subarray(begin, offset + length - at);
    if (taken.length > 0) out.set(taken, at + begin - offset);
    at += piece.length;
    if (at >= offset + length) return out;
  }
  throw new Passing(brokenOff(path, Math.max(0, at - offset), length));
}
