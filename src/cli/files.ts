/** @file Folders and files in Node: read in pieces, written whole or not at all, faults told in a sentence. */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import type { FileSystem } from "../artifacts/model-folder.ts";
import type { RandomAccess } from "../artifacts/random-access.ts";
import type { StreamedFile } from "../artifacts/streamed-file.ts";
import { StudioError } from "../lib/errors.ts";

const reasons: { readonly [code: string]: string } = {
  ENOENT: "does not exist",
  EACCES: "may not be opened by this user",
  EPERM: "may not be opened by this user",
  EISDIR: "is a folder, and a file was expected",
  ENOTDIR: "is a file, and a folder was expected",
  ENOSPC: "could not be written: the disk is full",
  EROFS: "could not be written: the disk is read-only",
};

function explain(path: string, error: unknown): StudioError {
  if (error instanceof StudioError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  return new StudioError("file", `${path} ${reasons[code] ?? `could not be used (${message})`}.`);
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(path, error);
  }
}

export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return explained(path, async () => new Uint8Array(await readFile(path)));
}

export async function readText(path: string): Promise<string> {
  return explained(path, () => readFile(path, "utf8"));
}

/** The file is opened for each read: hundreds of tensors need no hundreds of handles, and nothing must be closed. */
export async function openFile(path: string): Promise<RandomAccess> {
  const found = await explained(path, () => stat(path));
  if (!found.isFile()) throw new StudioError("file", `${path} is a folder, and a file was expected.`);
  return { size: found.size, read: (offset, length) => explained(path, () => readRange(path, offset, length)) };
}

async function readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    // one read gives at most 2 GB
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, Math.min(length - filled, 2 ** 30), offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled === length ? bytes : bytes.slice(0, filled);
  } finally {
    await file.close();
  }
}

/** Relative paths of the files under a folder, with "/", sorted; links are followed (model caches are made of them). */
export async function listFiles(folder: string, depth = 5): Promise<readonly string[]> {
  const found: string[] = [];
  async function walk(below: string, left: number): Promise<void> {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      const link = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => null) : entry;
      if (link?.isFile()) found.push(path);
      else if (link?.isDirectory() && left > 0) await walk(path, left - 1);
    }
  }
  await explained(folder, () => walk("", depth));
  return found.sort();
}

export function folderFiles(folder: string): FileSystem {
  return {
    list: () => listFiles(folder),
    open: (path) => openFile(join(folder, ...path.split("/"))),
  };
}

export type Content = Uint8Array | string | StreamedFile;

/** The file is there whole, or as it was before. */
export async function writeFileWhole(path: string, bytes: Content): Promise<void> {
  await explained(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const draft = draftName(path);
    try {
      await writeDurably(draft, bytes);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  });
}

type FolderFile = readonly [path: string, content: Content];
/** One after the other. */
export type FolderFiles = Iterable<FolderFile> | AsyncIterable<FolderFile>;

/** A new folder with these files, or none. Paths are relative, with "/". @throws StudioError `file` when it exists. */
export async function writeFolderWhole(folder: string, files: FolderFiles): Promise<void> {
  await explained(folder, async () => {
    if (
      await stat(folder).then(
        () => true,
        () => false,
      )
    ) {
      throw new StudioError("file", `${folder} exists already, and a new folder was expected.`);
    }
    const draft = draftName(folder);
    try {
      await mkdir(draft, { recursive: true });
      for await (const [path, bytes] of files) {
        const target = join(draft, ...path.split("/"));
        if (!target.startsWith(draft + sep)) throw new Error(`internal: "${path}" leads out of the folder`);
        await mkdir(dirname(target), { recursive: true });
        await writeDurably(target, bytes);
      }
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { force: true, recursive: true });
      throw error;
    }
  });
}

/** Beside the target, so that renaming stays on one disk; hidden, so that no listing takes it for the real one. */
function draftName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`);
}

async function writeDurably(path: string, bytes: Content): Promise<void> {
  const file = await open(path, "wx");
  try {
    if (typeof bytes === "object" && "chunks" in bytes)
      for await (const chunk of bytes.chunks()) await file.writeFile(chunk);
    else await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
